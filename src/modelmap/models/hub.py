"""Downloading models from the hub at their pinned revisions, or finding them in the local cache."""

import re
import time
from pathlib import Path
from typing import Any

from modelmap.models.spec import COMMIT, ModelSpec
from modelmap.plumbing.errors import UserError

HUB_FILES = ["*.safetensors", "*.json", "*.model", "*.txt", "*.jinja"]
HUB_CODE = ["*.py"]
HUB_PICKLES = ["pytorch_model*.bin"]
# Folders of a repository hold other formats of the same model (ONNX, original checkpoints).
HUB_FOLDERS = ["*/*"]
HUB_TIMEOUT_S = 10.0
TOO_MANY_REQUESTS = 429
MAX_WAITS, MAX_PAUSE_S = 5, 600.0


def from_hub(spec: ModelSpec) -> Path:
    """Return the local directory of a hub model, after downloading it if files are missing.

    Raises UserError with the hub's answer and what to check. The hub is not contacted for a model
    that is complete in the local cache.
    """
    try:
        found = _in_cache(spec)
        if found is None:
            # Asked first, because snapshot_download retries a missing model for half a minute.
            siblings = model_info(spec.location, spec.revision).siblings or []
            files = [file.rfilename for file in siblings]
            found = _snapshot(spec, files, from_cache=False)
    except hub_errors() as error:
        raise UserError(
            f"model {spec.name}: {hub_problem(error)} for {spec.location} at {spec.revision}; "
            "check the name and revision, the network and HF_ENDPOINT, or log in "
            "(`hf auth login`) if the model is gated"
        ) from error
    return found


def _in_cache(spec: ModelSpec) -> Path | None:
    """Return the directory of a model that is complete in the local cache, or None."""
    from huggingface_hub import get_cached_repo_tree
    from huggingface_hub.errors import CachedRepoTreeNotFoundError, LocalEntryNotFoundError

    try:
        tree = get_cached_repo_tree(spec.location, revision=spec.revision)
        return _snapshot(spec, [file.path for file in tree], from_cache=True)
    except (CachedRepoTreeNotFoundError, LocalEntryNotFoundError):
        return None


def _snapshot(spec: ModelSpec, files: list[str], *, from_cache: bool) -> Path:
    """Return the directory of a model's files, after downloading them unless `from_cache`.

    `files` are the paths of all files in the repository.
    """
    from huggingface_hub import snapshot_download

    # Pickled weights can run code when they are loaded: they are used only if there are no others.
    # Python files are downloaded only if the entry allows them to run.
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
    """Return the hub's information on a model, with its commit `sha` and its files `siblings`.

    If the hub limits the rate of requests, as it does for a thousand models, the request is
    repeated after the time that the hub asks for. Raises one of `hub_errors`.
    """
    from huggingface_hub import HfApi

    waits = 0
    while True:
        try:
            return HfApi().model_info(location, revision=revision, timeout=HUB_TIMEOUT_S)
        except hub_errors() as error:
            pause_s = _pause_s(error)
            if pause_s is None or pause_s > MAX_PAUSE_S or waits == MAX_WAITS:
                raise
        waits += 1
        time.sleep(pause_s)


def find_commit(location: str) -> tuple[str, str]:
    """Return the current commit of a hub model and what prevents it, one of which is empty."""
    try:
        commit = model_info(location).sha
    except hub_errors() as error:
        return "", hub_problem(error)
    if commit is None or not re.fullmatch(COMMIT, commit):
        return "", "the hub gave no commit"
    return commit, ""


def _pause_s(error: Exception) -> float | None:
    """Return the seconds to wait before the next request, or None for other errors."""
    from huggingface_hub.utils import parse_ratelimit_headers

    response = getattr(error, "response", None)
    if response is None or response.status_code != TOO_MANY_REQUESTS:
        return None
    limit = parse_ratelimit_headers(response.headers)
    after = response.headers.get("Retry-After", "")
    if limit is not None and limit.remaining == 0:
        # One second more, because the hub rounds the time.
        return float(limit.reset_in_seconds + 1)
    return float(after) if after.isdecimal() else None


def hub_errors() -> tuple[type[Exception], ...]:
    """Return the exceptions of calls to the hub: no connection, refusal, or unexpected answer."""
    import httpx2
    from huggingface_hub.errors import XetDownloadError

    return (httpx2.HTTPError, httpx2.InvalidURL, OSError, ValueError, XetDownloadError)


def hub_problem(error: Exception) -> str:
    """Return the cause of a hub error, as text without headers, addresses or access tokens."""
    import httpx2
    from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError

    # The text of these exceptions may contain them, so only the status or the type is used.
    hidden = error.__cause__ if isinstance(error, LocalEntryNotFoundError) else None
    cause = hidden or error
    status = getattr(getattr(cause, "response", None), "status_code", None)
    kind = type(cause).__name__
    if status is not None:
        return f"the hub answered {status}"
    if isinstance(cause, HFValidationError):
        return "this is not a hub id"
    if isinstance(cause, OSError) and cause.errno is not None:
        return f"the hub's files cannot be saved ({cause.strerror})"
    if isinstance(cause, (httpx2.HTTPError, httpx2.InvalidURL, ConnectionError)):
        return f"the hub cannot be reached ({kind})"
    return f"the hub's answer is not as expected ({kind})"
