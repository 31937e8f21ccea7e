"""The stage: which files it writes, which figures it skips, what a failure leaves."""

import json
from pathlib import Path

import pandas as pd
import pytest
import yaml
from helpers.figure_tables import Contents, made_up_contents, write_contents
from helpers.resampling_tables import made_up_resampling

from modelmap.figures import pca_spectrum, stage
from modelmap.figures.catalogue import FIGURES
from modelmap.figures.entry import MOST_ROWS, write_tables
from modelmap.plumbing.errors import UserError
from modelmap.plumbing.layout import Layout

NAMES = [entry.name for entry in FIGURES]
SECTIONS = {"figures": {"formats": ["svg", "png"], "png_dpi": 60}}


def project(root: Path, contents: Contents) -> Layout:
    """Return a project with these tables and metrics, and those of resampling."""
    layout = Layout(root)
    layout.resolved.write_text(yaml.safe_dump(SECTIONS))
    write_contents(made_up_resampling(contents), layout)
    return layout


def files_in(folder: Path) -> dict[str, bytes]:
    """Return the bytes of every file below a folder, by its path."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


@pytest.mark.parametrize("family_sizes", [{"a": 3, "b": 1}, {"a": 5, "b": 4, "c": 3}])
def test_every_figure_is_drawn_and_indexed(tmp_path: Path, family_sizes: dict[str, int]) -> None:
    """With four models of two families, and with twelve of three: each in every format."""
    layout = project(tmp_path, made_up_contents(family_sizes, ["x", "y"]))
    stage.run(layout)
    index = json.loads((layout.figures / "index.json").read_text())
    assert [entry["name"] for entry in index["figures"]] == NAMES
    assert index["skipped"] == []
    listed = {file for entry in index["figures"] for file in entry["files"]}
    assert set(files_in(layout.figures)) == listed | {"index.json", *index["tables"]}
    assert all(entry["caption"].endswith(".") for entry in index["figures"])


def test_drawing_twice_gives_the_same_bytes_with_text_as_text(tmp_path: Path) -> None:
    """No date, no version, no random ids; names in an SVG file can be searched for."""
    layout = project(tmp_path, made_up_contents({"alpaca": 4, "bear": 1}, ["x", "y"]))
    layout.figures.mkdir(parents=True)
    (layout.figures / "old.svg").touch()
    stage.run(layout)
    first = files_in(layout.figures)
    stage.run(layout)
    assert files_in(layout.figures) == first
    pictures = [file for file in first if not file.startswith("csv/")]
    assert len(pictures) == 2 * len(NAMES) + 1
    assert b">alpaca-1</text>" in first["svg/kl_heatmap.svg"]
    assert not any(b"dc:date" in content for content in first.values())
    assert max(map(len, first.values())) < 100_000


def test_figures_that_need_more_are_skipped_with_the_reason(tmp_path: Path) -> None:
    """One category of texts, and one component."""
    contents = made_up_contents({"a": 4}, ["x"])
    spectrum = contents["spectrum.parquet"].assign(
        variance_share=[1.0, 0.0, 0.0], cumulative_share=1.0
    )
    layout = project(tmp_path, contents | {"spectrum.parquet": spectrum})
    stage.run(layout)
    index = json.loads((layout.figures / "index.json").read_text())
    reasons = {entry["name"]: entry["reason"] for entry in index["skipped"]}
    assert set(reasons) == {"category_bits", "category_differences", "pca_spectrum"}
    assert "2 categories" in reasons["category_bits"]
    assert not (layout.figures / "svg" / "category_bits.svg").exists()


def test_tables_of_figures_are_written_as_csv(tmp_path: Path) -> None:
    """With the columns that figures read, of parquet tables that are not too long for git."""
    layout = project(tmp_path, made_up_contents({"a": 4}, ["x", "y"]))
    stage.run(layout)
    places = pd.read_csv(layout.figures / "csv" / "map.csv")
    written = pd.read_parquet(layout.map)
    assert list(places["model"]) == list(written["model"])
    assert places["x"].to_numpy() == pytest.approx(written["x"].to_numpy(), rel=1e-3)
    assert "revision" not in pd.read_csv(layout.figures / "csv" / "models.csv")
    long = pd.DataFrame({"x": range(MOST_ROWS + 1)})
    tables = {"long.parquet": long, "short.parquet": long[1:], "curve.csv": long}
    used = {name: {"x"} for name in tables}
    assert write_tables(used, tables.__getitem__, tmp_path) == ["csv/short.csv"]


def test_a_failure_leaves_the_earlier_figures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The folder is replaced whole at the end, and nothing else is left beside it."""
    layout = project(tmp_path, made_up_contents({"a": 4}, ["x", "y"]))
    layout.figures.mkdir(parents=True)
    (layout.figures / "old.svg").write_text("earlier")

    def fail(*_: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(pca_spectrum, "draw", fail)
    with pytest.raises(OSError, match="no space"):
        stage.run(layout)
    assert files_in(layout.figures) == {"old.svg": b"earlier"}
    assert {path.name for path in layout.reports.iterdir()} == {"figures", "metrics", "plots"}


def test_tables_of_other_models_are_refused_by_name(tmp_path: Path) -> None:
    """A map of an earlier roster is not drawn with the names of a later one."""
    contents = made_up_contents({"a": 4}, ["x", "y"])
    layout = project(tmp_path, contents)
    stale = contents["map.parquet"].replace({"model": {"a-1": "gone"}})
    write_contents({"map.parquet": stale}, layout)
    with pytest.raises(UserError, match=r"map\.parquet and models\.parquet are of different"):
        stage.run(layout)


@pytest.mark.parametrize("name", ["stability.parquet", "plan.csv", "predict.json"])
def test_a_file_that_was_not_written_is_named(tmp_path: Path, name: str) -> None:
    """In one line, with what to run."""
    layout = project(tmp_path, made_up_contents({"a": 4}, ["x", "y"]))
    next(layout.root.rglob(name)).unlink()
    with pytest.raises(UserError, match=rf"^{name} is missing: run `dvc repro`"):
        stage.run(layout)
