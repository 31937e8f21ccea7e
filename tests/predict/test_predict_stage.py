"""The stage predict: what it writes of held-out categories and of a user's scores."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from helpers import ROOT

from modelmap.matrix.assemble import category_bits
from modelmap.matrix.clip_centre import clip_threshold
from modelmap.matrix.file import LogLikelihoods, write_matrix
from modelmap.matrix.tables import CATEGORY_BITS, MODELS
from modelmap.plumbing.errors import UserError
from modelmap.plumbing.files import checked
from modelmap.plumbing.layout import Layout
from modelmap.plumbing.tables import read_csv, read_table, write_table
from modelmap.predict import stage
from modelmap.predict.correlation import ALL_TEXTS, BASELINE, correlations
from modelmap.predict.settings import HELD_OUT, PredictSettings
from modelmap.predict.tables import PREDICTION_CURVES, PREDICTION_TABLE, PREDICTIONS
from modelmap.predict.targets import MEAN_LOGLIK
from modelmap.texts.tables import TEXTS
from modelmap.texts.text_set import text_set_hash

N_MODELS, N_TEXTS = 16, 60
NAMES = [f"m{i:02}" for i in range(N_MODELS)]
CATEGORIES = ("news", "code", "bible")
Make = Callable[..., Layout]


@pytest.fixture
def project(tmp_path: Path) -> Make:
    """Return a function that makes a project of 16 models and 60 texts of three categories."""

    def make(targets: str = HELD_OUT, n_families: int = 4) -> Layout:
        layout = Layout(tmp_path)
        rng = np.random.default_rng(3)
        texts = pd.DataFrame(
            {
                "text_id": range(N_TEXTS),
                "text": [f"text {i}" for i in range(N_TEXTS)],
                "category": [CATEGORIES[i % 3] for i in range(N_TEXTS)],
                "source": "s",
                "source_version": "",
                "source_path": "",
                "document_id": [f"d{i}" for i in range(N_TEXTS)],
                "chunk_index": 0,
                "n_bytes": 100,
            }
        )
        write_table(texts, TEXTS, layout.texts)
        skill, style = rng.standard_normal((2, N_MODELS, 1))
        values = -100 + skill * rng.uniform(0, 10, N_TEXTS)
        values += style * rng.standard_normal(N_TEXTS)
        values += 0.3 * rng.standard_normal((N_MODELS, N_TEXTS))
        text_set = text_set_hash(texts["text"])
        matrix = LogLikelihoods(values, NAMES, clip_threshold(values, 0.02), 100.0, text_set)
        write_matrix(matrix, layout.matrix)
        bits = category_bits(values, NAMES, texts["category"], texts["n_bytes"])
        write_table(bits, CATEGORY_BITS, layout.category_bits)
        models = pd.DataFrame(
            {
                "model": NAMES,
                "family": [f"f{i % n_families}" for i in range(N_MODELS)],
                "parent": None,
                "kind": "base",
                "created": None,
                "n_params": 1,
                "dtype": "float32",
                "revision": "r",
                "added_bos": True,
                "n_texts": N_TEXTS,
            }
        ).astype({"parent": "str", "created": "str"})
        write_table(models, MODELS, layout.models)
        settings: dict[str, Any] = {
            "targets": targets,
            "split_seeds": [0, 1],
            "score_alphas": [1, 3, 5],
            "loglik_alphas": [-4, 0, 4],
            "sizes": [1000, 10_000],
        }
        content = {"predict": settings, "matrix": {"clip_quantile": 0.02}}
        layout.resolved.write_text(yaml.safe_dump(content))
        (layout.conf / "hardware").mkdir(parents=True)
        (layout.conf / "hardware.yaml").write_text(
            (ROOT / "conf" / "hardware.yaml").read_text().replace("  - optional local: default", "")
        )
        cpu = (ROOT / "conf" / "hardware" / "cpu.yaml").read_text()
        (layout.conf / "hardware" / "cpu.yaml").write_text(
            cpu.replace("workers: auto", "workers: 1")
        )
        layout.raw.mkdir(parents=True)
        return layout

    return make


def told(layout: Layout) -> dict[str, Any]:
    """Return the metrics."""
    content: dict[str, Any] = json.loads(layout.metrics("predict").read_text())
    return content


def test_held_out_categories_are_predicted_and_told_in_every_output(project: Make) -> None:
    """Tables, plots and metrics hold the same three targets, and agree with one another."""
    layout = project()
    stage.run(layout)
    predictions = read_table(layout.predictions, PREDICTIONS)
    curves = read_csv(layout.plot("prediction"), PREDICTION_CURVES)
    shares = read_csv(layout.plot("prediction_table"), PREDICTION_TABLE)
    metrics = told(layout)
    assert set(predictions["target"]) == set(curves["target"]) == set(CATEGORIES)
    assert predictions.groupby("target")["model"].apply(list).tolist() == [NAMES] * 3
    assert set(curves["method"]) == {"uniform", "ls", "kl", ALL_TEXTS, BASELINE}
    assert shares[["target", "share", "n"]].to_numpy().tolist() == [
        [target, share, n] for target in sorted(CATEGORIES) for share, n in (("N/10", 4), ("N", 40))
    ]
    assert metrics["skipped"] == {}
    assert metrics["targets"]["news"]["n_texts"] == 40
    assert metrics["targets"]["news"]["n_folds"] == 4
    whole = curves[(curves["method"] == ALL_TEXTS) & (curves["target"] == "news")].iloc[0]
    assert metrics["targets"]["news"]["pearson"] == pytest.approx(whole["pearson"], abs=1e-3)
    assert metrics["targets"]["news"]["pearson"] > 0.9


def test_the_truth_is_the_bits_per_byte_and_a_family_is_in_one_fold(project: Make) -> None:
    """The first split's predictions have the correlation of one of the splits."""
    layout = project()
    stage.run(layout)
    predictions = read_table(layout.predictions, PREDICTIONS)
    bits = read_table(layout.category_bits, CATEGORY_BITS)
    merged = predictions.merge(
        bits, left_on=["target", "model"], right_on=["category", "model"], validate="1:1"
    )
    assert merged["truth"].tolist() == merged["bits_per_byte"].tolist()
    assert len(merged) == 3 * N_MODELS
    family = predictions["model"].str[1:].astype(int) % 4
    assert (predictions.groupby(["target", family])["fold"].nunique() == 1).all()
    news = predictions[predictions["target"] == "news"]
    first, _ = correlations(news["prediction"].to_numpy(), news["truth"].to_numpy())
    metrics = told(layout)["targets"]["news"]
    assert abs(first - metrics["pearson"]) <= metrics["pearson_sd"] + 1e-3


