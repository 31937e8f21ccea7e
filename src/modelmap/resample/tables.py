"""Schemas of the tables of resampling errors."""

import pandera.pandas as pa

from modelmap.plumbing.columns import AT_LEAST_1, column, table

RESAMPLE_CURVES = table(
    "Errors of squared distances by sampling method and draws (root mean square over runs).",
    {
        "method": column("text", "sampling method: uniform, ls or kl"),
        "n": column("int", "draws", AT_LEAST_1),
        "d": column("float", "unique texts, mean over runs", AT_LEAST_1),
        "relative_error": column("float", "relative error with respect to all N texts"),
        "absolute_error": column("float", "absolute error with respect to all N texts"),
        "relative_to_population": column(
            "float", "relative error with respect to the population of texts"
        ),
        "relative_theory": column("float", "relative error of n new texts, in theory"),
        "absolute_to_population": column(
            "float", "absolute error with respect to the population of texts"
        ),
        "absolute_theory": column("float", "absolute error of n new texts, in theory"),
    },
    unique=["method", "n"],
)

DESIGN_ERRORS = table(
    "Errors of sampling designs at equal numbers of unique texts (root mean square over runs).",
    {
        "draws": column("text", "how texts are drawn"),
        "size_measure": column(
            "text", "sampling method whose size measure gives the probabilities"
        ),
        "d": column("int", "unique texts (their mean, for draws with replacement)", AT_LEAST_1),
        "share": column("float", "d / N"),
        "relative_error": column("float", "relative error with respect to all N texts"),
        "absolute_error": column("float", "absolute error with respect to all N texts"),
        "mixture_error": pa.Column(
            float,
            nullable=True,
            description="relative error of the mixture estimates from the same samples, with "
            "respect to all N texts; empty if divergence.estimate is papers",
        ),
    },
    unique=["draws", "size_measure", "d"],
)
