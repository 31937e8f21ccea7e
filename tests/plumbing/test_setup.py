"""`make setup`: which Python it takes and where torch comes from, with stand-ins for Pythons."""

import re
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
from helpers import ROOT
from helpers.workflow_lines import WORKFLOWS

# Writes its command to the file `log`, and makes of an environment what the Makefile uses of it.
PYTHON = """#!/bin/sh
echo "$0 $*" | sed "s|$PWD/||" >> "$PWD/log"
case "$*" in "-m venv"*) mkdir -p .venv/bin && cp "$0" .venv/bin/python 2> /dev/null
cp "$0" .venv/bin/uv ;; esac
"""
ADDRESS = "https://torch.example/cpu"


class Checkout:
    """A folder with what `make setup` reads, where only the Pythons of its folder bin are found."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for name in ("Makefile", "pyproject.toml"):
            shutil.copyfile(ROOT / name, root / name)
        shutil.copytree(ROOT / "requirements", root / "requirements")
        (root / "bin").mkdir()
        for name in ("sh", "cp", "grep", "mkdir", "sed", "touch"):
            (root / "bin" / name).symlink_to(str(shutil.which(name)))

    def add_python(self, path: str, code: str = PYTHON) -> None:
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).write_text(code)
        (self.root / path).chmod(0o755)

    def setup(self, *settings: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [str(shutil.which("make")), "setup", *settings],
            cwd=self.root,
            env={"PATH": str(self.root / "bin")},
            capture_output=True,
            text=True,
            check=False,
        )

    def commands(self, part: str) -> list[str]:
        """Return the commands of Pythons that contain `part`, in order."""
        lines = (self.root / "log").read_text().splitlines()
        return [line for line in lines if part in line]


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    """Return a checkout on a machine without Python."""
    return Checkout(tmp_path)


def test_the_newest_python_that_works_is_taken(checkout: Checkout) -> None:
    """One without the module that creates environments is passed over, and so is 3.14."""
    checkout.add_python("bin/python3.13", "#!/bin/sh\nexit 1\n")
    for version in ("3.11", "3.12", "3.14"):
        checkout.add_python(f"bin/python{version}")
    assert checkout.setup().returncode == 0
    assert checkout.commands("-m venv") == ["bin/python3.12 -m venv .venv"]


def test_an_environment_keeps_its_python(checkout: Checkout) -> None:
    """A Python that is installed later does not replace that of an existing environment."""
    checkout.add_python("bin/python3.13")
    checkout.add_python(".venv/bin/python")
    assert checkout.setup().returncode == 0
    assert checkout.commands("-m venv") == [".venv/bin/python -m venv .venv"]


def test_no_python_is_one_line_that_says_what_to_install(checkout: Checkout) -> None:
    """Nothing is created, and the line also says how to name a Python."""
    failed = checkout.setup()
    assert failed.returncode != 0
    (line,) = failed.stderr.splitlines()
    assert "no Python with its module venv found, of python3.13 python3.12 python3.11" in line
    assert "`apt install python3-venv`" in line
    assert "`make setup PYTHON=/path/to/python`" in line
    assert not (checkout.root / ".venv").exists()


def test_torch_comes_from_the_index_that_is_named(checkout: Checkout) -> None:
    """First torch alone and from there only; what it needs comes from the usual index after it."""
    checkout.add_python("bin/python3.12")
    assert checkout.setup(f"TORCH_INDEX={ADDRESS}").returncode == 0
    torch, rest = (command.partition("--no-compile ")[2] for command in checkout.commands("torch"))
    assert re.fullmatch(rf"--no-deps --index-url {ADDRESS} torch==[0-9.]+", torch)
    assert rest == "-c requirements/lock.txt -r requirements/torch.txt"


def test_without_a_named_index_torch_comes_from_the_usual_one(checkout: Checkout) -> None:
    """No address of an index is given to pip."""
    checkout.add_python("bin/python3.12")
    assert checkout.setup().returncode == 0
    assert len(checkout.commands("torch")) == 1
    assert checkout.commands("index") == []


def test_the_same_pythons_are_named_everywhere() -> None:
    """The Makefile, the project's metadata and the matrix of the tests name the same versions."""
    project: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    makefile = (ROOT / "Makefile").read_text()
    (line,) = re.findall(r"^PYTHONS := (.*)$", makefile, re.MULTILINE)
    versions = [name.removeprefix("python") for name in reversed(line.split())]
    prefix = "Programming Language :: Python :: "
    named = [name.removeprefix(prefix) for name in project["classifiers"] if prefix in name]
    assert named == versions
    matrix = WORKFLOWS["test"]["jobs"]["test"]["strategy"]["matrix"]
    assert matrix["python-version"] == versions
    minors = [int(version.removeprefix("3.")) for version in versions]
    assert project["requires-python"] == f">=3.{minors[0]},<3.{minors[-1] + 1}"
