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

FROM_MAP = {"map", "stability", "new_models", "page", "figures", "report"}
FROM_DIVERGENCE = {"divergence", "plan"} | FROM_MAP
FROM_MATRIX = {"matrix", "resample", "predict"} | FROM_DIVERGENCE
FROM_SCORE = {"score"} | FROM_MATRIX
FROM_TEXTS = {"texts"} | FROM_SCORE
FROM_ZOO = {"zoo"} | FROM_SCORE
FROM_CORPUS = {"corpus"} | FROM_TEXTS | FROM_ZOO
MINE = "{source: directory, location: data/models/mine, family: llama, kind: base}"
PARAMS, ZOO = "params.yaml", "conf/zoo/micro.yaml"
ZOO_SETTINGS, SCORE_SETTINGS = "src/modelmap/zoo/settings.py", "src/modelmap/score/settings.py"

pytestmark = pytest.mark.filterwarnings("ignore:_NoneStep:DeprecationWarning")

EDITS: dict[str, tuple[str, str, str, set[str]]] = {
    "page": (PARAMS, r"n_kls: [\d_]+", "n_kls: 100", {"page"}),
    "figures": (PARAMS, r"png_dpi: \d+", "png_dpi: 60", {"figures"}),
    "map": (PARAMS, r"max_perplexity: \d+", "max_perplexity: 2", FROM_MAP),
    "resample": (PARAMS, r"_shares: \[0\.0125, 0\.025, 0\.05, ", "_shares: [", {"resample"}),
    "plan": (PARAMS, r"size_measure: uniform", "size_measure: ls", {"plan", "page"}),
    "estimate": (PARAMS, r"estimate: mixture", "estimate: papers", FROM_DIVERGENCE | {"resample"}),
    "neighbours": (PARAMS, r"n_neighbours: \d+", "n_neighbours: 3", FROM_DIVERGENCE),
    "stability": (PARAMS, r"draws: 0\.25", "draws: 0.2", {"stability"}),
    "new_models": (PARAMS, r"share: 0\.118", "share: 0.2", {"new_models"}),
    "predict": (PARAMS, r"targets: held-out categories", "targets: a.csv", {"predict"}),
    "clip quantile": (PARAMS, r"clip_quantile: [\d.]+", "clip_quantile: 0.05", FROM_MATRIX),
    "n_texts": (
        *(PARAMS, r"(?<=^texts:\n)((?:  #.*\n)*)  n_texts: 64", r"\1  n_texts: 48"),
        FROM_TEXTS,
    ),
    "seed of texts": (
        *(PARAMS, r"(?<=n_texts: 64\n)((?:  #.*\n)*)  seed: root", r"\1  seed: 7"),
        FROM_TEXTS,
    ),
    "corpus": ("conf/corpus/micro.yaml", r"max_bytes: 1024", "max_bytes: 512", FROM_CORPUS),
    "model added": (
        *("conf/models/micro.yaml", r"^models:$", f"models:\n  mine: {MINE}"),
        FROM_SCORE,
    ),
    "model removed": (ZOO, r"quantised: \[int4\]", "quantised: []", FROM_ZOO),
    "zoo": (ZOO, r"steps: 8", "steps: 9", FROM_ZOO),
    "version of the zoo": (ZOO_SETTINGS, r"ZOO_VERSION = \d+", "ZOO_VERSION = 99", FROM_ZOO),
    "version of the scorer": (
        *(SCORE_SETTINGS, r"SCORER_VERSION = \d+", "SCORER_VERSION = 99"),
        FROM_SCORE,
    ),
}
CODE: dict[str, set[str]] = {
    "plumbing/files.py": set(),
    "zoo/train.py": set(),
    "score/loglik.py": FROM_MATRIX,
    "divergence/kl.py": FROM_MATRIX - {"matrix"},
    "map/quality.py": FROM_MAP,
}
"""Files of the source, and what is run again after a comment in them."""


def would_run(owner: Owner) -> set[str]:
    """Return the stages DVC would run, and those after them, once the edit is resolved."""
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
    # Figures are drawn from every stage's outputs but the page, and the report shows them.
    assert would_run(owner) == stages | (set() if name == "page" else {"figures", "report"})


@pytest.mark.parametrize("file", list(CODE))
def test_code_re_runs_the_stages_that_depend_on_its_package(owner: Owner, file: str) -> None:
    """Plumbing re-runs nothing; training and scoring wait for their version to be raised."""
    owner.append(f"src/modelmap/{file}", "\n# a comment\n")
    assert would_run(owner) == CODE[file]


def test_equal_outputs_stop_there(owner: Owner) -> None:
    """More neighbours leave every divergence, and a comment in the corpus's code every text.

    The page and the report list the neighbours, and one of the figures shows them.
    """
    owner.edit("params.yaml", r"n_neighbours: \d+", "n_neighbours: 3")
    owner.append("src/modelmap/corpus/readers.py", "\n# a comment\n")
    assert owner.stages_run() == {
        *("resolve", "corpus", "texts", "divergence"),
        *("figures", "page", "report"),
    }
    assert owner.stages_run("--dry") == set()


def test_the_hardware_re_runs_nothing(owner: Owner) -> None:
    """Device, workers and token budget change no number."""
    for file in ("conf/hardware/cpu.yaml", "conf/hardware.yaml", "conf/local/default.yaml"):
        owner.append(file, "\n# a comment\n")
    owner.edit("conf/local/default.yaml", "workers: 1", "workers: 2")
    assert would_run(owner) == set()
