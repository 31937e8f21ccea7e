"""`modelmap plan` from the command line."""

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from helpers import ROOT
from helpers.matrices import made_up

from modelmap.__main__ import main
from modelmap.divergence.kl import squared_distances
from modelmap.divergence.tables import TEXT_IMPORTANCE
from modelmap.matrix.file import LogLikelihoods, read_matrix, write_matrix
from modelmap.plan.mixture_error import mixture_error
from modelmap.plan.ordered_texts import plan_table, size_measure
from modelmap.plan.tables import PLAN
from modelmap.plumbing.layout import Layout
from modelmap.plumbing.tables import empty_table, read_table, write_table

N_TEXTS = 60


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return a project with a matrix and a plan, for the papers' estimate."""
    layout = Layout(tmp_path)
    models = [f"model-{i}" for i in range(6)]
    matrix = LogLikelihoods(made_up(6, N_TEXTS), models, -1e6, 900.0, "texts")
    write_matrix(matrix, layout.matrix)
    coordinates = matrix.coordinates()
    settings = yaml.safe_load((ROOT / "params.yaml").read_text())["plan"]
    size = size_measure(coordinates, squared_distances(coordinates), "relative", 0.1)
    random_numbers = np.random.default_rng(0).random(N_TEXTS)
    write_table(plan_table(size, random_numbers), PLAN, layout.plan)
    layout.resolved.write_text(
        yaml.safe_dump(
            {"plan": {**settings, "size_measure": "relative", "even_share": 0.1, "seed": 1}}
        )
    )
    write_table(empty_table(TEXT_IMPORTANCE), TEXT_IMPORTANCE, layout.text_importance)
    return tmp_path


def test_a_number_of_texts(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The first 20 by rank, with probabilities and weights, and the error to expect."""
    assert main(["--root", str(root), "plan", "--texts", "20"]) == 0
    written = capsys.readouterr()
    chosen = pd.read_csv(io.StringIO(written.out))
    assert chosen["rank"].tolist() == list(range(1, 21))
    assert np.allclose(chosen["weight"] * chosen["probability"], 1)
    assert "20 of 60 texts" in written.err


def test_an_error_gives_the_texts_it_takes(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A smaller error takes more texts, and the file holds them."""
    numbers = []
    for error in ("0.2", "0.1"):
        file = root / "chosen.csv"
        assert main(["--root", str(root), "plan", "--error", error, "--output", str(file)]) == 0
        numbers.append(len(pd.read_csv(file)))
        assert f"{numbers[-1]} of 60 texts" in capsys.readouterr().err
    assert 2 < numbers[0] < numbers[1] < 60


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--texts", "61"], "--texts 61: give a number from 2 to 60"),
        (["--texts", "1"], "--texts 1: give a number from 2 to 60"),
        (["--error", "0"], "--error 0: give a relative error above 0, such as 0.05"),
    ],
)
def test_what_cannot_be_asked_for_is_told_in_one_line(
    root: Path, arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Out of range: one line, non-zero exit, nothing on standard output."""
    assert main(["--root", str(root), "plan", *arguments]) == 1
    written = capsys.readouterr()
    assert written.err == f"modelmap plan: {told}\n"
    assert written.out == ""


def test_a_plan_of_other_texts_is_refused(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A matrix with another number of texts asks for the stage again."""
    models = [f"model-{i}" for i in range(6)]
    other = LogLikelihoods(made_up(6, 50), models, -1e6, 900.0, "texts")
    write_matrix(other, Layout(root).matrix)
    assert main(["--root", str(root), "plan", "--texts", "10"]) == 1
    assert "run `dvc repro plan`" in capsys.readouterr().err


def test_a_plan_that_is_out_of_date_is_refused(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Other log-likelihoods, other settings and a plan with moved rows ask for the stage again."""
    layout = Layout(root)
    matrix, plan = read_matrix(layout.matrix), read_table(layout.plan, PLAN)
    settings = layout.resolved.read_text()
    for change in (
        lambda: write_matrix(
            replace(matrix, loglik_nats=matrix.loglik_nats[:, ::-1]), layout.matrix
        ),
        lambda: layout.resolved.write_text(settings.replace("relative", "uniform")),
        lambda: write_table(plan.iloc[::-1], PLAN, layout.plan),
    ):
        change()
        assert main(["--root", str(root), "plan", "--texts", "10"]) == 1
        written = capsys.readouterr()
        assert "plan.parquet is not of the present matrix and settings: run" in written.err
        assert written.out == ""
        write_matrix(matrix, layout.matrix)
        write_table(plan, PLAN, layout.plan)
        layout.resolved.write_text(settings)


def test_the_error_is_that_of_the_estimate(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Of the mixture where texts have importances, which must be those of the plan's texts."""
    layout = Layout(root)
    importance = np.random.default_rng(1).uniform(0.01, 0.02, N_TEXTS)
    table = pd.DataFrame({"text_id": range(N_TEXTS), "relative_residual": importance})
    write_table(table, TEXT_IMPORTANCE, layout.text_importance)
    assert main(["--root", str(root), "plan", "--texts", "20"]) == 0
    expected = mixture_error(importance, read_table(layout.plan, PLAN), 20)
    assert (
        f"expected relative error of KL divergences is {expected:.3f} " in capsys.readouterr().err
    )
    write_table(table.iloc[:-1], TEXT_IMPORTANCE, layout.text_importance)
    assert main(["--root", str(root), "plan", "--texts", "20"]) == 1
    assert capsys.readouterr().err == (
        "modelmap plan: text_importance.parquet is not of the present plan: run `dvc repro plan`\n"
    )
