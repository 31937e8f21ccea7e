"""Metrics and plots of dvc.yaml: what is declared is written, and every template can draw it."""

import json
import re
from typing import Any

import pytest
import yaml
from dvc_render.vega import VegaRenderer
from helpers import ROOT

from modelmap.review.dictionary import FILES

PIPELINE: dict[str, Any] = yaml.safe_load((ROOT / "dvc.yaml").read_text())
TEMPLATES = ROOT / ".dvc" / "plots"
PLOTS = [entry for entry in PIPELINE["plots"] if isinstance(entry, dict)]
IMAGES = [entry for entry in PIPELINE["plots"] if isinstance(entry, str)]
# Two revisions, and for each of these columns the values templates know.
KNOWN = {"method": ["uniform", "ls", "kl"], "size_measure": ["uniform", "ls", "kl", "relative"]}


def outputs(folder: str) -> set[str]:
    """Return the outputs of all stages below a folder."""
    outs = [out for stage in PIPELINE["stages"].values() for out in stage["outs"]]
    paths = {next(iter(out)) if isinstance(out, dict) else out for out in outs}
    return {path for path in paths if path.startswith(folder)}


def source(plot: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Return a plot's CSV file and what it draws of it."""
    ((_, drawn),) = plot.items()
    (file,) = drawn["y"]
    return file, drawn


def test_every_metrics_file_is_declared_once_at_the_top() -> None:
    """And none by a stage, where it is an output like others."""
    assert set(PIPELINE["metrics"]) == outputs("reports/metrics/")
    assert len(PIPELINE["metrics"]) == len(set(PIPELINE["metrics"]))
    assert not any("metrics" in stage for stage in PIPELINE["stages"].values())


def test_figures_that_are_plots_are_drawn() -> None:
    """The SVG of every figure in the index, and no other."""
    index = json.loads((ROOT / "reports/figures/index.json").read_text())
    names = [entry["name"] for entry in [*index["figures"], *index["skipped"]]]
    assert sorted(IMAGES) == sorted(f"reports/figures/{name}.svg" for name in names)


@pytest.mark.parametrize("plot", PLOTS, ids=lambda plot: next(iter(plot)))
def test_every_plot_draws_columns_of_its_table_by_a_template_that_is_filled(
    plot: dict[str, Any],
) -> None:
    """Axes and groups are columns of the CSV, and no anchor is left in the specification."""
    file, drawn = source(plot)
    assert file in outputs("reports/plots/")
    columns = set(FILES[f"../{file}"].columns)
    (template,) = [drawn["template"]]
    y = drawn["y"][file]
    x = drawn["x"] if isinstance(drawn["x"], str) else drawn["x"][file]
    assert {x, *([y] if isinstance(y, str) else y)} <= columns
    rows = [
        {**{name: KNOWN.get(name, [1.0])[0] for name in columns}, "rev": rev, "field": field}
        for rev in ("main", "workspace")
        for field in ([y] if isinstance(y, str) else y)
    ]
    one = y if isinstance(y, str) else y[0]
    names = {"x": x, "y": one, "template": template, "template_dir": str(TEMPLATES)}
    definitions = [{"filename": file, "field": field} for field in ([y] if one == y else y)]
    spec = VegaRenderer(
        rows,
        "plot",
        title="t",
        x_label="x",
        y_label="y",
        anchors_y_definitions=definitions,
        **names,
    ).get_filled_template()
    assert "<DVC_METRIC" not in json.dumps(spec)
    assert spec["data"]["values"] == rows
    own = TEMPLATES / f"{template}.json"
    if own.is_file():
        named = set(re.findall(r'"field": "(\w+)"', own.read_text()))
        assert named <= columns | {"rev"}


def test_every_template_of_the_project_is_used() -> None:
    """None is left over."""
    used = {source(plot)[1]["template"] for plot in PLOTS}
    assert {path.stem for path in TEMPLATES.glob("*.json")} <= used
