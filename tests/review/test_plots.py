"""Metrics and plots of dvc.yaml: what is declared is written, and every template can draw it."""

import json
import re
from typing import Any

import pytest
import yaml
from dvc_render.vega import VegaRenderer
from helpers import ROOT

from modelmap.figures.sampling_methods import COLOURS
from modelmap.review.dictionary import FILES

PIPELINE: dict[str, Any] = yaml.safe_load((ROOT / "dvc.yaml").read_text())
TEMPLATES = ROOT / ".dvc" / "plots"
PLOTS = [entry for entry in PIPELINE["plots"] if isinstance(entry, dict)]
FOLDERS = [entry for entry in PIPELINE["plots"] if isinstance(entry, str)]


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


def test_all_figures_are_plots_and_nothing_else() -> None:
    """DVC shows every file of a folder, so the one of SVG files holds just the drawn figures."""
    assert FOLDERS == ["reports/figures/svg"]
    index = json.loads((ROOT / "reports/figures/index.json").read_text())
    names = [entry["name"] for entry in index["figures"]]
    files = [path.name for path in (ROOT / FOLDERS[0]).iterdir()]
    assert sorted(files) == sorted(f"{name}.svg" for name in names)


def test_templates_give_methods_the_colours_of_figures() -> None:
    """In the order of the data, so that a new method needs no edit of a template."""
    for name in ("designs", "methods", "prediction"):
        content = json.loads((TEMPLATES / f"{name}.json").read_text())
        color = content.get("spec", content)["encoding"]["color"]
        assert color["scale"] == {"range": list(COLOURS)}
        assert color["sort"] is None


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
        {**dict.fromkeys(columns, 1.0), "rev": rev, "field": field}
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
