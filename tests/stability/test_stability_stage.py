"""The stability stage: what it writes, and that the machine changes none of it."""

import json
import shutil

import pytest
import yaml
from helpers import ROOT
from helpers.local_hardware import set_workers

from modelmap.map.tables import MAP
from modelmap.plumbing.errors import UserError
from modelmap.plumbing.layout import Layout
from modelmap.plumbing.tables import read_table, write_table
from modelmap.stability import stage
from modelmap.stability.tables import STABILITY

CONF = ROOT / "conf"
SECTIONS = {
    "map": {
        "seed": 1,
        "metric": "euclidean",
        "algorithm": "exact",
        "early_exaggeration": 4,
        "max_perplexity": 30,
        "max_iter": 300,
        "n_near": 2,
    },
    "stability": {
        "seed": 1,
        "n_runs": 3,
        "max_iter": 300,
        "settings": [{"method": "uniform", "draws": 1.0}, {"method": "ls", "draws": 0.25}],
    },
}


@pytest.fixture
def project(small_tables: Layout) -> Layout:
    """Return a project of six models on forty texts, with settings and one worker."""
    shutil.copytree(CONF, small_tables.conf)
    small_tables.resolved.write_text(yaml.safe_dump(SECTIONS))
    set_workers(small_tables, 1)
    return small_tables


def test_every_setting_and_the_control_have_every_model(project: Layout) -> None:
    """Draws are shares of N = 40; the metrics tell each setting's draws and shares."""
    stage.run(project)
    table = read_table(project.stability, STABILITY)
    settings = table[["setting", "method", "n_draws"]].drop_duplicates()
    assert settings.to_numpy().tolist() == [
        ["same_texts", "none", 40],
        ["uniform_1N", "uniform", 40],
        ["ls_0.25N", "ls", 10],
    ]
    assert table.groupby("setting")["model"].nunique().tolist() == [6, 6, 6]
    told = json.loads(project.metrics("stability").read_text())
    assert (told["n_runs"], told["same_texts"]["unique_texts"]) == (3, 40)
    assert 20 < told["uniform_1N"]["unique_texts"] < 32
    assert told["same_texts"]["displacement_share"] > 0
    assert told["ls_0.25N"]["spread_share"] > 0


def test_results_do_not_depend_on_the_number_of_workers(project: Layout) -> None:
    """One process, or two: the same bytes."""
    written = []
    for n_workers in (1, 2):
        set_workers(project, n_workers)
        stage.run(project)
        written.append((project.stability.read_bytes(), project.metrics("stability").read_bytes()))
    assert written[0] == written[1]


def test_a_map_of_other_models_is_refused_by_name(project: Layout) -> None:
    """A stale map is no reference."""
    stale = read_table(project.map, MAP).replace({"model": {"m1": "gone"}})
    write_table(stale, MAP, project.map)
    with pytest.raises(UserError, match=r"^map\.parquet and matrix\.parquet are of different"):
        stage.run(project)
