"""Bringing any model to one form: a local Hugging Face directory."""

import shutil
import tempfile
from pathlib import Path
from typing import Any

from modelmap.errors import UserError
from modelmap.layout import Layout
from modelmap.models.source import local_files
from modelmap.models.spec import ModelSpec

HUB_FILES = ["*.safetensors", "*.json", "*.model", "*.txt", "*.jinja"]
HUB_PICKLES = ["pytorch_model*.bin"]
HUB_FOLDERS = ["*/*"]
HUB_TIMEOUT_S = 10.0


def prepared_directory(spec: ModelSpec, revision: str, layout: Layout) -> Path:
    """Return a directory that transformers loads, downloading or converting where needed.

    A GGUF is de-quantised once into the git-ignored store and found there again by its hash.
    Raises UserError if the hub or the file does not give a model.
    """
    if spec.source == "hub":
        return _from_hub(spec)
    path = local_files(spec, layout)
    if spec.source != "gguf":
        return path
    target = layout.store / "models" / revision
    if not target.is_dir():
        _convert_gguf(path, target)
    return target


def _from_hub(spec: ModelSpec) -> Path:
    """Return a hub model's snapshot; the hub is not asked for one that is whole on this disk."""
    try:
        found = _in_cache(spec)
        if found is None:
            files = hub_model_files(spec.location, spec.revision)
            found = _snapshot(spec, files, from_cache=False)
    except hub_errors() as error:
        raise UserError(
            f"model {spec.name}: {hub_problem(error)} for {spec.location} at {spec.revision}; "
            "check the name and revision, the network and HF_ENDPOINT, or log in "
            "(`hf auth login`) if the model is gated"
        ) from error
    return found


def _in_cache(spec: ModelSpec) -> Path | None:
    from huggingface_hub import get_cached_repo_tree
    from huggingface_hub.errors import CachedRepoTreeNotFoundError, LocalEntryNotFoundError

    try:
        tree = get_cached_repo_tree(spec.location, revision=spec.revision)
        return _snapshot(spec, [file.path for file in tree], from_cache=True)
    except (CachedRepoTreeNotFoundError, LocalEntryNotFoundError):
        return None


def _snapshot(spec: ModelSpec, files: list[str], *, from_cache: bool) -> Path:
    """Return the directory of a model's own files: pickled weights only where it has no others."""
    from huggingface_hub import snapshot_download

    safe = any(file.endswith(".safetensors") and "/" not in file for file in files)
    found = snapshot_download(
        spec.location,
        revision=spec.revision,
        allow_patterns=HUB_FILES if safe else HUB_FILES + HUB_PICKLES,
        ignore_patterns=HUB_FOLDERS,
        local_files_only=from_cache,
    )
    return Path(found)


def hub_model_files(location: str, revision: str | None) -> list[str]:
    """Return the names of a hub model's files, asking once: a download tries for half a minute."""
    from huggingface_hub import HfApi

    info = HfApi().model_info(location, revision=revision, timeout=HUB_TIMEOUT_S)
    return [file.rfilename for file in info.siblings or []]


def hub_errors() -> tuple[type[Exception], ...]:
    """Return what a call to the hub raises: no answer, a refusal, or an answer of another kind."""
    import httpx2
    from huggingface_hub.errors import XetDownloadError

    return (httpx2.HTTPError, httpx2.InvalidURL, OSError, ValueError, XetDownloadError)


def hub_problem(error: Exception) -> str:
    """Return what kept the hub from helping, in words that hold no header, address or token."""
    import httpx2
    from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError

    cause = error.__cause__ if isinstance(error, LocalEntryNotFoundError) else error
    status = getattr(getattr(cause, "response", None), "status_code", None)
    kind = type(cause).__name__
    if status is not None:
        return f"the hub answered {status}"
    if isinstance(cause, HFValidationError):
        return "this is no hub id"
    if isinstance(cause, OSError) and cause.errno is not None:
        return f"the hub's files cannot be kept ({cause.strerror})"
    if isinstance(cause, (httpx2.HTTPError, httpx2.InvalidURL, ConnectionError)):
        return f"the hub cannot be reached ({kind})"
    return f"the hub's answer is not as expected ({kind})"


def _convert_gguf(path: Path, target: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    target.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(dir=target.parent, prefix=".part-"))
    try:
        tokenizer = AutoTokenizer.from_pretrained(path.parent, gguf_file=path.name)
        model: Any = AutoModelForCausalLM.from_pretrained(
            path.parent, gguf_file=path.name, dtype=torch.float32
        )
        # transformers refuses to save a model that remembers having been a GGUF.
        del model.config.quantization_config
        model.hf_quantizer = None
        model.is_quantized = False
        tokenizer.save_pretrained(partial)
        model.save_pretrained(partial)
        partial.replace(target)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
