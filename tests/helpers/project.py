"""A copy of the tracked files in which the pipeline is run, never the checkout itself."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

from helpers import ROOT
from modelmap.plumbing.layout import Layout

UNUSED = (".github", "benchmarks", "docs", "notebooks", "tests")
"""Folders that no stage reads."""


def link_archives(root: Path) -> None:
    """Let a project use the checkout's archives of packages, which are downloaded once."""
    held = Layout(ROOT).archives
    held.mkdir(parents=True, exist_ok=True)
    Layout(root).store.mkdir(parents=True, exist_ok=True)
    Layout(root).archives.symlink_to(held)


class Project:
    """A project in a folder of its own, set to the micro experiment."""

    def __init__(self, root: Path) -> None:
        self.root = root
        listed = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=ROOT,
            check=True,
            capture_output=True,
            text=True,
        )
        for name in filter(None, listed.stdout.split("\0")):
            if (ROOT / name).is_file() and not name.startswith(UNUSED):
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(ROOT / name, root / name)
        reports = [f"reports/{name}" for name in ("metrics", "plots", "figures", "studies")]
        for path in (
            root / name for name in ("dvc.lock", "resolved.yaml", "roster.yaml", *reports)
        ):
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
        link_archives(root)
        subprocess.run(["git", "init", "-q"], cwd=root, check=True)
        self.edit("params.yaml", r"^experiment: .*", "experiment: micro")

    def environment(self) -> dict[str, str]:
        """Return the variables under which commands are those of this Python, on this source."""
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        return {**os.environ, "PATH": path, "PYTHONPATH": str(self.root / "src")}

    def run(self, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a command of this environment in the project, on the project's own source."""
        return subprocess.run(
            command,
            cwd=self.root,
            env={**self.environment(), **environment},
            capture_output=True,
            text=True,
            check=False,
        )

    def repro(self, *arguments: str, **environment: str) -> str:
        """Run `dvc repro`, fail with its output if it fails, and return what it printed."""
        done = self.run("dvc", "repro", *arguments, **environment)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    def edit(self, file: str, pattern: str, replacement: str) -> None:
        """Replace the one place in a file that matches `pattern`, at line starts."""
        path = self.root / file
        text, count = re.subn(pattern, replacement, path.read_text(), flags=re.MULTILINE)
        assert count == 1, f"{pattern!r} stands {count} times in {file}"
        path.write_text(text)

    def append(self, file: str, text: str) -> None:
        """Add text at the end of a file, made if it is not there."""
        path = self.root / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text((path.read_text() if path.exists() else "") + text)

    def lock(self) -> dict[str, Any]:
        """Return dvc.lock's entries by stage."""
        stages: dict[str, Any] = yaml.safe_load((self.root / "dvc.lock").read_text())["stages"]
        return stages

    def stages_changed_since(self, before: dict[str, Any]) -> set[str]:
        """Return the stages whose entry in dvc.lock is not what it was."""
        after = self.lock()
        return {name for name in after | before if after.get(name) != before.get(name)}

    def outputs(self) -> dict[str, bytes]:
        """Return the bytes of everything the pipeline writes, by path."""
        folders = ("data", "reports")
        files = [path for name in folders for path in (self.root / name).rglob("*")]
        files += [self.root / "resolved.yaml", self.root / "roster.yaml"]
        return {
            path.relative_to(self.root).as_posix(): path.read_bytes()
            for path in files
            if path.is_file()
        }

    def stored_scores(self) -> set[str]:
        """Return the names of the finished scores the store keeps."""
        return {path.name for path in (self.root / ".modelmap" / "scores").glob("*.parquet")}
