"""Analysis stages on data that are valid, but of which little or nothing can be estimated."""

import json
import shutil
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import numpy as np
import pandas as pd
import pytest
import yaml
from helpers import ROOT
from helpers.local_hardware import set_workers
from helpers.tables import write_even_segments

from modelmap.divergence.tables import KL
from modelmap.map.tables import MAP, SPECTRUM
from modelmap.matrix.assemble import category_bits
from modelmap.matrix.clip_centre import clip_threshold
from modelmap.matrix.file import LogLikelihoods, write_matrix
from modelmap.matrix.tables import CATEGORY_BITS, MODELS
from modelmap.models.file import roster_text
from modelmap.new_models.tables import NEW_MODEL_ERRORS, NEW_MODELS
from modelmap.plan.tables import PLAN, PLAN_ERRORS
from modelmap.plumbing.arrays import Matrix
from modelmap.plumbing.errors import UserError
from modelmap.plumbing.files import write_json
from modelmap.plumbing.layout import Layout
from modelmap.plumbing.tables import empty_table, read_csv, read_table, write_csv, write_table
from modelmap.predict.tables import PREDICTION_CURVES, PREDICTIONS
from modelmap.resample.tables import DESIGN_ERRORS, RESAMPLE_CURVES
from modelmap.stability.tables import STABILITY
from modelmap.studies.coverage.tables import COVERAGE
from modelmap.studies.few_texts.tables import FEW_TEXTS
from modelmap.studies.interpolation.tables import INTERPOLATION
from modelmap.studies.kl_truth.tables import KL_PRETRAINED, KL_TRUTH
from modelmap.studies.leakage.tables import LEAKAGE
from modelmap.studies.place_eval.tables import PLACE_EVAL
from modelmap.studies.text_count.tables import TEXT_COUNT
from modelmap.studies.trajectories.tables import TRAJECTORIES
from modelmap.texts.tables import TEXTS
from modelmap.texts.text_set import text_set_hash

pytestmark = pytest.mark.pipeline

STAGES = ("divergence", "map", "resample", "plan", "stability", "new_models", "predict")
OF_ESTIMATE = ("divergence", "map", "plan")
"""Stages that read the setting divergence.estimate."""
OF_MODELS = {
    "few_texts": FEW_TEXTS,
    "interpolation": INTERPOLATION,
    "leakage": LEAKAGE,
    "trajectories": TRAJECTORIES,
}
"""Studies that score models."""
STUDIES = ("studies.coverage", "studies.place_eval", "studies.text_count")
FIGURES = ("figures", "studies.figures")
NO_DIFFERENCE = "needs models that differ, and all squared distances between them are 0"
SECTIONS: dict[str, dict[str, Any]] = {
    "texts": {"n_texts": "all", "seed": 1, "shares": None},
    "matrix": {"clip_quantile": 0.0},
    "divergence": {
        **{"estimate": "papers", "n_neighbours": 2, "linkage": "average", "confidence": 0.95}
    },
    "map": {
        "seed": 1,
        "metric": "euclidean",
        "algorithm": "exact",
        "early_exaggeration": 4,
        "max_perplexity": 30,
        "max_iter": 250,
        "n_near": 2,
    },
    "stability": {
        "seed": 1,
        "n_runs": 2,
        "max_iter": 250,
        "settings": [{"method": "uniform", "draws": 0.1}, {"method": "ls", "draws": 0.1}],
    },
    "resample": {"n_runs": 2, "seed": 1, "n_design_runs": 2, "unique_shares": [0.1, 0.6, 0.8]},
    "plan": {
        "seed": 1,
        "size_measure": "relative",
        "even_share": 0.1,
        "checked_shares": [0.1, 0.6, 0.8],
        "n_checks": 2,
    },
    "new_models": {"share": 0.34, "draws": 0.1, "n_runs": 2},
    "predict": {
        "targets": "held-out categories",
        "split_seeds": [0],
        "score_alphas": [1, 3],
        "loglik_alphas": [-4, 0],
        "sizes": [1000, 10_000],
    },
    "coverage": {
        "seed": 1,
        "n_populations": 2,
        "copies": 2,
        "n_replications": 2000,
        "max_pairs": 3,
        "part_shares": [0.1, 0.5],
    },
    "text_count": {
        "seed": 1,
        "n_parts": 2,
        "n_runs": 2,
        "error": 0.05,
        "even_share": 0.1,
        "shares": [0.1, 1.0],
    },
    "place_eval": {"seed": 1, "n_samples": 1, "sizes": [4], "paper_sizes": [4]},
    "figures": {"formats": ["svg"], "png_dpi": 50},
}


