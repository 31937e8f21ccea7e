"""The catalogue: what its figures read, and that dvc.yaml depends on the same files."""

from typing import Any

import pandas as pd
import pytest
import yaml
from helpers import ROOT
from helpers.figure_tables import Contents, columns_of, inputs_of, made_up_contents
from helpers.resampling_tables import made_up_resampling

from modelmap.figures.catalogue import FIGURES
from modelmap.figures.entry import FigureEntry
from modelmap.figures.inputs import FOLDERS, Inputs, path_of
from modelmap.figures.stage import of_other_models
from modelmap.plumbing.errors import UserError

STAGE = yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]["figures"]


@pytest.fixture
def contents() -> Contents:
    """Return everything that figures read, of seven models of two families."""
    return made_up_resampling(made_up_contents({"a": 4, "b": 3}, ["x", "y"]))


class RecordingInputs(Inputs):
    """Inputs that keep which columns and files were asked for."""

    columns: dict[str, set[str]]

    def table(self, name: str, *columns: str) -> pd.DataFrame:
        """Return the columns and keep their names."""
        self.columns.setdefault(name, set()).update(columns)
        return super().table(name, *columns)

    def metric(self, name: str, *keys: str) -> Any:
        """Return the metric and keep the name of the file."""
        self.columns.setdefault(name, set())
        return super().metric(name, *keys)


def test_the_stage_depends_on_the_files_of_the_catalogue(contents: Contents) -> None:
    """On all of them, and on no other table or metrics file, but those of the stage's check."""
    listed = {name for entry in FIGURES for name in entry.files}
    checked: set[str] = set()

    def read(name: str) -> Any:
        checked.add(name)
        return contents[name]

    assert of_other_models(read) == []
    files = {dep for dep in STAGE["deps"] if not dep.startswith("src/")}
    assert files == {path_of(name, FOLDERS) for name in listed | checked}


@pytest.mark.parametrize("entry", FIGURES, ids=lambda entry: entry.name)
def test_a_figure_reads_the_files_of_its_line_and_columns_that_exist(
    entry: FigureEntry, contents: Contents
) -> None:
    """All of the files, and only columns that the schemas of these tables have."""
    inputs = RecordingInputs(contents.__getitem__, entry.files)
    object.__setattr__(inputs, "columns", {})
    assert entry.skip_reason(inputs) is None
    entry.drawing.draw(inputs)
    entry.drawing.caption(inputs)
    assert set(inputs.columns) == set(entry.files)
    for name, columns in inputs.columns.items():
        assert name.endswith(".json") or columns <= columns_of(name)


def test_names_are_unique() -> None:
    """A file is named after its figure."""
    assert len({entry.name for entry in FIGURES}) == len(FIGURES)


def test_missing_columns_and_metrics_are_named_with_their_file(contents: Contents) -> None:
    """In one line that lists all of them."""
    inputs = inputs_of(contents)
    with pytest.raises(UserError, match=r"^map\.parquet has no column z, w: run `dvc repro`"):
        inputs.table("map.parquet", "x", "z", "w")
    with pytest.raises(UserError, match=r"^stability\.json has no metric b\.c: run `dvc repro`"):
        inputs.metric("stability.json", "b", "c")
    with pytest.raises(UserError, match=r"^stability\.json has no metric n_runs\.c: run"):
        inputs.metric("stability.json", "n_runs", "c")


def test_a_file_that_the_catalogue_does_not_list_is_not_read(contents: Contents) -> None:
    """Its line would otherwise miss a dependency of the stage."""
    with pytest.raises(ValueError, match=r"does not list kl\.parquet"):
        Inputs(contents.__getitem__, ("map.parquet",)).table("kl.parquet", "model_a")
