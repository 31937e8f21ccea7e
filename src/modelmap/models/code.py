"""Python code that comes with a model: whether it may run, and that it is what was read."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from modelmap.models.spec import ModelSpec
from modelmap.plumbing.errors import UserError, listed
from modelmap.plumbing.files import parse_json

NAMED_IN = ("config.json", "tokenizer_config.json")


@contextmanager
def loading_code(directory: Path, spec: ModelSpec) -> Iterator[bool]:
    """Yield whether a model's own code may run; if so, no other process loads one meanwhile.

    Raises UserError if the code lies in another repo, whose commit nobody pinned.
    """
    if not spec.trust_remote_code:
        yield False
        return
    _check_code_is_here(directory, spec)
    from transformers.utils import HF_MODULES_CACHE

    # transformers copies the code to this folder, in place, and imports it from there.
    lock = Path(HF_MODULES_CACHE) / "modelmap.lock"
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as handle, _registries_restored():
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield True


@contextmanager
def _registries_restored() -> Iterator[None]:
    """Let transformers forget, at the end, the classes that a model's code made known to it.

    The next model of this process that names them alike would run them in place of its own.
    """
    from transformers.models.auto import configuration_auto, modeling_auto, tokenization_auto

    known: list[dict[Any, Any]] = [
        configuration_auto.CONFIG_MAPPING._extra_content,
        modeling_auto.MODEL_FOR_CAUSAL_LM_MAPPING._extra_content,
        tokenization_auto.TOKENIZER_MAPPING._extra_content,
        tokenization_auto.REGISTERED_TOKENIZER_CLASSES,
        tokenization_auto.REGISTERED_FAST_ALIASES,
    ]
    before = [dict(one) for one in known]
    try:
        yield
    finally:
        for one, earlier in zip(known, before, strict=True):
            one.clear()
            one.update(earlier)


def _check_code_is_here(directory: Path, spec: ModelSpec) -> None:
    repos = {repo for name in NAMED_IN for repo in _repos(_auto_map(directory / name, spec))}
    if repos:
        raise UserError(
            f"model {spec.name}: its code lies in {listed(sorted(repos))}, at no pinned commit: "
            "put model and code into one directory, and use source directory"
        )


def _auto_map(path: Path, spec: ModelSpec) -> Any:
    """Return what a model's file says of its classes. Raises UserError if it cannot be read."""
    if not path.is_file():
        return None
    try:
        content = parse_json(path.read_bytes())
    except (OSError, ValueError) as error:
        raise UserError(f"model {spec.name} cannot be loaded: {path.name} {error}") from error
    return content.get("auto_map") if isinstance(content, dict) else None


def _repos(named: Any) -> list[str]:
    """Return the repos in an auto_map: a class is named `file.Class` or `repo--file.Class`."""
    if isinstance(named, dict):
        return [repo for value in named.values() for repo in _repos(value)]
    if isinstance(named, list):
        return [repo for value in named for repo in _repos(value)]
    return [named.partition("--")[0]] if isinstance(named, str) and "--" in named else []