def test_a_csv_of_scores_replaces_the_categories(project: Make) -> None:
    """Benchmarks, their mean and the mean log-likelihood; who has no score is dropped and told."""
    layout = project("scores.csv")
    rows = [f"{name},{20 + 3 * i},{'' if i == 2 else 90 - i}" for i, name in enumerate(NAMES[:14])]
    text = "\n".join(["model,ARC,MMLU", *rows, "other,1,2", ""])
    (layout.raw / "scores.csv").write_text(text)
    stage.run(layout)
    metrics = told(layout)
    counts = {name: target["n_models"] for name, target in metrics["targets"].items()}
    assert counts == {"ARC": 14, "MMLU": 13, "mean of benchmarks": 13, MEAN_LOGLIK: 16}
    assert metrics["models_without_scores"] == "m14, m15"
    assert metrics["n_scores_of_no_model"] == 1
    assert metrics["scores_of_no_model"] == "other"
    assert "pearson_alone" in metrics["targets"]["ARC"]
    assert "pearson_alone" not in metrics["targets"][MEAN_LOGLIK]
    benchmarks = [target for name, target in metrics["targets"].items() if name != MEAN_LOGLIK]
    for mean, one in (("mean_pearson", "pearson"), ("mean_pearson_alone", "pearson_alone")):
        expected = np.mean([target[one] for target in benchmarks])
        assert metrics[mean] == pytest.approx(expected, abs=1e-3)
    predictions = read_table(layout.predictions, PREDICTIONS)
    scores = predictions[predictions["target"] != MEAN_LOGLIK]["prediction"]
    assert scores.between(0, 100).all()


def test_scores_of_other_models_only_are_refused(project: Make) -> None:
    """Names that do not match are shown from both sides."""
    layout = project("scores.csv")
    (layout.raw / "scores.csv").write_text("model,ARC\nM00,1\nM01,2\n")
    with pytest.raises(UserError) as caught:
        stage.run(layout)
    assert str(caught.value) == (
        "scores.csv has scores of none of the map's models: it has M00, M01, "
        "and the map has m00, m01, m02, m03, m04 and 11 more"
    )


def test_one_family_is_skipped_with_the_reason_and_empty_outputs(project: Make) -> None:
    """Nothing fails, and every output is there for the figures to skip."""
    layout = project(n_families=1)
    stage.run(layout)
    metrics = told(layout)
    reason = "needs models of at least 2 families, and there are 1"
    assert metrics["skipped"] == dict.fromkeys(sorted(CATEGORIES), reason)
    assert metrics["targets"] == {}
    assert metrics["mean_pearson"] is None
    assert read_table(layout.predictions, PREDICTIONS).empty
    assert read_csv(layout.plot("prediction"), PREDICTION_CURVES).empty
    assert read_csv(layout.plot("prediction_table"), PREDICTION_TABLE).empty


def test_texts_of_another_set_are_refused(project: Make) -> None:
    """Categories of other texts would be held out."""
    layout = project()
    texts = read_table(layout.texts, TEXTS)
    texts.loc[0, "text"] = "another"
    write_table(texts, TEXTS, layout.texts)
    with pytest.raises(UserError, match=r"texts\.parquet is not the text set"):
        stage.run(layout)


def test_bits_of_other_models_are_refused(project: Make) -> None:
    """A table without one of the matrix's models, or without one of its categories."""
    layout = project()
    bits = read_table(layout.category_bits, CATEGORY_BITS)
    for part in (bits[bits["model"] != NAMES[0]], bits.iloc[1:]):
        write_table(part, CATEGORY_BITS, layout.category_bits)
        with pytest.raises(UserError, match=r"category_bits\.parquet and matrix\.parquet are of"):
            stage.run(layout)


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("targets", "scores.txt", "neither 'held-out categories' nor the name of a .csv or .pkl"),
        ("targets", "../scores.csv", "neither 'held-out categories' nor the name"),
        ("split_seeds", [], "at least 1 item"),
        ("sizes", [100, 50], "values must ascend, without repetitions"),
        ("score_alphas", [1, 1], "values must ascend, without repetitions"),
        ("sizes", [20_000], "less than or equal to 10000"),
        ("split_seeds", [2**32], "less than or equal to 4294967295"),
        ("score_alphas", [400], "less than or equal to 300"),
        ("loglik_alphas", [-400], "greater than or equal to -300"),
    ],
)
def test_wrong_settings_are_told(key: str, value: object, told: str) -> None:
    """Each by the key it is of."""
    shipped = yaml.safe_load((ROOT / "params.yaml").read_text())["predict"]
    checked(PredictSettings, shipped, "params.yaml")
    with pytest.raises(UserError, match="params") as caught:
        checked(PredictSettings, {**shipped, key: value}, "params.yaml")
    assert key in str(caught.value)
    assert told in str(caught.value)
