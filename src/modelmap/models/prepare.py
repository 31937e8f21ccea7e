"""Bringing any model to one form: a local Hugging Face directory."""

import shutil
import tempfile
from pathlib import Path

from modelmap.errors import UserError
from modelmap.layout import Layout
from modelmap.models.source import local_files
from modelmap.models.spec import ModelSpec

HUB_FILES = ["*.safetensors", "*.json", "*.model", "*.txt", "*.jinja"]
HUB_PICKLES = ["pytorch_model*.bin"]


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
    from huggingface_hub import HfApi, snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError
    from requests import RequestException

    name = f"{spec.location} at {spec.revision}"
    try:
        files = HfApi().list_repo_files(spec.location, revision=spec.revision)
        safe = any(file.endswith(".safetensors") for file in files)
        patterns = HUB_FILES if safe else HUB_FILES + HUB_PICKLES
        found = snapshot_download(spec.location, revision=spec.revision, allow_patterns=patterns)
    except HfHubHTTPError as error:
        status = error.response.status_code if error.response is not None else "no"
        raise UserError(
            f"model {spec.name}: the hub answered {status} for {name}; check the name and "
            "revision, and log in (`hf auth login`) if the model is gated"
        ) from error
    except (OSError, RequestException, LocalEntryNotFoundError) as error:
        raise UserError(
            f"model {spec.name}: the hub cannot be reached for {name} ({type(error).__name__}); "
            "check the network and HF_ENDPOINT, then run `dvc repro` again"
        ) from error
    return Path(found)


def _convert_gguf(path: Path, target: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    target.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(dir=target.parent, prefix=".part-"))
    try:
        tokenizer = AutoTokenizer.from_pretrained(path.parent, gguf_file=path.name)
        model = AutoModelForCausalLM.from_pretrained(
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
