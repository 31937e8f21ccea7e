"""Schema of the results of parts of the texts."""

import pandera.pandas as pa

from modelmap.plumbing.columns import AT_LEAST_1, column, table

TEXT_COUNT = table(
    "Results of parts of the texts, by their number of texts.",
    {
        "n_texts": column("int", "number of texts of the part", AT_LEAST_1),
        "error_to_all": pa.Column(
            float,
            nullable=True,
            description="relative error with respect to a much larger text set",
        ),
        "bootstrap_error": column("float", "the part's own estimate of that error"),
        "ls_ratio": pa.Column(
            float,
            nullable=True,
            description="unique texts of LS over those of uniform sampling, at the baseline",
        ),
        "plan_texts": column(
            "float", "number of texts with which a plan reaches the required error"
        ),
        "plan_share": column("float", "the same as a share of n_texts"),
    },
    unique=["n_texts"],
)
