"""Scores that a user brings are read, or refused in one line that lists all that is wrong."""

import os
import pickle
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest

from modelmap.plumbing.errors import UserError
from modelmap.predict.scores import MEAN, read_scores


def written(folder: Path, text: str) -> Path:
    """Write a CSV file."""
    path = folder / "scores.csv"
    path.write_text(text, encoding="utf-8")
    return path


def told_by(path: Path) -> str:
    """Return the one line that a file is refused with."""
    with pytest.raises(UserError) as caught:
        read_scores(path)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_csv_gives_scores_by_model_with_their_mean(tmp_path: Path) -> None:
    """Spaces, a byte-order mark and a column of models in the middle are no matter."""
    scores = read_scores(written(tmp_path, "\ufeffARC, model ,MMLU\n50,a,25.5\n 1e1 ,b,0\n"))
    assert scores.index.tolist() == ["a", "b"]
    assert scores.to_dict("list") == {"ARC": [50.0, 10.0], "MMLU": [25.5, 0.0], MEAN: [37.75, 5.0]}


@pytest.mark.parametrize("missing", ["", " ", "nan", "NaN", "NA"])
def test_a_missing_score_is_missing_in_the_mean_too(tmp_path: Path, missing: str) -> None:
    """As the papers have it: a model without one benchmark has no mean."""
    scores = read_scores(written(tmp_path, f"model,ARC,MMLU\na,50,{missing}\nb,1,2\n"))
    assert scores.loc["a"].isna().tolist() == [False, True, True]
    assert scores.loc["b"].tolist() == [1.0, 2.0, 1.5]


def test_one_benchmark_has_no_mean_and_a_mean_given_is_kept(tmp_path: Path) -> None:
    """A mean of one number is that number; a mean in the file stands."""
    assert list(read_scores(written(tmp_path, "model,ARC\na,50\n"))) == ["ARC"]
    given = read_scores(written(tmp_path, f"model,ARC,{MEAN}\na,50,7\n"))
    assert given[MEAN].tolist() == [7.0]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("name,ARC\na,1\n", "scores.csv has no column model; its columns are name, ARC"),
        ("model,model\na,b\n", "scores.csv has the column model twice: remove one"),
        ("model,ARC,ARC\na,1,2\n", "scores.csv has these more than once: ARC"),
        ("model,ARC\na,1\nb,1\na,2\nb,2\n", "scores.csv has these more than once: a, b"),
        (
            "model,ARC,MMLU\na,1,high\nb,-0.1,100.5\nc,inf,2\n",
            "scores.csv: MMLU of a is 'high', ARC of b is '-0.1', MMLU of b is '100.5', "
            "ARC of c is 'inf'; a score is a number from 0 to 100, or empty",
        ),
        (
            "model,ARC,MMLU\na,1,\nb,2,nan\n",
            "scores.csv: no model has a score for MMLU; remove these columns",
        ),
        (
            "model,mean log-likelihood\na,1\n",
            "scores.csv: a benchmark must have a name other than 'mean log-likelihood'",
        ),
        (
            "model,ARC,\na,1,2\n",
            "scores.csv: a benchmark must have a name other than 'mean log-likelihood'",
        ),
        (
            "model,ARC\n",
            "scores.csv has no scores: it needs a row per model and a column per benchmark",
        ),
        (
            "model\na\n",
            "scores.csv has no scores: it needs a row per model and a column per benchmark",
        ),
        (
            "",
            "scores.csv is not a CSV table in UTF-8: No columns to parse from file",
        ),
        (
            "model,ARC\na,1,2\n",
            "scores.csv is not a CSV table in UTF-8: Error tokenizing data. C error: Expected 2 "
            "fields in line 2, saw 3",
        ),
    ],
)
def test_every_fault_of_a_csv_is_told(tmp_path: Path, text: str, told: str) -> None:
    """Columns, doubled models, cells that are no score, and files that are no table."""
    assert told_by(written(tmp_path, text)) == told


def test_a_file_that_is_not_there_or_not_utf_8_is_told(tmp_path: Path) -> None:
    """The place to put it is named."""
    assert told_by(tmp_path / "mine.csv") == (
        "no scores at data/raw/mine.csv: put the file there, or change predict.targets"
    )
    path = tmp_path / "latin.csv"
    path.write_bytes("model,ARC\né,1\n".encode("latin1"))
    assert told_by(path).startswith("latin.csv is not a CSV table in UTF-8: ")