def texts_table(n_texts: int) -> pd.DataFrame:
    """Return texts of two categories in turn, each from a document of its own."""
    frame = pd.DataFrame({"text_id": range(n_texts)})
    frame["text"] = [f"Text {i}." for i in range(n_texts)]
    frame["category"] = ["ab"[i % 2] for i in range(n_texts)]
    frame["source"] = frame["source_version"] = frame["source_path"] = ""
    frame["document_id"] = [f"d{i}" for i in range(n_texts)]
    frame["chunk_index"], frame["n_bytes"] = 0, 900
    return frame[list(TEXTS.columns)]


def project(
    root: Path, values: Matrix, names: Sequence[str] = (), **changes: dict[str, Any]
) -> Layout:
    """Return a project with a matrix, its texts and models, and changed sections of settings.

    `names` are names of models, and of their families; without them they are numbered.
    """
    layout = Layout(root)
    shutil.copytree(ROOT / "conf", layout.conf, ignore=shutil.ignore_patterns("local"))
    set_workers(layout, 1)
    sections = {key: {**section, **changes.get(key, {})} for key, section in SECTIONS.items()}
    layout.resolved.write_text(yaml.safe_dump(sections))
    n_models, n_texts = values.shape
    families = list(names) or [f"f{i % 4}" for i in range(n_models)]
    names, texts = list(names) or [f"m{i}" for i in range(n_models)], texts_table(n_texts)
    threshold = clip_threshold(values, sections["matrix"]["clip_quantile"])
    write_table(texts, TEXTS, layout.texts)
    matrix = LogLikelihoods(values, names, threshold, 900.0, text_set_hash(texts["text"]))
    write_matrix(matrix, layout.matrix)
    write_even_segments(matrix, texts, layout)
    models = pd.DataFrame({"model": names, "family": families})
    models = models.assign(parent=None, kind="base", created=None, n_params=1, dtype="float32")
    models = models.assign(revision="0" * 64, added_bos=False, n_texts=n_texts)
    write_table(models.astype({"parent": "str", "created": "str"}), MODELS, layout.models)
    bits = category_bits(values, names, texts["category"], texts["n_bytes"])
    write_table(bits, CATEGORY_BITS, layout.category_bits)
    counts = {"n_models": n_models, "n_texts": n_texts, "mean_bytes": 900.0}
    counts["n_models_with_all_texts"] = n_models
    write_json(layout.metrics("matrix"), counts)
    write_csv(empty_table(KL_TRUTH), KL_TRUTH, layout.study("kl_truth", "csv"))
    write_csv(empty_table(KL_PRETRAINED), KL_PRETRAINED, layout.study("kl_pretrained", "csv"))
    write_json(layout.study("kl_truth", "json"), {})
    # There are no models to load or to train.
    layout.roster.write_text(roster_text([]))
    for study, schema in OF_MODELS.items():
        write_csv(empty_table(schema), schema, layout.study(study, "csv"))
        write_json(layout.study(study, "json"), {"skipped": "needs models"})
    return layout


def run_all(layout: Layout) -> None:
    """Run all analysis stages, the studies of the matrix and the figures of both."""
    for name in (*STAGES, *STUDIES, *FIGURES):
        import_module(f"modelmap.{name}.stage").run(layout)


def metrics(layout: Layout, stage: str) -> dict[str, Any]:
    """Return the metrics of a stage."""
    content: dict[str, Any] = json.loads(layout.metrics(stage).read_text())
    return content


def random_values(n_models: int = 8, n_texts: int = 40) -> Matrix:
    """Return log-likelihoods of models that all differ."""
    return -700 + 50 * np.random.default_rng(0).standard_normal((n_models, n_texts))


def with_columns(**columns: float) -> Matrix:
    """Return models that differ on a few texts only, in proportion to the number of the model."""
    values = np.full((8, 40), -700.0)
    for text, slope in columns.items():
        values[:, int(text.removeprefix("text"))] += slope * np.arange(8)
    return values


