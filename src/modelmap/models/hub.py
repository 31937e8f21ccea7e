"""Models on the hub: asked for once, fetched at their pinned revision, found again on this disk."""

from pathlib import Path

from modelmap.errors import UserError
from modelmap.models.spec import ModelSpec

HUB_FILES = ["*.safetensors", "*.json", "*.model", "*.txt", "*.jinja"]
HUB_PICKLES = ["pytorch_model*.bin"]
HUB_FOLDERS = ["*/*"]
HUB_TIMEOUT_S = 10.0


def from_hub(spec: ModelSpec) -> Path:
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

    hidden = error.__cause__ if isinstance(error, LocalEntryNotFoundError) else None
    cause = hidden or error
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
