"""Schemas of the errors of placing held-out models."""

import pandera.pandas as pa

from modelmap.plumbing.columns import AT_LEAST_0, AT_LEAST_1, FINITE, SHARE, column, table

HELD_OUT = column("text", "model: one model; family: a model with all of its family")
N_TEXTS = column("int", "number of texts that the held-out model is scored on", AT_LEAST_1)
N_CASES = column("int", "samples of texts times held-out models", AT_LEAST_1)


def _share(name: str, describes: str) -> dict[str, pa.Column]:
    """Return the columns of a share of the cases, empty if it is a share of none."""
    ends = {f"{name}_{end}": f"{end} end of its 95% binomial interval" for end in ("low", "high")}
    return {
        column_name: pa.Column(float, SHARE, nullable=True, description=what)
        for column_name, what in {name: describes, **ends}.items()
    }


def _error(name: str, describes: str) -> dict[str, pa.Column]:
    """Return the columns of a relative error."""
    ends = {
        f"{name}_{end}": f"{end} end of its 95% interval, with models as independent units"
        for end in ("low", "high")
    }
    return {
        column_name: column("float", what, AT_LEAST_0)
        for column_name, what in {name: describes, **ends}.items()
    }


PLACE_EVAL = table(
    "Errors of the KLs of held-out models, by the number of texts they are scored on.",
    {
        "held_out": HELD_OUT,
        "n_texts": N_TEXTS,
        "n_cases": N_CASES,
        **_error("plain_error", "relative error of KLs from these texts alone, root mean square"),
        **_error("error", "the same with the help of the known models"),
        "difference_high": column(
            "float",
            "upper end of the 95% interval of the squared error minus that from the texts alone",
            FINITE,
        ),
        "coverage": column("float", "share of 95% intervals that contain the KL", SHARE),
        "plain_nearest": column(
            "float", "share of cases in which the nearest model is found from these texts", SHARE
        ),
        **_share("nearest", "the same with the help of the known models"),
        **_share("nearest_or_tied", "the same, or the nearest model is among those marked as tied"),
        "n_parent_cases": column(
            "int", "number of cases whose parent is on the map without the model", AT_LEAST_0
        ),
        **_share("parent", "share of these in which the nearest model or its parent is it"),
        **_share("parent_or_tied", "the same, or the parent is among those marked as tied"),
    },
    unique=["held_out", "n_texts"],
)

PLACE_MODELS = table(
    "Errors of the KLs of each held-out model, and how often it is named right, over the samples.",
    {
        "model": column("text", "name"),
        "held_out": HELD_OUT,
        "n_texts": N_TEXTS,
        "n_samples": column("int", "number of samples of texts", AT_LEAST_1),
        "plain_error": column(
            "float", "relative error of KLs from these texts alone, root mean square", AT_LEAST_0
        ),
        "error": column("float", "the same with the help of the known models", AT_LEAST_0),
        "coverage": column("float", "share of 95% intervals that contain the KL", SHARE),
        "nearest": column("float", "share of samples in which the nearest model is found", SHARE),
        "nearest_or_tied": column("float", "the same, or it is among those marked as tied", SHARE),
        **{
            name: pa.Column(float, SHARE, nullable=True, description=what)
            for name, what in {
                "parent": "share in which the parent is named; empty if it is not on the map",
                "right": "share of the verdicts that are right; empty if there are none",
                "mean_confidence": "mean confidence of these verdicts",
            }.items()
        },
    },
    unique=["model", "held_out", "n_texts"],
)

PLACE_VERDICTS = table(
    "How often verdicts about held-out models are right, by their stated confidence.",
    {
        "n_texts": N_TEXTS,
        "confidence_above": column("float", "the confidence is above this, to the next", SHARE),
        "n_cases": N_CASES,
        "mean_confidence": column("float", "mean confidence of these verdicts", SHARE),
        **_share("right", "share of them that are right"),
    },
    unique=["n_texts", "confidence_above"],
)

PLACE_PAPERS = table(
    "Errors of the papers' distances of held-out models, by method and number of texts.",
    {
        "held_out": HELD_OUT,
        "method": column("text", "uniform, ls or difference (papers.py)"),
        "n_texts": N_TEXTS,
        "n_cases": N_CASES,
        **_error("error", "relative error, root mean square"),
        "difference_high": column(
            "float", "upper end of the 95% interval of the squared error minus that of ls", FINITE
        ),
    },
    unique=["held_out", "method", "n_texts"],
)
