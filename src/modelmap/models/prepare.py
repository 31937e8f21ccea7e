"""Bringing any model to one form: a local Hugging Face directory."""

from pathlib import Path

from modelmap.models.gguf import convert_gguf
from modelmap.models.hub import from_hub
from modelmap.models.source import local_files
from modelmap.models.spec import ModelSpec
from modelmap.plumbing.layout import Layout


def prepared_directory(spec: ModelSpec, revision: str, layout: Layout) -> Path:
    """Return a directory that transformers loads, downloading or converting where needed.

    A GGUF is de-quantised once into the git-ignored store and found there again by its hash.
    Raises UserError if the hub or the file does not give a model.
    """
    if spec.source == "hub":
        return from_hub(spec)
    path = local_files(spec, layout)
    if spec.source != "gguf":
        return path
    target = layout.store / "models" / revision
    if not target.is_dir():
        convert_gguf(path, target)
    return target
