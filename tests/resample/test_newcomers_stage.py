"""The newcomers stage: what it writes, what it skips, and that the machine changes none of it."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from local_hardware import set_workers

from modelmap.layout import Layout
from modelmap.schemas.resampling import NEWCOMER_ERRORS, NEWCOMERS
from modelmap.schemas.scoring import MODELS
from modelmap.stages import newcomers
from modelmap.tables import read_csv, read_table, write_table

CONF = Path(__file__).parents[2] / "conf"
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
    "newcomers": {"share": 0.34, "draws": 0.5, "n_runs": 3},
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
    sections = {**SECTIONS, "newcomers": {**SECTIONS["newcomers"], "share": share}}
    layout.resolved.write_text(yaml.safe_dump(sections))


def new_models(layout: Layout) -> list[str]:
    """Return the names of the models the stage took for new."""
    table = read_table(layout.newcomers, NEWCOMERS)
    return list(table.loc[table["is_new"], "model"])


def written(layout: Layout) -> list[bytes]:
    """Return the bytes of all the stage writes."""
    paths = (layout.newcomers, layout.plot("newcomers"), layout.metrics("newcomers"))
    return [path.read_bytes() for path in paths]


def test_the_last_of_an_undated_roster_are_new(project: Layout) -> None:
    """Two of six models; all six are on the map; half of the forty texts are drawn."""
    newcomers.run(project)
    assert new_models(project) == ["m4", "m5"]
    assert len(read_table(project.newcomers, NEWCOMERS)) == 6
    told = json.loads(project.metrics("newcomers").read_text())
    counts = [told[key] for key in ("n_existing", "n_new", "n_draws", "n_runs")]
    assert counts == [4, 2, 20, 3]
    errors = read_csv(project.plot("newcomers"), NEWCOMER_ERRORS)
    assert errors["n_pairs"].tolist() == [6, 8, 1] * 4
    assert told["ls"]["unique_texts"] == told["uniform_same_texts"]["unique_texts"]
    assert told["ls"]["relative_new_new"] > 0


def test_dates_decide_who_is_new(project: Layout) -> None:
    """The two youngest, wherever they stand in the roster."""
    models = read_table(project.models, MODELS)
    models.loc[[1, 2, 4], "created"] = ["2024-10-31", "2024-01-01", "2023-05-01"]
    write_table(models, MODELS, project.models)
    newcomers.run(project)
    assert new_models(project) == ["m1", "m2"]


def test_results_do_not_depend_on_the_number_of_workers(project: Layout) -> None:
    """One process, or two: the same bytes."""
    newcomers.run(project)
    one = written(project)
    set_workers(project, 2)
    newcomers.run(project)
    assert written(project) == one


@pytest.mark.parametrize(
    ("share", "reason"),
    [
        (0.05, "needs a new model, and newcomers.share leaves none of 6"),
        (0.6, "needs at least 4 existing models, not 2"),
    ],
)
def test_too_few_models_are_skipped_with_the_reason(
    project: Layout, share: float, reason: str
) -> None:
    """The tables are there, empty, so that what follows can read them."""
    set_share(project, share)
    newcomers.run(project)
    assert json.loads(project.metrics("newcomers").read_text()) == {"skipped": reason}
    assert read_table(project.newcomers, NEWCOMERS).empty
    assert read_csv(project.plot("newcomers"), NEWCOMER_ERRORS).empty
