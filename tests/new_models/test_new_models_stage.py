"""The new_models stage: what it writes, what it skips, and that the machine changes none of it."""

import json
import shutil
from typing import Any

import pytest
import yaml
from helpers import ROOT
from helpers.local_hardware import set_workers

from modelmap.matrix.tables import MODELS
from modelmap.new_models import stage
from modelmap.new_models.tables import NEW_MODEL_ERRORS, NEW_MODELS
from modelmap.plumbing.layout import Layout
from modelmap.plumbing.tables import read_csv, read_table, write_table

CONF = ROOT / "conf"
SECTIONS: dict[str, dict[str, Any]] = {
    "map": {
        "seed": 1,
        "metric": "euclidean",
        "algorithm": "exact",
        "early_exaggeration": 4,
        "max_perplexity": 30,
        "max_iter": 300,
        "n_near": 2,
    },
    "matrix": {"clip_quantile": 0.02},
    "new_models": {"share": 0.34, "draws": 0.5, "n_runs": 3},
}


@pytest.fixture
def project(small_tables: Layout) -> Layout:
    """Return a project of six models on forty texts, two of them new, with one worker."""
    shutil.copytree(CONF, small_tables.conf)
    set_workers(small_tables, 1)
    set_share(small_tables, 0.34)
    return small_tables


def set_share(layout: Layout, share: float) -> None:
    """Choose how many models are new."""
    sections = {**SECTIONS, "new_models": {**SECTIONS["new_models"], "share": share}}
    layout.resolved.write_text(yaml.safe_dump(sections))


def new_models(layout: Layout) -> list[str]:
    """Return the names of the models the stage took for new."""
    table = read_table(layout.new_models, NEW_MODELS)
    return list(table.loc[table["is_new"], "model"])


def written(layout: Layout) -> list[bytes]:
    """Return the bytes of all the stage writes."""
    paths = (layout.new_models, layout.plot("new_models"), layout.metrics("new_models"))
    return [path.read_bytes() for path in paths]


def test_the_last_of_an_undated_roster_are_new(project: Layout) -> None:
    """Two of six models; all six are on the map; half of the forty texts are drawn."""
    stage.run(project)
    assert new_models(project) == ["m4", "m5"]
    assert len(read_table(project.new_models, NEW_MODELS)) == 6
    told = json.loads(project.metrics("new_models").read_text())
    counts = [told[key] for key in ("n_existing", "n_new", "n_draws", "n_runs")]
    assert counts == [4, 2, 20, 3]
    errors = read_csv(project.plot("new_models"), NEW_MODEL_ERRORS)
    assert errors["n_pairs"].tolist() == [6, 8, 1] * 4
    assert told["ls"]["unique_texts"] == told["uniform_same_texts"]["unique_texts"]
    assert told["ls"]["relative_new_new"] > 0


def test_dates_decide_who_is_new(project: Layout) -> None:
    """The two youngest, wherever they stand in the roster."""
    models = read_table(project.models, MODELS)
    models.loc[[1, 2, 4], "created"] = ["2024-10-31", "2024-01-01", "2023-05-01"]
    write_table(models, MODELS, project.models)
    stage.run(project)
    assert new_models(project) == ["m1", "m2"]


def test_results_do_not_depend_on_the_number_of_workers(project: Layout) -> None:
    """One process, or two: the same bytes."""
    stage.run(project)
    one = written(project)
    set_workers(project, 2)
    stage.run(project)
    assert written(project) == one


@pytest.mark.parametrize(
    ("share", "reason"),
    [
        (0.05, "needs at least 1 new model; new_models.share of 6 models rounds to 0"),
        (0.6, "needs at least 4 existing models, not 2"),
    ],
)
def test_too_few_models_are_skipped_with_the_reason(
    project: Layout, share: float, reason: str
) -> None:
    """The tables are there, empty, so that what follows can read them."""
    set_share(project, share)
    stage.run(project)
    assert json.loads(project.metrics("new_models").read_text()) == {"skipped": reason}
    assert read_table(project.new_models, NEW_MODELS).empty
    assert read_csv(project.plot("new_models"), NEW_MODEL_ERRORS).empty
