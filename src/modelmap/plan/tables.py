"""Schemas of the plan and of the table of its errors."""

import pandera.pandas as pa

from modelmap.plumbing.columns import AT_LEAST_0, AT_LEAST_1, column, table

PLAN = table(
    "The plan: the order in which to score the texts.",
    {
        "text_id": column("int", "as in the texts table", AT_LEAST_0),
        "size_measure": column(
            "float", "what the inclusion probability is proportional to; its mean is 1", AT_LEAST_0
        ),
        "random_number": column(
            "float",
            "permanent random number from 0 to 1, computed from the text",
            pa.Check.in_range(0, 1),
        ),
        "rank": column(
            "int", "1 is scored first; the first d texts are a sample for every d", AT_LEAST_1
        ),
    },
    unique=["text_id"],
)

PLAN_ERRORS = table(
    "Relative errors of the plan's first d texts.",
    {
        "d": column("int", "texts scored", AT_LEAST_1),
        "predicted_error": column("float", "expected error, computed before texts are drawn"),
        "this_order_error": column("float", "error of the plan's own order"),
        "redrawn_error": column("float", "root mean square of the errors of other random orders"),
        "interval_coverage": column(
            "float",
            "share of 95% intervals that contain the distance from all N texts, median over pairs",
        ),
    },
    unique=["d"],
)