def with_clones(*clones: int) -> Matrix:
    """Return random log-likelihoods in which some models are the same as model 0."""
    values = random_values()
    values[list(clones)] = values[0]
    return values


def noisy_pair(noise: float) -> Matrix:
    """Return models that differ much on two texts, without changed row means, else by `noise`."""
    values = with_columns(text3=-10.0, text4=10.0)
    return values + noise * np.random.default_rng(0).standard_normal(values.shape)


CASES: dict[str, Matrix] = {
    "2 texts": random_values(5, 2),
    "3 texts and 4 models": random_values(4, 3),
    "4 texts": random_values(8, 4),
    "a constant text": np.where(np.arange(40) == 5, -700.0, random_values()),
    "all models identical": with_clones(*range(8)),
    "all values equal": np.full((8, 40), -700.1),
    "models that differ by a constant": with_clones(*range(8)) - np.arange(8)[:, None],
    "all models identical but the last": with_clones(*range(7)),
    "all models identical but the first": random_values()[[0, 1, 1, 1, 1, 1, 1, 1]],
    "two groups of identical models": random_values()[[0, 0, 0, 0, 1, 1, 1, 1]],
    "the new models identical": random_values()[[0, 1, 2, 3, 4, 5, 5, 5]],
    "one text differs": with_columns(text3=-1000.0),
    "two opposite texts differ": with_columns(text3=-10.0, text4=10.0),
    "one text rules": with_columns(text3=-1000.0)
    + 1e-9 * np.random.default_rng(0).standard_normal((8, 40)),
    "two texts rule": noisy_pair(1e-3),
    "two texts rule strongly": noisy_pair(1e-8),
    "one category agrees": np.where(np.arange(40) % 2 == 0, -700.0, random_values()),
    "differences that float32 does not show": -700 + 1e-9 * (random_values() + 700),
    "magnitudes of 1e-300": 1e-303 * random_values(),
    "magnitudes of 1e-150": 1e-153 * random_values(),
    "magnitudes of 1e15": 1e12 * random_values(),
}


@pytest.mark.filterwarnings("error::RuntimeWarning")
@pytest.mark.parametrize("case", CASES)
def test_no_stage_stops(case: str, tmp_path: Path) -> None:
    """Every analysis stage and study finishes, and divides by no 0 on the way."""
    run_all(project(tmp_path, CASES[case]))


@pytest.mark.filterwarnings("error::RuntimeWarning")
@pytest.mark.parametrize("case", CASES)
def test_no_stage_stops_at_the_mixture_estimate(case: str, tmp_path: Path) -> None:
    """Those that read it finish too, whether or not the papers' estimate is 0."""
    layout = project(tmp_path, CASES[case], divergence={"estimate": "mixture"})
    for name in OF_ESTIMATE:
        import_module(f"modelmap.{name}.stage").run(layout)


def test_only_models_that_are_identical_by_the_chosen_estimate_are_skipped(
    tmp_path: Path,
) -> None:
    """A constant difference is 0 by the papers' estimate; float32 does not show 1e-9 nats."""
    skipped = {}
    for case in ("models that differ by a constant", "differences that float32 does not show"):
        layout = project(tmp_path / case, CASES[case], divergence={"estimate": "mixture"})
        for name in OF_ESTIMATE:
            import_module(f"modelmap.{name}.stage").run(layout)
        skipped[case] = [metrics(layout, stage).get("skipped") for stage in ("map", "plan")]
    assert list(skipped.values()) == [[None, None], [NO_DIFFERENCE, NO_DIFFERENCE]]


@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_texts_on_which_all_models_agree_can_be_planned_without_an_even_share(
    tmp_path: Path,
) -> None:
    """Their size measure is 0; they come after the texts that differ, in random order."""
    values = with_columns(text3=-10.0, text4=10.0)
    layout = project(tmp_path, values, plan={"even_share": 0.0, "size_measure": "ls"})
    run_all(layout)
    plan = read_table(layout.plan, PLAN)
    assert set(plan.loc[plan["rank"] <= 2, "text_id"]) == {3, 4}
    errors = read_csv(layout.plot("plan"), PLAN_ERRORS)
    assert errors["predicted_error"].tolist() == pytest.approx([0, 0, 0], abs=1e-6)


