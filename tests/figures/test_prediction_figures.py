"""The figures of predictions: what is in their panels, and when they are skipped."""

from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import pytest
from helpers.figure_tables import inputs_of, made_up_models
from matplotlib.figure import Figure

from modelmap.figures import prediction_curves, prediction_scatter
from modelmap.figures.inputs import Inputs
from modelmap.figures.prediction_curves import PEARSON, SPEARMAN
from modelmap.figures.style import style
from modelmap.plumbing.tables import check_table, empty_table
from modelmap.predict.correlation import ALL_TEXTS, BASELINE
from modelmap.predict.summary import means_over_targets
from modelmap.predict.tables import PREDICTION_CURVES, PREDICTIONS

MATRIX = {"n_models": 9, "n_models_with_all_texts": 4, "n_texts": 30, "mean_bytes": 900.0}


def made_up_curves(n_targets: int) -> pd.DataFrame:
    """Return curves that rise with the texts, one of their values below what is shown."""
    rows = [
        (f"target {i}", method, n, d, 0.9 - 1.6 / d, 0.02, 0.8 - 1 / d, 0.01)
        for i in range(n_targets)
        for method in ("uniform", "ls", "kl")
        for n, d in ((2, 1), (10, 8), (100, 60))
    ]
    rows += [(f"target {i}", ALL_TEXTS, 100, 100, 0.95, 0.0, 0.9, 0.0) for i in range(n_targets)]
    rows += [(f"target {i}", BASELINE, 100, 100, 0.5, 0.0, 0.4, 0.0) for i in range(n_targets)]
    return check_table(
        pd.DataFrame(rows, columns=list(PREDICTION_CURVES.columns)), PREDICTION_CURVES, "curves"
    )


def made_up_predictions(models: pd.DataFrame, n_targets: int) -> pd.DataFrame:
    """Return predictions that are right but for noise."""
    rng = np.random.default_rng(0)
    frames = [
        pd.DataFrame({"target": f"target {i}", "model": models["model"], "fold": 0}).assign(
            truth=lambda rows: rng.uniform(0, 100, len(rows)),
            prediction=lambda rows: rows["truth"] + rng.normal(0, 5, len(rows)),
        )
        for i in range(n_targets)
    ]
    return check_table(pd.concat(frames, ignore_index=True), PREDICTIONS, "predictions")


def curves_of(curves: pd.DataFrame) -> Inputs:
    """Return curves with the metrics that the stage predict gives of them."""
    metrics = {"n_splits": 5, **means_over_targets(curves)}
    methods = {"uniform": "uniform", "ls": "length squared", "kl": "KL"}
    return inputs_of(
        {
            "prediction.csv": curves,
            "predict.json": metrics,
            "resample.json": {"methods": methods},
            "matrix.json": MATRIX,
        }
    )


def scatter_of(predictions: pd.DataFrame, models: pd.DataFrame) -> Inputs:
    """Return predictions of models, with correlations of 0.9 and 0.8 in the metrics."""
    found = {"first_split_pearson": 0.9, "first_split_spearman": 0.8}
    metrics: dict[str, Any] = {
        "mean_pearson_first_split": 0.9,
        "mean_pearson_first_split_without_extremes": -0.5,
        "targets": {str(target): dict(found) for target in predictions["target"].unique()},
    }
    return inputs_of(
        {
            "predictions.parquet": predictions,
            "models.parquet": models,
            "predict.json": {"targets_from": "held-out categories", **metrics},
            "matrix.json": MATRIX,
        }
    )


def drawn(figure: Figure) -> Figure:
    """Draw a figure as saving does, and return it."""
    figure.draw_without_rendering()
    return figure


@pytest.mark.parametrize("n_targets", [1, 4, 7, 23])
def test_there_is_a_panel_of_curves_per_target(n_targets: int) -> None:
    """Three methods, all texts and the baseline in each; the same limits everywhere."""
    figure = drawn(PEARSON.draw(curves_of(made_up_curves(n_targets))))
    assert [axes.get_title() for axes in figure.axes] == [f"target {i}" for i in range(n_targets)]
    for axes in figure.axes:
        assert len(axes.lines) == 5
        assert np.asarray(axes.lines[0].get_xdata()).tolist() == [1, 8, 60]
        assert axes.get_ylim() == figure.axes[0].get_ylim()


def test_the_axis_ends_where_so_few_texts_predict_nothing_and_the_caption_says_so() -> None:
    """A correlation of -.7 is hidden, one of -.2 is not."""
    curves = made_up_curves(2)
    assert prediction_curves.limits(curves, "pearson")[0] == prediction_curves.LOWEST
    assert prediction_curves.limits(curves, "spearman")[0] == pytest.approx(-0.3)
    hidden, shown = (figure.caption(curves_of(curves)) for figure in (PEARSON, SPEARMAN))
    assert "Values below -0.5 are not shown" in hidden
    assert "not shown" not in shown
    assert "0.950 from all texts, 0.500 by the mean log-likelihood alone" in hidden
    assert "the K = 4 models scored on all texts, N = 30 texts of B = 900.0 bytes" in hidden


