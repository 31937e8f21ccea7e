"""Reading pickles others wrote, without running their code."""

import io
import pickle
from collections.abc import Callable, Mapping
from typing import Any

from modelmap.errors import UserError


class _Allowing(pickle.Unpickler):
    """An unpickler that can load only what it was given."""

    def __init__(self, content: bytes, allowed: Mapping[str, Callable[..., Any]]) -> None:
        super().__init__(io.BytesIO(content), encoding="latin1")
        self._allowed = allowed

    def find_class(self, module: str, name: str) -> Any:
        wanted = f"{module}.{name}"
        if wanted not in self._allowed:
            raise UserError(f"refused a pickle: it wants to load {wanted}, which is not allowed")
        return self._allowed[wanted]


def load_allowing(content: bytes, allowed: Mapping[str, Callable[..., Any]]) -> Any:
    """Return the pickled object, resolving global names through `allowed` alone.

    Raises UserError that names the first global outside `allowed`, or says that the bytes are
    no pickle.
    """
    try:
        return _Allowing(content, allowed).load()
    except UserError:
        raise
    except Exception as error:
        told = " ".join(str(error).split())
        raise UserError(f"not a readable pickle ({type(error).__name__}): {told}") from error
