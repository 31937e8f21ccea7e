"""Schemas of the plan and of its errors."""

import pandera.pandas as pa

from modelmap.plumbing.columns import AT_LEAST_0, AT_LEAST_1, column, table

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
