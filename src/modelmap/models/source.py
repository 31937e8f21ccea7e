"""Where a model's files are, and the revision that names their content."""

import hashlib
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from modelmap.errors import UserError
from modelmap.files import exists
from modelmap.layout import Layout
from modelmap.models.spec import ModelSpec

TOKENIZER_PREFIXES = ("tokenizer", "vocab", "merges", "special_tokens", "added_tokens", "spiece")
BLOCK = 1 << 20


def local_files(spec: ModelSpec, layout: Layout) -> Path:
    """Return the directory or GGUF file of a model that is not on the hub.

    Raises UserError if it is not there, or the package that ships it has another version.
    """
    if spec.source == "zoo":
        return _existing(layout.zoo / spec.location, spec, "run `dvc repro zoo`")
    if spec.source == "gguf" and ":" in spec.location:
        return _in_package(spec)
    return _existing(layout.root / spec.location, spec, "mend its location in conf/models")


def _existing(path: Path, spec: ModelSpec, advice: str) -> Path:
    if not exists(path):
        raise UserError(f"model {spec.name}: {spec.location} is not there; {advice}")
    return path


def _in_package(spec: ModelSpec) -> Path:
    package, _, inside = spec.location.partition(":")
    try:
        found = distribution(package)
    except (PackageNotFoundError, ValueError) as error:
        raise UserError(
            f"model {spec.name}: package {package} is not installed; run `make setup`"
        ) from error
    if found.version != spec.version:
        raise UserError(
            f"model {spec.name}: {package} is {found.version}, not {spec.version}; "
            "run `make setup`, or change the version in conf/models"
        )
    return _existing(Path(str(found.locate_file(inside))), spec, f"reinstall {package}")


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
