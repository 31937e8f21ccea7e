"""Schemas of the map with new models, and of the errors of its distances."""

from modelmap.plumbing.columns import AT_LEAST_1, FINITE, column, table

NEW_MODELS = table(
    "The map of few texts that were chosen without the newest models; empty if it is skipped.",
    {
        "model": column("text", "name"),
        "is_new": column("bool", "whether the texts were chosen without the model"),
        "x": column("float", "first coordinate, aligned to the model map", FINITE),
        "y": column("float", "second coordinate, aligned to the model map", FINITE),
    },
    unique=["model"],
)

NEW_MODEL_ERRORS = table(
    "Errors of squared distances by design and kind of pair: root mean squares over runs.",
    {
        "design": column(
            "text", "sampling method, and which models the probabilities were computed from"
        ),
        "pairs": column("text", "existing_existing, new_existing or new_new"),
        "n_pairs": column("int", "pairs of models of that kind", AT_LEAST_1),
        "n": column("float", "number of draws, mean over runs", AT_LEAST_1),
        "d": column("float", "number of unique texts, mean over runs", AT_LEAST_1),
        "relative_error": column(
            "float", "error relative to each pair's own distance by all N texts"
        ),
        "absolute_error": column(
            "float", "error relative to all distances of the kind together, by all N texts"
        ),
    },
    unique=["design", "pairs"],
)
