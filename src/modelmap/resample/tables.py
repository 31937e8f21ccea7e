"""Schemas of the errors of resampling."""

from modelmap.plumbing.columns import AT_LEAST_1, column, table

RESAMPLE_CURVES = table(
    "Errors of squared distances by method and number of draws, root mean squared over runs.",
    {
        "method": column("text", "uniform, ls or kl"),
        "n": column("int", "draws", AT_LEAST_1),
        "d": column("float", "unique texts, mean over runs", AT_LEAST_1),
        "relative_error": column("float", "against all N texts, each pair by its own distance"),
        "absolute_error": column("float", "against all N texts, all pairs together"),
        "relative_to_population": column("float", "the same against the population of texts"),
        "relative_theory": column("float", "of a fresh sample of n texts, by theory"),
        "absolute_to_population": column("float", "the same against the population of texts"),
        "absolute_theory": column("float", "of a fresh sample of n texts, by theory"),
    },
    unique=["method", "n"],
)

DESIGN_ERRORS = table(
    "Errors of designs at equal numbers of unique texts, root mean squared over runs.",
    {
        "draws": column("text", "how texts are drawn"),
        "size_measure": column("text", "what the probabilities are proportional to"),
        "d": column("int", "unique texts (with replacement: on average)", AT_LEAST_1),
        "share": column("float", "d / N"),
        "relative_error": column("float", "against all N texts"),
        "absolute_error": column("float", "against all N texts"),
    },
    unique=["draws", "size_measure", "d"],
)
