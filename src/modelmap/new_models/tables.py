"""Schemas of the map with new models, and of its errors."""

from modelmap.plumbing.columns import AT_LEAST_1, FINITE, column, table

NEW_MODELS = table(
    "The map drawn from few texts, chosen without the newest models; empty if it is skipped.",
    {
        "model": column("text", "name"),
        "is_new": column("bool", "whether the choice of texts did not know the model"),
        "x": column("float", "first coordinate, aligned to the model map", FINITE),
        "y": column("float", "second coordinate", FINITE),
    },
    unique=["model"],
)

NEW_MODEL_ERRORS = table(
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
