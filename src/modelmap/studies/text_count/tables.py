"""Schema of what parts of the texts give."""

import pandera.pandas as pa

from modelmap.plumbing.columns import AT_LEAST_1, column, table

TEXT_COUNT = table(
    "What parts of the texts say, by their number of texts.",
    {
        "n_texts": column("int", "texts of the part", AT_LEAST_1),
        "error_to_all": pa.Column(
            float, nullable=True, description="relative error against a far larger text set"
        ),
        "bootstrap_error": column("float", "what the part expects that error to be"),
        "ls_ratio": pa.Column(
            float, nullable=True, description="unique texts of LS over uniform, at the baseline"
        ),
        "plan_texts": column("float", "texts a plan needs for the error asked for"),
        "plan_share": column("float", "the same over n_texts"),
    },
    unique=["n_texts"],
)
