"""The figures of resampling and prediction: when each is skipped, how it is drawn and captioned."""

from modelmap.figures import (
    designs,
    map_stability,
    new_models,
    prediction_curves,
    prediction_scatter,
    resample_errors,
)
from modelmap.figures.catalogue import Entry
from modelmap.figures.inputs import Inputs
from modelmap.figures.resampling_inputs import ResamplingInputs
from modelmap.predict.settings import PredictSettings
from modelmap.resample.curves import baselines, meeting_points
from modelmap.resample.settings import ResampleSettings
from modelmap.stability.settings import StabilitySettings


def resampling_entries(
    inputs: Inputs,
    tables: ResamplingInputs,
    resample: ResampleSettings,
    stability: StabilitySettings,
    predict: PredictSettings,
) -> list[Entry]:
    """Return the figures in the order of the index."""
    return [
        *_errors(inputs, tables, resample),
        Entry(
            "map_stability",
            None,
            lambda: map_stability.draw(inputs.models, inputs.places, tables.stability),
            lambda: map_stability.caption(inputs, tables.stability, stability),
        ),
        Entry(
            "new_models",
            new_models.skip_reason(tables.new_models),
            lambda: new_models.draw(inputs.models, tables.new_models),
            lambda: new_models.caption(inputs, tables.new_models, tables.new_model_errors),
        ),
        *_predictions(inputs, tables, len(predict.split_seeds)),
    ]


def _errors(inputs: Inputs, tables: ResamplingInputs, resample: ResampleSettings) -> list[Entry]:
    bounds = baselines(tables.curves, inputs.n_texts)
    return [
        Entry(
            "resample_errors",
            None,
            lambda: resample_errors.draw(tables.curves, bounds, inputs.n_texts),
            lambda: resample_errors.caption(
                inputs, meeting_points(tables.curves, bounds), resample.n_runs
            ),
        ),
        Entry(
            "designs",
            None,
            lambda: designs.draw(tables.designs, tables.plan_errors),
            lambda: designs.caption(inputs, tables.designs, resample.n_design_runs),
        ),
    ]


def _predictions(inputs: Inputs, tables: ResamplingInputs, n_splits: int) -> list[Entry]:
    curves = tables.prediction_curves
    return [
        Entry(
            "prediction_curves",
            prediction_curves.skip_reason(curves),
            lambda: prediction_curves.draw(curves, "pearson"),
            lambda: prediction_curves.caption(curves, "pearson", n_splits),
        ),
        Entry(
            "prediction_rank_curves",
            prediction_curves.skip_reason(curves),
            lambda: prediction_curves.draw(curves, "spearman"),
            lambda: prediction_curves.caption(curves, "spearman", n_splits),
        ),
        Entry(
            "prediction_scatter",
            prediction_scatter.skip_reason(tables.predictions),
            lambda: prediction_scatter.draw(tables.predictions, inputs.models),
            lambda: prediction_scatter.caption(tables.predictions),
        ),
    ]
