"""Functions that make the schemas of tables, and common checks."""

import numpy as np
import pandera.pandas as pa

from modelmap.plumbing.errors import is_label

AT_LEAST_0, AT_LEAST_1 = pa.Check.ge(0), pa.Check.ge(1)
SHARE = pa.Check.in_range(0, 1)
LABEL = pa.Check(is_label, element_wise=True, error="text on one line")
"""For names that figures show: a control character would make their SVG unreadable."""
FINITE = pa.Check(lambda s: s.abs() < float("inf"), error="finite")
# Columns of other kinds, such as dates, are objects for pandas too.
FLOAT_ARRAYS = pa.Check(
    lambda s: s.map(lambda value: isinstance(value, np.ndarray) and value.dtype == np.float32),
    error="array of float32",
)


def column(kind: str, describes: str, *checks: pa.Check) -> pa.Column:
    """Return the schema of a column without missing values.

    `kind` is text, int, float, bool, or floats for an array of float32 in each row.
    """
    if kind == "floats":
        checks = (*checks, FLOAT_ARRAYS)
    kinds = {"text": str, "int": "int64", "float": "float64", "bool": "bool", "floats": object}
    dtype = kinds[kind]
    return pa.Column(dtype, checks=list(checks), description=describes)


def table(
    title: str, columns: dict[str, pa.Column], unique: list[str] | None = None
) -> pa.DataFrameSchema:
    """Return the schema of a table with exactly these columns, in this order.

    The values of the columns `unique` together identify a row.
    """
    return pa.DataFrameSchema(columns, strict=True, ordered=True, unique=unique, description=title)
