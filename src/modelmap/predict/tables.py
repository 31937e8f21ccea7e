"""Schemas of predictions and of their correlations with the truth."""

import pandera.pandas as pa

from modelmap.plumbing.columns import AT_LEAST_0, AT_LEAST_1, FINITE, column, table
from modelmap.resample.methods import PAPERS

PREDICTIONS = table(
    "Predictions from all texts by models of other families, with the first split seed.",
    {
        "target": column("text", "a held-out category, a benchmark or the mean log-likelihood"),
        "model": column("text", "name"),
        "fold": column("int", "0 to 4; all models of a family are in one fold", AT_LEAST_0),
        "truth": column("float", "true value: bits per byte, score from 0 to 100, or nats", FINITE),
        "prediction": column("float", "predicted value, in the same unit", FINITE),
    },
    unique=["target", "model"],
)

PREDICTION_CURVES = table(
    "Correlations of predictions and truth over models, as mean and deviation over split seeds.",
    {
        "target": column("text", "a held-out category, a benchmark or the mean log-likelihood"),
        "method": column("text", "uniform, ls, kl, all texts, or mean log-likelihood alone"),
        "n": column("int", "draws", AT_LEAST_1),
        "d": column("int", "unique texts", AT_LEAST_1),
        **{
            name: pa.Column(float, nullable=True, description=f"{describes}, empty if constant")
            for name, describes in {
                "pearson": "Pearson's correlation",
                "pearson_sd": "its standard deviation, ddof 0",
                "spearman": "Spearman's correlation",
                "spearman_sd": "its standard deviation, ddof 0",
            }.items()
        },
    },
    unique=["target", "method", "n"],
)

PREDICTION_TABLE = table(
    "Pearson's correlation with texts drawn by each sampling method: mean and deviation.",
    {
        "target": column("text", "a held-out category, a benchmark or the mean log-likelihood"),
        "share": column("text", "draws as a share of all texts"),
        "n": column("int", "draws", AT_LEAST_1),
        **{
            f"{method}{part}": pa.Column(float, nullable=True, description=f"{what} by {method}")
            for method in PAPERS
            for part, what in {"": "mean", "_sd": "standard deviation, ddof 0,"}.items()
        },
    },
    unique=["target", "share"],
)
