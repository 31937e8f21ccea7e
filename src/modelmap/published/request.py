"""The arguments of `modelmap import`, and a first look at the files that they name."""

from dataclasses import dataclass
from pathlib import Path

from modelmap.plumbing.errors import UserError, is_label, listed
from modelmap.plumbing.files import exists

# The first bytes of zip, gzip, bzip2, xz and zstandard files. A tar file has its mark later.
PACKED = (b"PK\x03\x04", b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"\x28\xb5\x2f\xfd")
TAR, TAR_OFFSET = b"ustar", 257


@dataclass(frozen=True)
class Request:
    """The arguments of the command."""

    source: Path
    """A pickle of log-likelihoods, or the folder of a bundle."""
    texts: Path | None
    """The texts of the pickle, or a file with texts that the bundle withholds."""
    metadata: Path | None
    """The authors' metadata of the models in the pickle."""
    unpublished: bool
    """Whether a pickle that differs from the published data is imported."""

    @property
    def is_bundle(self) -> bool:
        return self.source.is_dir()

    @property
    def name(self) -> str:
        """Return the name of the pickle or of the bundle's folder."""
        return self.source.resolve().name if self.is_bundle else self.source.name


def check_request(request: Request) -> None:
    """Raise UserError that names the paths which are not there, or not files that can be read."""
    named = [request.source, request.texts, request.metadata]
    paths = [path for path in named if path is not None]
    missing = [path.name for path in paths if not exists(path)]
    if missing:
        raise UserError(f"no such file: {listed(missing)}")
    files = [path for path in paths if not (path is request.source and request.is_bundle)]
    # A pipe or a device is not a file: reading it may never end.
    others = [path.name for path in files if not path.is_file()]
    if others:
        raise UserError(f"not a file: {listed(others)}")
    for name in [request.name, *(path.name for path in files)]:
        if not is_label(name):
            raise UserError(f"{name} has control characters in its name: rename the file")
    for path in files:
        if _is_archive(path):
            raise UserError(f"{path.name} is an archive: unpack it, then import what is in it")


def _is_archive(path: Path) -> bool:
    with path.open("rb") as file:
        start = file.read(TAR_OFFSET + len(TAR))
    return start.startswith(PACKED) or start[TAR_OFFSET:] == TAR
