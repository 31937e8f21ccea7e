"""What the figures of resampling and prediction are made from."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from modelmap.new_models.tables import NEW_MODEL_ERRORS, NEW_MODELS
from modelmap.plan.tables import PLAN_ERRORS
from modelmap.plumbing.layout import Layout
from modelmap.plumbing.tables import read_csv, read_table
from modelmap.predict.tables import PREDICTION_CURVES, PREDICTIONS
from modelmap.resample.tables import DESIGN_ERRORS, RESAMPLE_CURVES
from modelmap.stability.tables import STABILITY


@dataclass(frozen=True)
class ResamplingInputs:
    """The tables of the stages resample, order, stability, new_models and predict."""

    curves: pd.DataFrame
    designs: pd.DataFrame
    plan_errors: pd.DataFrame
    stability: pd.DataFrame
    new_models: pd.DataFrame
    new_model_errors: pd.DataFrame
    predictions: pd.DataFrame
    prediction_curves: pd.DataFrame


def resampling_files(layout: Layout) -> dict[str, tuple[Any, Path]]:
    """Return the schema and the file of every table, by its name in ResamplingInputs."""
    return {
        "curves": (RESAMPLE_CURVES, layout.plot("resample")),
        "designs": (DESIGN_ERRORS, layout.plot("designs")),
        "plan_errors": (PLAN_ERRORS, layout.plot("plan")),
        "stability": (STABILITY, layout.stability),
        "new_models": (NEW_MODELS, layout.new_models),
        "new_model_errors": (NEW_MODEL_ERRORS, layout.plot("new_models")),
        "predictions": (PREDICTIONS, layout.predictions),
        "prediction_curves": (PREDICTION_CURVES, layout.plot("prediction")),
    }


def read_resampling_inputs(layout: Layout) -> ResamplingInputs:
    """Return every table. Raises UserError if one is missing or of another schema."""
    read = {
        name: (read_csv if path.suffix == ".csv" else read_table)(path, schema)
        for name, (schema, path) in resampling_files(layout).items()
    }
    return ResamplingInputs(**read)