@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_models_that_differ_below_the_clip_threshold_only_are_identical(tmp_path: Path) -> None:
    """Clipping makes them equal, as if they had been equal before."""
    values = np.full((8, 40), -10.0)
    values[:, 3] -= 100 * (1 + np.arange(8))
    layout = project(tmp_path, values, matrix={"clip_quantile": 0.5})
    run_all(layout)
    assert metrics(layout, "resample")["skipped"] == NO_DIFFERENCE


@pytest.fixture(scope="module")
def identical(tmp_path_factory: pytest.TempPathFactory) -> Layout:
    """Return a project of identical models after all stages have run."""
    layout = project(tmp_path_factory.mktemp("identical"), CASES["all models identical"])
    run_all(layout)
    return layout


def test_identical_models_lie_at_the_origin_of_a_map_without_quality(identical: Layout) -> None:
    """Nothing tells them apart: no principal component, and no neighbours to keep."""
    places = read_table(identical.map, MAP)
    assert (places[["x", "y"]] == 0).all(axis=None)
    assert read_table(identical.spectrum, SPECTRUM).empty
    map_metrics = metrics(identical, "map")
    assert map_metrics["skipped"] == NO_DIFFERENCE
    assert map_metrics["components_for_90_percent"] == 0
    assert {"trustworthiness", "nearest_kept_share"}.isdisjoint(map_metrics)


def test_identical_models_leave_empty_tables_with_the_reason(identical: Layout) -> None:
    """Stages that have nothing to estimate say so in their metrics."""
    for name, schema in (("resample", RESAMPLE_CURVES), ("designs", DESIGN_ERRORS)):
        assert read_csv(identical.plot(name), schema).empty
    assert read_csv(identical.plot("plan"), PLAN_ERRORS).empty
    assert read_csv(identical.plot("new_models"), NEW_MODEL_ERRORS).empty
    assert read_csv(identical.plot("prediction"), PREDICTION_CURVES).empty
    assert read_table(identical.stability, STABILITY).empty
    assert read_table(identical.new_models, NEW_MODELS).empty
    assert read_table(identical.predictions, PREDICTIONS).empty
    for stage in ("resample", "plan", "stability"):
        assert metrics(identical, stage)["skipped"] == NO_DIFFERENCE
    assert metrics(identical, "new_models")["skipped"] == (
        "needs existing models that differ, and all squared distances between them are 0"
    )
    assert set(metrics(identical, "predict")["skipped"].values()) == {NO_DIFFERENCE}


def test_identical_models_leave_empty_studies_with_the_reason(identical: Layout) -> None:
    """There is no interval to check, and no part of the texts says anything."""
    no_pairs = "needs pairs of models that differ, and there are none among those studied"
    studies = (
        ("coverage", COVERAGE, no_pairs),
        ("place_eval", PLACE_EVAL, NO_DIFFERENCE),
        ("text_count", TEXT_COUNT, NO_DIFFERENCE),
    )
    for study, schema, reason in studies:
        assert read_csv(identical.study(study, "csv"), schema).empty
        summary = json.loads(identical.study(study, "json").read_text())
        assert summary == {"skipped": reason}


def test_figures_of_empty_tables_are_skipped_with_the_reason_of_their_stage(
    identical: Layout,
) -> None:
    """The others are drawn: a map of one point, a heat map of one colour."""
    index = json.loads((identical.figures / "index.json").read_text())
    assert [figure["name"] for figure in index["figures"]] == [
        "model_map", "kl_heatmap", "category_bits",
    ]  # fmt: skip
    reasons = {figure["name"]: figure["reason"] for figure in index["skipped"]}
    for name in ("pca_spectrum", "resample_errors", "designs", "map_stability"):
        assert reasons[name] == NO_DIFFERENCE
    assert "the same for all" in reasons["map_values"]
    assert reasons["neighbours"] == "no two models differ"
    assert reasons["category_differences"] == "no two families differ"
    assert reasons["new_models"] == metrics(identical, "new_models")["skipped"]
    studies = json.loads((identical.studies / "figures" / "index.json").read_text())
    for figure in (one for one in studies["skipped"] if one["name"] != "kl_truth"):
        study = figure["name"].removesuffix("_categories")
        summary = json.loads(identical.study(study, "json").read_text())
        assert figure["reason"] == summary["skipped"]
    assert [figure["name"] for figure in studies["skipped"]] == [
        "coverage", "few_texts", "few_texts_categories", "interpolation", "kl_truth", "leakage",
        "place_eval", "text_count", "trajectories",
    ]  # fmt: skip


