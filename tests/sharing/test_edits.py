"""What an edit runs again, as the README's table has it.

DVC is asked what it would run if every output came out different; where outputs come out the
same, the stages are run.
"""

import contextlib

import pytest
from dvc.repo import Repo
from helpers.shared_project import Owner

from modelmap.plumbing.layout import Layout
from modelmap.resolve import stage

RESAMPLING = {"resample", "order", "stability", "new_models", "predict"}
FROM_MAP = {"map", "stability", "new_models", "figures"}
FROM_MATRIX = {"matrix", "divergence", "figures"} | FROM_MAP | RESAMPLING
FROM_SCORE = {"score"} | FROM_MATRIX
MINE = "{source: directory, location: data/models/mine, family: llama, kind: base}"

pytestmark = pytest.mark.filterwarnings("ignore:_NoneStep:DeprecationWarning")

EDITS = {
    "figures": ("params.yaml", r"png_dpi: \d+", "png_dpi: 60", {"figures"}),
    "map": ("params.yaml", r"max_perplexity: \d+", "max_perplexity: 2", FROM_MAP),
    "resample": ("params.yaml", r"unique_shares: \[0\.05, ", "unique_shares: [", {"resample"}),
    "plan": ("params.yaml", r"size_measure: relative", "size_measure: ls", {"order"}),
    "stability": ("params.yaml", r"draws: 0\.25", "draws: 0.2", {"stability"}),
    "new_models": ("params.yaml", r"share: 0\.118", "share: 0.2", {"new_models"}),
    "predict": ("params.yaml", r"targets: held-out categories", "targets: a.csv", {"predict"}),
    "clip quantile": ("params.yaml", r"clip_quantile: [\d.]+", "clip_quantile: 0.05", FROM_MATRIX),
    "n_texts": ("params.yaml", r"n_texts: 64", "n_texts: 48", {"texts"} | FROM_SCORE),
    "seed of texts": (
        *("params.yaml", r"(?<=trains nothing again\.\n)  seed: root", "  seed: 7"),
        {"texts"} | FROM_SCORE,
    ),
    "model added": (
        *("conf/models/zoo-only.yaml", r"^models: \{\}", f"models: {{mine: {MINE}}}"),
        FROM_SCORE,
    ),
    "model taken away": (
        *("conf/zoo/micro.yaml", r"quantised: \[int4\]", "quantised: []"),
        {"zoo"} | FROM_SCORE,
    ),
    "zoo": ("conf/zoo/micro.yaml", r"steps: 8", "steps: 9", {"zoo"} | FROM_SCORE),
    "scorer's version": (
        *("src/modelmap/scoring/version.py", r"SCORER_VERSION = \d+", "SCORER_VERSION = 99"),
        FROM_SCORE,
    ),
}


def would_run(owner: Owner) -> set[str]:
    """Return the stages DVC would run, and those behind them, once the edit is resolved."""
    stage.run(Layout(owner.root))
    # DVC looks for dvc.yaml where it is run.
    with contextlib.chdir(owner.root), Repo() as repo:
        repo.commit("resolve", force=True)
        return {stage.name for stage in repo.reproduce(dry=True, force_downstream=True)}


@pytest.mark.parametrize("name", list(EDITS))
def test_an_edit_re_runs_what_reads_it_and_what_follows(owner: Owner, name: str) -> None:
    """Each key reaches the stages that read it, and through their outputs those after."""
    file, pattern, replacement, stages = EDITS[name]
    owner.edit(file, pattern, replacement)
    assert would_run(owner) == stages | ({"figures"} if stages <= RESAMPLING else set())


def test_equal_outputs_stop_there(owner: Owner) -> None:
    """More neighbours leave every divergence, and a comment in an analysis module the map."""
    owner.edit("params.yaml", r"n_neighbours: \d+", "n_neighbours: 3")
    owner.append("src/modelmap/maps/quality.py", "\n# a comment\n")
    assert owner.stages_run("map") == {"resolve", "divergence", "map"}
    assert owner.stages_run("--dry") == set()


def test_the_scorers_code_and_the_hardware_re_run_nothing(owner: Owner) -> None:
    """SCORER_VERSION stands for the one; device, workers and batch budget change no number."""
    for file in ("src/modelmap/scoring/loglik.py", "conf/hardware/cpu.yaml", "conf/hardware.yaml"):
        owner.append(file, "\n# a comment\n")
    owner.append("conf/local/default.yaml", "# @package _global_\nhardware:\n  workers: 1\n")
    assert would_run(owner) == set()
