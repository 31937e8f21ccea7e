"""What the figures of resampling and prediction are made from."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from modelmap.layout import Layout
from modelmap.schemas.maps import STABILITY
from modelmap.schemas.prediction import PREDICTION_CURVES, PREDICTIONS
from modelmap.schemas.resampling import (
    DESIGN_ERRORS,
    NEWCOMER_ERRORS,
    NEWCOMERS,
    PLAN_ERRORS,
    RESAMPLE_CURVES,
)
from modelmap.tables import read_csv, read_table


@dataclass(frozen=True)
class ResamplingInputs:
    """The tables of the stages resample, order, stability, newcomers and predict."""

    curves: pd.DataFrame
    designs: pd.DataFrame
    plan_errors: pd.DataFrame
    stability: pd.DataFrame
    newcomers: pd.DataFrame
    newcomer_errors: pd.DataFrame
    predictions: pd.DataFrame
    prediction_curves: pd.DataFrame


def resampling_files(layout: Layout) -> dict[str, tuple[Any, Path]]:
    """Return the schema and the file of every table, by its name in ResamplingInputs."""
    return {
        "curves": (RESAMPLE_CURVES, layout.plot("resample")),
        "designs": (DESIGN_ERRORS, layout.plot("designs")),
        "plan_errors": (PLAN_ERRORS, layout.plot("plan")),
        "stability": (STABILITY, layout.stability),
        "newcomers": (NEWCOMERS, layout.newcomers),
        "newcomer_errors": (NEWCOMER_ERRORS, layout.plot("newcomers")),
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
