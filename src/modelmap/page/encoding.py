"""Arrays of numbers as short text: 16-bit codes in base64, which the page decodes (`data.js`)."""

import base64
import json
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelmap.plumbing.arrays import Values

LARGEST_CODE = 65_535
"""Of 16 bits."""


def as_base64(codes: NDArray[np.integer[Any]], dtype: str = "<u2") -> str:
    """Return integers in base64: little-endian, by default of 16 bits.

    Raises ValueError if an integer does not fit into `dtype`.
    """
    limits = np.iinfo(np.dtype(dtype))
    if codes.size and not (limits.min <= codes.min() and codes.max() <= limits.max):
        raise ValueError(f"integers from {codes.min()} to {codes.max()} do not fit into {dtype}")
    return base64.b64encode(np.ascontiguousarray(codes, dtype=dtype).tobytes()).decode("ascii")


def log_scale(values: Values) -> tuple[float, float]:
    """Return the smallest and the largest of the positive values, or (1, 1) if there are none."""
    positive = values[values > 0]
    return (float(positive.min()), float(positive.max())) if positive.size else (1.0, 1.0)


def log_codes(values: Values, scale: tuple[float, float]) -> NDArray[np.int64]:
    """Return a 16-bit code for each value: 0 for values up to 0, the others on a log scale.

    Codes 1 to 65,535 stand for `scale[0]` to `scale[1]`. For a scale of nine powers of ten the
    values are off by less than 0.02%.
    """
    low, high = np.log(scale)
    steps = (LARGEST_CODE - 1) / (high - low) if high > low else 0.0
    logs = np.log(np.where(values > 0, values, scale[0]))
    codes = 1 + np.rint((logs - low) * steps).astype(np.int64)
    return np.where(values > 0, codes, 0)


def script_json(content: object) -> str:
    """Return JSON that can stand in a script element, whatever names the content has.

    Without "<" no name can end the element or begin a comment.
    """
    text = json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c")
