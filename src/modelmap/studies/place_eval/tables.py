"""Schema of the errors of placing held-out models."""

from modelmap.plumbing.columns import AT_LEAST_0, AT_LEAST_1, SHARE, column, table

PLACE_EVAL = table(
    "Errors of the KLs of held-out models, by the number of texts they are scored on.",
    {
        "held_out": column("text", "model: one model; family: a model with all of its family"),
        "n_texts": column(
            "int", "number of texts that the held-out model is scored on", AT_LEAST_1
        ),
        "n_cases": column("int", "samples of texts times held-out models", AT_LEAST_1),
        "plain_error": column(
            "float", "relative error of KLs from these texts alone, root mean square", AT_LEAST_0
        ),
        "error": column("float", "the same with the known models as controls", AT_LEAST_0),
        "coverage": column("float", "share of 95% intervals that contain the KL", SHARE),
        "plain_nearest": column(
            "float", "share of cases in which the nearest model is found from these texts", SHARE
        ),
        "nearest": column("float", "the same with the known models as controls", SHARE),
    },
    unique=["held_out", "n_texts"],
)