def test_names_are_drawn_as_they_are(tmp_path: Path) -> None:
    """Dollar signs and backslashes begin no formula: figures have the very characters."""
    names = ["a$b", "$", "$$", r"$\frac$", "f_{x}$y$", r"\$", "<b>&", "%s {0}"]
    layout = project(tmp_path, random_values(), names)
    run_all(layout)
    drawn = (layout.figures / "svg" / "model_map.svg").read_text()
    legend = [escape(name) for name in names]
    assert [name for name in legend if f">{name}</text>" not in drawn] == []


def test_identical_models_have_a_plan_in_random_order(identical: Layout) -> None:
    """No text is more important than another, so all sizes are equal."""
    plan = read_table(identical.plan, PLAN)
    assert (plan["size_measure"] == 1).all()
    by_number = plan.sort_values("random_number")["rank"]
    assert by_number.tolist() == list(range(1, 41))


def test_shares_that_round_to_one_size_share_a_row(tmp_path: Path) -> None:
    """Of 3 texts, .1 and .6 are 2 texts and .8 are 2 too: one size, and metrics for each share."""
    layout = project(tmp_path, CASES["3 texts and 4 models"])
    run_all(layout)
    assert read_csv(layout.plot("plan"), PLAN_ERRORS)["d"].tolist() == [2]
    assert set(read_csv(layout.plot("designs"), DESIGN_ERRORS)["d"]) == {2}
    plan_metrics = metrics(layout, "plan")
    rows = [plan_metrics[f"at_{percent}_percent_of_texts"] for percent in (10, 60, 80)]
    assert rows[0]["d"] == 2
    assert rows[0] == rows[1] == rows[2]


def test_designs_that_do_not_reach_a_number_of_unique_texts_are_left_out(tmp_path: Path) -> None:
    """Draws with replacement of 2 texts do not give both texts on average."""
    layout = project(tmp_path, CASES["2 texts"])
    run_all(layout)
    designs = read_csv(layout.plot("designs"), DESIGN_ERRORS)
    assert set(designs["draws"]) == {"simple random", "pivotal", "sequential Poisson"}
    assert metrics(layout, "resample")["designs_compared_at_unique_texts"] is None


@pytest.mark.parametrize(
    ("stage", "table"),
    [
        ("divergence", "models"),
        ("new_models", "models"),
        ("predict", "models"),
        ("map", "kl"),
    ],
)
def test_tables_of_other_models_are_refused(tmp_path: Path, stage: str, table: str) -> None:
    """A table in which a model of the matrix is missing or has another name is told by its name."""
    layout = project(tmp_path, random_values())
    for name in ("divergence", "map"):
        import_module(f"modelmap.{name}.stage").run(layout)
    path, schema = (layout.models, MODELS) if table == "models" else (layout.kl, KL)
    right = read_table(path, schema)
    for wrong in (right.iloc[1:], right.replace("m0", "another")):
        write_table(wrong, schema, path)
        with pytest.raises(UserError, match=rf"{table}\.parquet and matrix\.parquet are of"):
            import_module(f"modelmap.{stage}.stage").run(layout)


def test_the_order_of_the_table_of_models_changes_no_result(tmp_path: Path) -> None:
    """The models that count as new are the same ones when the table's rows are reversed."""
    layout = project(tmp_path, random_values())
    for name in ("divergence", "map"):
        import_module(f"modelmap.{name}.stage").run(layout)
    stage = import_module("modelmap.new_models.stage")
    models = read_table(layout.models, MODELS)
    dates = [f"2024-01-{day:02}" for day in range(1, len(models) + 1)]
    found = []
    for rows in (models.assign(created=dates), models.assign(created=dates).iloc[::-1]):
        write_table(rows, MODELS, layout.models)
        stage.run(layout)
        found.append(read_table(layout.new_models, NEW_MODELS))
    pd.testing.assert_frame_equal(*found)
