"""The bytes that tensors hold, counted operation by operation."""

from typing import Any

import torch
from torch.multiprocessing.reductions import StorageWeakRef
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves


class LiveMemory(TorchDispatchMode):  # type: ignore[misc]
    """Counts the storages made inside the block that are alive after each operation.

    Memory that an operation takes and returns within itself is not seen.
    """

    def __init__(self) -> None:
        super().__init__()
        self.peak_bytes = 0
        self._known: dict[int, tuple[StorageWeakRef, int]] = {}

    def __torch_dispatch__(
        self, func: Any, types: Any, args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        # Inside inference mode an operation made of others arrives whole.
        with self:
            made = func.decompose(*args, **kwargs)
        if made is not NotImplemented:
            return made
        made = func(*args, **kwargs)
        before = {id_of(leaf) for leaf in tree_leaves((args, kwargs))} - set(self._known)
        for leaf in tree_leaves(made):
            key = id_of(leaf)
            if key is not None and key not in before:
                storage = leaf.untyped_storage()
                self._known[key] = (StorageWeakRef(storage), storage.nbytes())
        self._known = {k: v for k, v in self._known.items() if not v[0].expired()}
        live = sum(n_bytes for _, n_bytes in self._known.values())
        self.peak_bytes = max(self.peak_bytes, live)
        return made


def id_of(leaf: object) -> int | None:
    """Return what a tensor's storage is known by, nothing for what is no tensor."""
    return leaf.untyped_storage()._cdata if isinstance(leaf, torch.Tensor) else None
