"""Schemas of plans, new models and the errors of resampling."""

import pandera.pandas as pa

from modelmap.schemas.columns import AT_LEAST_0, AT_LEAST_1, FINITE, column, table

NEWCOMERS = table(
    "The map drawn from few texts, chosen without the newest models; empty if it is skipped.",
    {
        "model": column("text", "name"),
        "is_new": column("bool", "whether the choice of texts did not know the model"),
        "x": column("float", "first coordinate, aligned to the model map", FINITE),
        "y": column("float", "second coordinate", FINITE),
    },
    unique=["model"],
)

PLAN = table(
    "The texts in the order they are best scored in.",
    {
        "text_id": column("int", "as in the texts table", AT_LEAST_0),
        "size_measure": column("float", "how much the text tells, 1 on average", AT_LEAST_0),
        "random_number": column(
            "float", "permanent, from the text's content: 0 to 1", pa.Check.in_range(0, 1)
        ),
        "rank": column("int", "1 is scored first; any beginning is a sample", AT_LEAST_1),
    },
    unique=["text_id"],
)

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

PLAN_ERRORS = table(
    "Relative errors of the plan's first d texts.",
    {
        "d": column("int", "texts scored", AT_LEAST_1),
        "predicted_error": column("float", "expected of the design, before any draw"),
        "this_order_error": column("float", "of this very order"),
        "redrawn_error": column("float", "root mean squared over other random orders"),
        "interval_coverage": column(
            "float", "of the median pair's 95% interval, whose truth is the N texts"
        ),
    },
    unique=["d"],
)

NEWCOMER_ERRORS = table(
    "Errors of squared distances by design and kind of pair, root mean squared over runs.",
    {
        "design": column("text", "how texts were drawn, and which models were known"),
        "pairs": column("text", "existing_existing, new_existing or new_new"),
        "n_pairs": column("int", "pairs of models of that kind", AT_LEAST_1),
        "n": column("float", "draws, mean over runs", AT_LEAST_1),
        "d": column("float", "unique texts, mean over runs", AT_LEAST_1),
        "relative_error": column("float", "against all N texts, each pair by its own distance"),
        "absolute_error": column("float", "against all N texts, the kind's pairs together"),
    },
    unique=["design", "pairs"],
)
