"""Preparing any model as a local Hugging Face directory, whatever its source."""

from pathlib import Path

from modelmap.models.gguf import convert_gguf
from modelmap.models.hub import from_hub
from modelmap.models.source import local_files
from modelmap.models.spec import ModelSpec
from modelmap.plumbing.layout import Layout


def prepared_directory(spec: ModelSpec, revision: str, layout: Layout) -> Path:
    """Return a directory that transformers can load, after a download or conversion if needed.

    `revision` is the commit of a hub model, or the hash of local files. A GGUF file is converted
    once, into a folder of the git-ignored store that is named by its hash. Raises UserError if the
    model cannot be downloaded or converted.
    """
    if spec.source == "hub":
        return from_hub(spec)
    path = local_files(spec, layout)
    if spec.source != "gguf":
        return path
    target = layout.store / "converted" / revision
    if not target.is_dir():
        convert_gguf(path, target)
    return target
