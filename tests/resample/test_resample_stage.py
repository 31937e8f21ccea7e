"""The stages resample and plan: what they write, and that the machine changes none of it."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import yaml
from helpers import ROOT
from helpers.local_hardware import set_workers

from modelmap.matrix.file import read_matrix, write_matrix
from modelmap.plan import stage as plan
from modelmap.plan.tables import PLAN, PLAN_ERRORS
from modelmap.plumbing.errors import UserError
from modelmap.plumbing.layout import Layout
from modelmap.plumbing.tables import read_csv, read_table, write_table
from modelmap.resample import stage as resample
from modelmap.resample.comparison import DESIGNS
from modelmap.resample.curves import meeting_metrics
from modelmap.resample.tables import DESIGN_ERRORS, RESAMPLE_CURVES
from modelmap.texts.tables import TEXTS
from modelmap.texts.text_set import text_set_hash

CONF = ROOT / "conf"
SECTIONS = {
    "divergence": {
        "estimate": "papers",
        "n_neighbours": 2,
        "linkage": "average",
        "confidence": 0.95,
    },
    "resample": {"n_runs": 4, "seed": 1, "n_design_runs": 4, "unique_shares": [0.2, 0.6]},
    "plan": {
        "seed": 1,
        "size_measure": "relative",
        "even_share": 0.1,
        "checked_shares": [0.2, 0.6],
        "n_checks": 4,
    },
}


@pytest.fixture
def project(small_tables: Layout) -> Layout:
    """Return a project of six models on forty texts."""
    shutil.copytree(CONF, small_tables.conf)
    small_tables.resolved.write_text(yaml.safe_dump(SECTIONS))
    texts = [f"text number {i}" for i in range(40)]
    frame = pd.DataFrame(
        {
            "text_id": np.arange(40),
            "text": texts,
            "category": "c",
            "source": "s",
            "source_version": "1",
            "source_path": "p",
            "document_id": texts,
            "chunk_index": 0,
            "n_bytes": 900,
        }
    )
    write_table(frame, TEXTS, small_tables.texts)
    matrix = read_matrix(small_tables.matrix)
    write_matrix(replace(matrix, text_set=text_set_hash(texts)), small_tables.matrix)
    return small_tables


def written(layout: Layout) -> dict[str, bytes]:
    """Return the bytes of all that was written."""
    paths = [*layout.reports.rglob("*.*"), layout.plan]
    return {path.name: path.read_bytes() for path in paths}


def test_stages_write_the_same_bytes_with_one_worker_and_two(project: Layout) -> None:
    """Curves, designs, plan and metrics do not depend on the machine's cores."""
    both = []
    for n_workers in (1, 2):
        set_workers(project, n_workers)
        resample.run(project)
        plan.run(project)
        both.append(written(project))
    assert both[0] == both[1]
    expected = {"resample.csv", "designs.csv", "plan.csv", "resample.json", "plan.json"}
    assert set(both[0]) == expected | {"plan.parquet"}


def test_what_resample_writes(project: Layout) -> None:
    """Three methods on one grid, eleven designs at two sizes, and metrics of both measures."""
    set_workers(project, 1)
    resample.run(project)
    curves = read_csv(project.plot("resample"), RESAMPLE_CURVES)
    assert set(curves["method"]) == {"uniform", "ls", "kl"}
    assert (curves.groupby("method")["n"].max() == 80).all()
    designs = read_csv(project.plot("designs"), DESIGN_ERRORS)
    assert len(designs) == len(DESIGNS) * 2
    metrics = json.loads(project.metrics("resample").read_text())
    assert metrics["n_texts"] == 40
    assert metrics["designs_compared_at_unique_texts"] == 24
    assert {"ls_relative_unique_texts", "kl_absolute_ratio_to_uniform"} <= set(metrics)


def test_what_order_writes(project: Layout) -> None:
    """Every text once, ranks from 1, and a prediction for each size with what was measured."""
    set_workers(project, 1)
    plan.run(project)
    assert sorted(read_table(project.plan, PLAN)["rank"]) == list(range(1, 41))
    errors = read_csv(project.plot("plan"), PLAN_ERRORS)
    assert errors["d"].tolist() == [8, 24]
    assert (np.diff(errors["predicted_error"]) < 0).all()
    metrics = json.loads(project.metrics("plan").read_text())
    assert (
        metrics["texts_for_relative_error"]["10_percent"]
        <= metrics["texts_for_relative_error"]["5_percent"]
    )


def test_a_plan_is_refused_for_texts_of_another_matrix(project: Layout) -> None:
    """The random numbers come from the texts, so they must be the matrix's."""
    texts = read_table(project.texts, TEXTS)
    texts.loc[0, "text"] = "changed"
    write_table(texts, TEXTS, project.texts)
    with pytest.raises(UserError, match=r"texts.parquet is not the text set of matrix.parquet"):
        plan.run(project)


def test_a_method_may_reach_what_uniform_sampling_does_not() -> None:
    """The ratio of the two is then not known."""
    points = pd.DataFrame(
        {
            "measure": "absolute",
            "method": ["uniform", "ls"],
            "n": [np.nan, 8500.0],
            "d": [np.nan, 5033.0],
            "d_ratio_to_uniform": np.nan,
        }
    )
    metrics = meeting_metrics(points, {"absolute": 0.02})
    assert metrics["ls_absolute_unique_texts"] == 5033
    assert metrics["ls_absolute_ratio_to_uniform"] is None
    assert metrics["uniform_absolute_draws"] is None
