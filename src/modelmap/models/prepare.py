"""Preparing any model as a local Hugging Face directory, whatever its source."""

from pathlib import Path

from modelmap.models.gguf import CONVERSION, convert_gguf
from modelmap.models.hub import from_hub
from modelmap.models.source import local_files, revisions
from modelmap.models.spec import ModelSpec
from modelmap.plumbing.layout import Layout


def prepared_directory(spec: ModelSpec, revision: str, layout: Layout) -> Path:
    """Return a directory that transformers can load, after a download or conversion if needed.

    For an adapter this is the directory of its base model. `revision` is the commit of a hub model,
    or the hash of local files. A GGUF file is converted once, into a folder of the git-ignored
    store that is named by its hash and the version of the conversion. Raises UserError if the model
    cannot be downloaded or converted.
    """
    if spec.base is not None:
        return prepared_directory(spec.base, revisions(spec.base, layout)[0], layout)
    if spec.source != "gguf":
        return _directory(spec, layout)
    target = layout.store / "converted" / f"{revision}-{CONVERSION}"
    if not target.is_dir():
        convert_gguf(local_files(spec, layout), target)
    return target


def adapter_directory(spec: ModelSpec, layout: Layout) -> Path | None:
    """Return the directory of an adapter, after a download if needed; None for other models."""
    return None if spec.base is None else _directory(spec, layout)


def _directory(spec: ModelSpec, layout: Layout) -> Path:
    return from_hub(spec) if spec.source == "hub" else local_files(spec, layout)
