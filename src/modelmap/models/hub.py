"""Models on the hub: asked for once, fetched at their pinned revision, found again on this disk."""

import time
from pathlib import Path
from typing import Any

from modelmap.models.spec import ModelSpec
from modelmap.plumbing.errors import UserError

HUB_FILES = ["*.safetensors", "*.json", "*.model", "*.txt", "*.jinja"]
HUB_CODE = ["*.py"]
HUB_PICKLES = ["pytorch_model*.bin"]
HUB_FOLDERS = ["*/*"]
HUB_TIMEOUT_S = 10.0
TOO_MANY_REQUESTS = 429
MOST_WAITS, LONGEST_PAUSE_S = 5, 600.0


def from_hub(spec: ModelSpec) -> Path:
    """Return a hub model's snapshot; the hub is not asked for one that is whole on this disk."""
    try:
        found = _in_cache(spec)
        if found is None:
            # A download of what is not there would try for half a minute.
            told = model_info(spec.location, spec.revision).siblings or []
            files = [file.rfilename for file in told]
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
    """Return the directory of a model's own files.

    Pickled weights are among them where it has no others, its code where that may run.
    """
    from huggingface_hub import snapshot_download

    safe = any(file.endswith(".safetensors") and "/" not in file for file in files)
    wanted = HUB_FILES + ([] if safe else HUB_PICKLES) + (HUB_CODE * bool(spec.trust_remote_code))
    found = snapshot_download(
        spec.location,
        revision=spec.revision,
        allow_patterns=wanted,
        ignore_patterns=HUB_FOLDERS,
        local_files_only=from_cache,
    )
    return Path(found)


def model_info(location: str, revision: str | None = None) -> Any:
    """Return what the hub says of a model: its commit `sha`, and its files as `siblings`.

    Asks again after as long as the hub says when it has been asked too often, as for a thousand
    models. Raises one of `hub_errors`.
    """
    from huggingface_hub import HfApi

    waits = 0
    while True:
        try:
            return HfApi().model_info(location, revision=revision, timeout=HUB_TIMEOUT_S)
        except hub_errors() as error:
            pause_s = _pause_s(error)
            if pause_s is None or pause_s > LONGEST_PAUSE_S or waits == MOST_WAITS:
                raise
        waits += 1
        time.sleep(pause_s)


def _pause_s(error: Exception) -> float | None:
    """Return how long the hub wants to be left alone, or None if that is not what it says."""
    from huggingface_hub.utils import parse_ratelimit_headers

    response = getattr(error, "response", None)
    if response is None or response.status_code != TOO_MANY_REQUESTS:
        return None
    limit = parse_ratelimit_headers(response.headers)
    after = response.headers.get("Retry-After", "")
    if limit is not None and limit.remaining == 0:
        # A second more, since the hub rounds.
        return float(limit.reset_in_seconds + 1)
    return float(after) if after.isdecimal() else None


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