def test_a_target_without_the_baseline_is_in_neither_mean_of_the_caption() -> None:
    """The means are compared, so they are over the same targets; without any there is none."""
    curves = made_up_curves(3)
    itself = (curves["target"] == "target 2") & (curves["method"] == BASELINE)
    curves.loc[(curves["target"] == "target 2") & (curves["method"] == ALL_TEXTS), "pearson"] = 0.2
    words = PEARSON.caption(curves_of(curves[~itself]))
    assert "over the 2 targets with both lines: 0.950 from all texts, 0.500 by" in words
    assert "Mean" not in PEARSON.caption(curves_of(curves[curves["method"] != BASELINE]))


def test_correlations_that_are_not_defined_leave_a_gap() -> None:
    """A constant prediction has none."""
    curves = made_up_curves(2)
    curves.loc[0, ["pearson", "pearson_sd"]] = np.nan
    figure = drawn(PEARSON.draw(curves_of(curves)))
    assert np.isnan(np.asarray(figure.axes[0].lines[0].get_ydata())[0])


@pytest.mark.parametrize(("sizes", "n_targets"), [({"a": 4}, 1), ({"a": 3, "b": 2}, 8)])
def test_there_is_a_scatter_per_target_with_a_point_per_model(
    sizes: dict[str, int], n_targets: int
) -> None:
    """Truth across, prediction up, on equal axes."""
    models = made_up_models(sizes)
    predictions = made_up_predictions(models, n_targets)
    figure = drawn(prediction_scatter.draw(scatter_of(predictions, models)))
    assert len(figure.axes) == n_targets
    for i, axes in enumerate(figure.axes):
        rows = predictions[predictions["target"] == f"target {i}"]
        places = axes.collections[0].get_offsets()
        assert np.asarray(places).tolist() == rows[["truth", "prediction"]].to_numpy().tolist()
        assert axes.get_xlim() == axes.get_ylim()
        assert axes.texts[0].get_text() == "Pearson 0.90\nSpearman 0.80"


def test_a_thousand_models_of_many_families_are_drawn() -> None:
    """Families without a colour of their own share one."""
    models = made_up_models({f"f{i}": 34 for i in range(30)})
    inputs = scatter_of(made_up_predictions(models, 2), models)
    figure = drawn(prediction_scatter.draw(inputs))
    assert figure.legends[0].get_texts()[-1].get_text() == "20 others"
    assert "2 targets for 1020 models" in prediction_scatter.caption(inputs)


def test_the_caption_states_pearson_with_and_without_the_most_extreme_models() -> None:
    """Both numbers are those of the metrics."""
    models = made_up_models({"a": 4})
    words = prediction_scatter.caption(scatter_of(made_up_predictions(models, 1), models))
    assert words.endswith("0.900, and -0.500 without the most extreme model of each target.")


def test_correlations_that_are_not_defined_are_said_to_be_so() -> None:
    """A constant prediction has no correlation; the caption then has no mean."""
    models = made_up_models({"a": 4})
    inputs = scatter_of(made_up_predictions(models, 1), models)
    metrics = inputs.metric("predict.json")
    metrics["targets"]["target 0"]["first_split_pearson"] = None
    metrics["mean_pearson_first_split"] = None
    (axes,) = prediction_scatter.draw(inputs).axes
    assert axes.texts[0].get_text() == "Pearson undefined\nSpearman 0.80"
    assert "Mean" not in prediction_scatter.caption(inputs)


def test_numbers_of_four_digits_have_room_on_the_axes() -> None:
    """Mean log-likelihoods in nats: no text is cut off, and tick labels lie apart."""
    models = made_up_models({"a": 4, "b": 3})
    predictions = made_up_predictions(models, 5)
    predictions[["truth", "prediction"]] *= -25
    with style():
        figure = drawn(prediction_scatter.draw(scatter_of(predictions, models)))
        for axes in figure.axes:
            assert axes.yaxis.label.get_window_extent().x0 >= 0
            low, high = axes.get_xlim()
            texts = [one for one in axes.get_xticklabels() if low <= one.get_position()[0] <= high]
            boxes = [one.get_window_extent() for one in texts]
            assert len(boxes) >= 2
            assert all(one.x1 < other.x0 for one, other in pairwise(boxes))


def test_a_target_without_correlations_has_no_panel() -> None:
    """Constant predictions have none, however many texts are sampled."""
    curves = made_up_curves(2)
    is_sampled = ~curves["method"].isin([ALL_TEXTS, BASELINE])
    measures = ["pearson", "pearson_sd", "spearman", "spearman_sd"]
    curves.loc[is_sampled & (curves["target"] == "target 0"), measures] = np.nan
    for figure in (PEARSON, SPEARMAN):
        drawn = figure.draw(curves_of(curves))
        assert [axes.get_title() for axes in drawn.axes] == ["target 1"]
        none = curves.assign(**curves[measures].where(~is_sampled))
        reason = "needs a target that can be predicted, and there is none"
        assert figure.skip_reason(curves_of(none)) == reason


def test_without_a_target_both_figures_are_skipped() -> None:
    """The stage leaves empty tables."""
    reason = "needs a target that can be predicted, and there is none"
    models = made_up_models({"a": 4})
    for figure in (PEARSON, SPEARMAN):
        assert figure.skip_reason(curves_of(empty_table(PREDICTION_CURVES))) == reason
        assert figure.skip_reason(curves_of(made_up_curves(1))) is None
    empty, full = empty_table(PREDICTIONS), made_up_predictions(models, 1)
    assert prediction_scatter.skip_reason(scatter_of(empty, models)) == reason
    assert prediction_scatter.skip_reason(scatter_of(full, models)) is None
