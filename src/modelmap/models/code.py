"""Code that a model's files ask for: whether it may run, and that only pinned code runs."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from modelmap.models.source import CONFIGURATIONS
from modelmap.models.spec import ModelSpec
from modelmap.plumbing.errors import UserError, listed
from modelmap.plumbing.files import parse_json

# The files whose `auto_map` names the classes of such code.
FILES_NAMING_CODE = ("config.json", "tokenizer_config.json")
KERNEL_SWITCHES = ("use_kernels", "kernel_config")


@contextmanager
def loading_code(directory: Path, spec: ModelSpec) -> Iterator[bool]:
    """Yield whether a model's own code may run in the block.

    If it may, no other process on this machine loads such code at the same time. Raises UserError
    if the code is in another repository, or if the model asks for kernels from the hub.
    """
    _check_no_kernels(directory, spec)
    if not spec.trust_remote_code:
        yield False
        return
    # The revision of a model pins the files of its own repository only. transformers would take
    # code in another one from its newest commit, which nobody has read.
    _check_code_is_local(directory, spec)
    from transformers.utils import HF_MODULES_CACHE

    # transformers copies the code into this folder and imports it from there. It overwrites files
    # in place, so another process could import half a file.
    lock = Path(HF_MODULES_CACHE) / "modelmap.lock"
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as handle, _registries_restored():
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield True


@contextmanager
def _registries_restored() -> Iterator[None]:
    """Remove the classes that a model's code registered with transformers, at the end of the block.

    The next model in this process that uses the same class names would otherwise run this code.
    """
    from transformers.models.auto import configuration_auto, modeling_auto, tokenization_auto

    # transformers has no function that removes a class, so this uses its private attributes.
    registries: list[dict[Any, Any]] = [
        configuration_auto.CONFIG_MAPPING._extra_content,
        modeling_auto.MODEL_FOR_CAUSAL_LM_MAPPING._extra_content,
        tokenization_auto.TOKENIZER_MAPPING._extra_content,
        tokenization_auto.REGISTERED_TOKENIZER_CLASSES,
        tokenization_auto.REGISTERED_FAST_ALIASES,
    ]
    earlier_contents = [dict(registry) for registry in registries]
    try:
        yield
    finally:
        for registry, earlier in zip(registries, earlier_contents, strict=True):
            registry.clear()
            registry.update(earlier)


def _check_code_is_local(directory: Path, spec: ModelSpec) -> None:
    """Raise UserError if a class of the model is taken from another repository."""
    repos = {
        repo
        for name in FILES_NAMING_CODE
        for repo in _repos(_content(directory / name, spec).get("auto_map"))
    }
    if repos:
        raise UserError(
            f"model {spec.name}: its code is in {listed(sorted(repos))}, without a pinned commit: "
            "put the model and its code into one directory, and use source directory"
        )


def _check_no_kernels(directory: Path, spec: ModelSpec) -> None:
    """Raise UserError if a configuration names a kernel, which transformers would download."""
    for path in sorted(directory.glob(CONFIGURATIONS)):
        if _names_kernel(_content(path, spec)):
            raise UserError(
                f"model {spec.name}: {path.name} asks for a kernel, which is code that would be "
                "downloaded when the model runs: remove that key, or the model"
            )


def _names_kernel(content: Any) -> bool:
    """Return whether an implementation in nested values is a repository, or kernels are on."""
    if isinstance(content, list):
        return any(map(_names_kernel, content))
    if not isinstance(content, dict):
        return False
    return any(
        bool(value)
        if key in KERNEL_SWITCHES
        # The values are names such as sdpa, or a repository such as some-one/kernel; an object
        # has one for each part of the model.
        else "/" in str(value)
        if key.endswith("_implementation")
        else _names_kernel(value)
        for key, value in content.items()
    )


def _content(path: Path, spec: ModelSpec) -> dict[str, Any]:
    """Return the object in a JSON file; an empty one if there is no such file or no object.

    Raises UserError if the file cannot be read.
    """
    if not path.is_file():
        return {}
    try:
        content = parse_json(path.read_bytes())
    except (OSError, ValueError) as error:
        raise UserError(f"model {spec.name} cannot be loaded: {path.name} {error}") from error
    return content if isinstance(content, dict) else {}


def _repos(auto_map: Any) -> list[str]:
    """Return the repositories in an auto_map, whose values are file.Class or repo--file.Class."""
    if isinstance(auto_map, dict):
        return [repo for value in auto_map.values() for repo in _repos(value)]
    if isinstance(auto_map, list):
        return [repo for value in auto_map for repo in _repos(value)]
    return [auto_map.partition("--")[0]] if isinstance(auto_map, str) and "--" in auto_map else []