def metadata(folder: Path, rows: object, protocol: int = 4) -> Path:
    """Write a pickle as the authors' metadata."""
    path = folder / "model-data.pkl"
    path.write_bytes(pickle.dumps(rows, protocol))
    return path


@pytest.mark.parametrize("protocol", range(3, pickle.HIGHEST_PROTOCOL + 1))
def test_the_authors_metadata_gives_their_benchmarks_and_their_mean(
    tmp_path: Path, protocol: int
) -> None:
    """Scores may be Python's or numpy's, or missing; what else a model has is not read."""
    rows = [
        {
            "model_name": "a",
            "created_at": datetime(2024, 1, 2),
            "tags": ["x"],
            "log-likelihood-10k": np.array([-1.0, -2.0]),
            "mean_logp": np.float64(-1.5),
            "score_v1_ARC": np.float64(50.0),
            "score_v1_6-taskmean": 40.0,
        },
        {"model_name": "b", "score_v1_ARC": None, "score_v1_6-taskmean": float("nan")},
    ]
    scores = read_scores(metadata(tmp_path, rows, protocol))
    assert list(scores) == ["ARC", MEAN]
    assert scores.loc["a"].tolist() == [50.0, 40.0]
    assert scores.loc["b"].isna().all()


class Calls:
    """Pickles as a call of a shell command."""

    def __init__(self, command: str) -> None:
        self.command = command

    def __reduce__(self) -> tuple[object, ...]:
        return os.system, (self.command,)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_hostile_pickle_is_refused_and_runs_nothing(tmp_path: Path, protocol: int) -> None:
    """A command among the models, or inside an array of objects, is named and not run."""
    marker = tmp_path / "marker"
    hostile = Calls(f"touch {marker}")
    inside = np.array([hostile], dtype=object)
    for value in (hostile, inside):
        path = metadata(tmp_path, [{"model_name": "a", "score_v1_ARC": value}], protocol)
        told = told_by(path)
        assert told.startswith(f"{path.name}: refused a pickle that would load ")
        assert told.endswith("which is not allowed")
    assert not marker.exists()


@pytest.mark.parametrize("name", ["a\0b", "\x1b[2J", "\ud800", "a\nb", " "], ids=ascii)
def test_a_name_that_no_figure_can_show_is_told(tmp_path: Path, name: str) -> None:
    """Of a benchmark or of a model, in the authors' metadata and in a CSV file."""
    path = tmp_path / "scores.pkl"
    told = "not the name of a model or benchmark: "
    path.write_bytes(pickle.dumps([{"model_name": "a", f"score_v1_{name}": 5.0}]))
    assert told in told_by(path)
    path.write_bytes(pickle.dumps([{"model_name": name, "score_v1_ARC": 5.0}]))
    assert told in told_by(path)
    if name not in ("\ud800", " "):
        for table in (f'model,"x{name}"\na,5\n', f'model,ARC\n"x{name}",5\n'):
            assert told in told_by(written(tmp_path, table))


@pytest.mark.parametrize(
    ("cell", "shown"),
    [
        (10**5000, "int"),
        (-(10**400), "int"),
        ("\ud800", "\\\\ud800"),
        ("9" * 2_000_000, "999"),
        (True, "True"),
        (b"5", "bytes"),
    ],
    ids=["5000 digits", "400 digits", "surrogate", "long text", "true", "bytes"],
)
def test_a_cell_of_the_metadata_that_is_no_score_is_told(
    tmp_path: Path, cell: object, shown: str
) -> None:
    """Whatever it is, with its model and benchmark."""
    path = tmp_path / "scores.pkl"
    path.write_bytes(pickle.dumps([{"model_name": "a", "score_v1_ARC": cell}]))
    assert told_by(path).startswith(f"scores.pkl: ARC of a is '{shown}")


def test_metadata_of_too_many_benchmarks_is_told(tmp_path: Path) -> None:
    """As a CSV file of too many columns."""
    path = tmp_path / "scores.pkl"
    row = {"model_name": "a", **{f"score_v1_{i}": 5.0 for i in range(100_000)}}
    path.write_bytes(pickle.dumps([row]))
    assert told_by(path) == "scores.pkl has 100000 benchmarks, and at most 1000 are read"


@pytest.mark.parametrize("rows", [{"a": 1}, [1], [{"name": "a"}]])
def test_a_pickle_of_something_else_is_told(tmp_path: Path, rows: object) -> None:
    """Such as the authors' other files."""
    assert told_by(metadata(tmp_path, rows)) == (
        "model-data.pkl is not a list of models with a model_name each: "
        "it must be the authors' metadata, or a CSV file"
    )
