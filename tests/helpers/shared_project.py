"""One finished micro project for all tests that need one, and what others have of it."""

import subprocess
from pathlib import Path

from helpers.project import Project, link_archives

HARDWARE = "# @package _global_\nhardware: {workers: 1, scorers: 1}\n"
"""One process of each kind: starting a second takes longer than what it could do."""
Run = subprocess.CompletedProcess[str]


class Owner(Project):
    """A project that is there already, with what DVC keeps of it."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def dvc(self, *arguments: str, **environment: str) -> str:
        """Run a DVC command, fail with its output if it fails, and return what it printed."""
        return printed(self.run("dvc", *arguments, **environment))

    def stages_run(self, *arguments: str, **environment: str) -> set[str]:
        """Run `dvc repro` and return the stages it ran."""
        lines = self.repro(*arguments, **environment).splitlines()
        return {line.split("'")[1] for line in lines if line.startswith("Running sta")}


class Clone(Owner):
    """What a colleague has: a clone of the project, and nothing that DVC keeps."""

    def __init__(self, origin: Path, root: Path) -> None:
        super().__init__(root)
        printed(Owner(origin).run("git", "clone", "--quiet", str(origin), str(root)))
        link_archives(root)
        self.append("conf/local/default.yaml", HARDWARE)


def tables(root: Path) -> dict[str, bytes]:
    """Return the bytes of every table below data/, by path."""
    found = (root / "data").rglob("*.parquet")
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in found}


def printed(run: Run) -> str:
    """Return what a command printed; fail with it if the command failed."""
    assert run.returncode == 0, run.stdout + run.stderr
    return run.stdout + run.stderr


def copy_project(origin: Path, root: Path) -> Owner:
    """Return a copy of a project with its data and its cache, as its owner has it."""
    subprocess.run(["cp", "-a", str(origin), str(root)], check=True)
    return Owner(root)


def make_origin(root: Path, store: Path) -> None:
    """Run the micro project at `root` from nothing and push it to the directory `store`.

    It is smaller than the experiment where a test needs no more. What tests edit is in params.yaml.
    """
    root.mkdir(parents=True)
    project = Project(root)
    project.append("conf/local/default.yaml", HARDWARE)
    project.edit("conf/experiment/micro.yaml", r"^  n_texts: 64\n  shares: ", "  shares: ")
    project.edit("params.yaml", r"n_texts: 640", "n_texts: 64")
    project.edit("params.yaml", r"^  formats: .*", "  formats: [svg]")
    project.edit(
        "conf/experiment/micro.yaml", r"^stability:\n  n_runs: 5", "stability:\n  n_runs: 2"
    )
    project.repro()
    set_remote(project, str(store))
    printed(project.run("dvc", "push", "--quiet", "dvc.yaml"))
    for key, value in (("name", "A"), ("email", "a@example.org")):
        printed(project.run("git", "config", f"user.{key}", value))
    printed(project.run("git", "add", "--all"))
    printed(project.run("git", "commit", "--quiet", "--message", "A finished project"))


def set_remote(project: Project, url: str, **options: str) -> None:
    """Write what `dvc remote add --default store` and `dvc remote modify store` do."""
    keys = {"url": url, "verify": "true", **options}
    lines = [f"    {key} = {value}\n" for key, value in keys.items()]
    core = "[core]\n    analytics = false\n    remote = store\n"
    text = f"{core}['remote \"store\"']\n{''.join(lines)}"
    (project.root / ".dvc" / "config").write_text(text)
