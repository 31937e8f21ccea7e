"""A finished project with a remote, whose models were never trained and scores never computed."""

import subprocess
from importlib import import_module
from pathlib import Path

import numpy as np
import pandas as pd

from helpers.project import Project
from modelmap.models.file import read_roster
from modelmap.models.source import content_hashes
from modelmap.plumbing.layout import Layout
from modelmap.plumbing.section import read_section
from modelmap.plumbing.tables import read_table
from modelmap.score.identity import identify
from modelmap.score.settings import ScoreSettings
from modelmap.score.store import write_scores
from modelmap.texts.tables import TEXTS
from modelmap.texts.text_set import text_set_hash

ANALYSIS = (
    "matrix",
    "divergence",
    "map",
    "resample",
    "order",
    "stability",
    "new_models",
    "predict",
)
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
        told = self.repro(*arguments, **environment)
        return {line.split("'")[1] for line in told.splitlines() if line.startswith("Running sta")}


class Clone(Owner):
    """What a colleague has: a clone of the project, and nothing that DVC keeps."""

    def __init__(self, origin: Path, root: Path) -> None:
        super().__init__(root)
        printed(Owner(origin).run("git", "clone", "--quiet", str(origin), str(root)))


def printed(run: Run) -> str:
    """Return what a command printed; fail with it if the command failed."""
    assert run.returncode == 0, run.stdout + run.stderr
    return run.stdout + run.stderr


def name_author(root: Path) -> None:
    """Let git commit in a repository whatever the machine's settings are."""
    for key, value in (("name", "A"), ("email", "a@example.org")):
        subprocess.run(["git", "config", f"user.{key}", value], cwd=root, check=True)


def make_origin(root: Path, store: Path) -> None:
    """Make a finished micro project at `root` and push it to the directory `store`.

    Its models' files are no models, its scores are made up and its only figure is empty: scoring
    or drawing again is found out.
    """
    root.mkdir(parents=True)
    project = Project(root)
    name_author(root)
    project.edit("conf/experiment/micro.yaml", r"^  n_texts: 64\n  shares: ", "  shares: ")
    project.edit("params.yaml", r"n_texts: 640", "n_texts: 64")
    project.edit("params.yaml", r"^  formats: .*", "  formats: [svg]")
    project.edit(
        "conf/experiment/micro.yaml", r"^stability:\n  n_runs: 5", "stability:\n  n_runs: 2"
    )
    layout = Layout(root)
    for stage in ("resolve", "texts"):
        import_module(f"modelmap.{stage}.stage").run(layout)
    _make_up_scores(layout)
    for stage in ANALYSIS:
        import_module(f"modelmap.{stage}.stage").run(layout)
    layout.figures.mkdir()
    (layout.figures / "index.json").write_text("{}\n")
    set_remote(project, str(store))
    printed(project.run("dvc", "commit", "--quiet", "--force", "dvc.yaml"))
    printed(project.run("dvc", "push", "--quiet", "dvc.yaml"))
    printed(project.run("git", "add", "--all"))
    printed(project.run("git", "commit", "--quiet", "--message", "A finished project"))


def set_remote(project: Project, url: str, **options: str) -> None:
    """Write what `dvc remote add --default store` and `dvc remote modify store` do."""
    told = {"url": url, "verify": "true", **options}
    lines = [f"    {key} = {value}\n" for key, value in told.items()]
    core = "[core]\n    analytics = false\n    remote = store\n"
    text = f"{core}['remote \"store\"']\n{''.join(lines)}"
    (project.root / ".dvc" / "config").write_text(text)


def _make_up_scores(layout: Layout) -> None:
    texts = read_table(layout.texts, TEXTS)
    text_set, n_bytes = text_set_hash(texts["text"]), texts["n_bytes"].to_numpy()
    scoring = read_section(layout, "score", ScoreSettings)
    rng = np.random.default_rng(0)
    for spec in read_roster(layout.roster):
        place = layout.zoo / spec.location
        place.mkdir(parents=True)
        (place / "config.json").write_text(f"{spec.name} is no model\n")
        bits = rng.normal(2, 0.1) + rng.normal(0, 0.1, len(texts))
        frame = pd.DataFrame(
            {
                "text_id": texts["text_id"],
                "loglik_nats": -bits * n_bytes * np.log(2),
                "n_tokens": n_bytes,
                "truncated": False,
                "lossless": True,
            }
        )
        identity = identify(spec, *content_hashes(place), scoring, text_set)
        facts: dict[str, object] = {"n_params": 1000, "added_bos": True}
        write_scores(frame, layout.scores / spec.file_name, identity, facts)
