"""The number of weights in a model's files, found without loading them."""

import json
import math
from pathlib import Path
from typing import Any

WEIGHT_FILES = ("*.safetensors", "*.bin")
METADATA = "__metadata__"
# Beginnings of the names of such dtypes in the format: F16, F32, F64, F8_E4M3, BF16 and others.
FLOATING_POINT = ("F", "BF")
BYTES_PER_WEIGHT = 2
"""Assumed for files without a readable header, which mostly are in half precision."""
MOST_WEIGHTS_PER_BYTE = 2
"""The smallest numbers in safetensors files have four bits."""
GGUF_WEIGHTS_PER_BYTE = 1.5
"""Assumed for GGUF files: weights of four to six bits."""


def count_weights(path: Path) -> int:
    """Return the approximate number of weights in a directory or a GGUF file, at least 1.

    The number is exact for undamaged safetensors files. It is no more than fit in the files,
    whatever a damaged header says.
    """
    if path.is_file():
        return int(path.stat().st_size * GGUF_WEIGHTS_PER_BYTE) or 1
    files = [file for ending in WEIGHT_FILES for file in path.glob(ending) if file.is_file()]
    headers = [_header(file) for file in files if file.suffix == ".safetensors"]
    counted = sum(math.prod(part["shape"]) for header in headers for part in header.values())
    n_bytes = sum(file.stat().st_size for file in files)
    most = n_bytes * MOST_WEIGHTS_PER_BYTE
    return max(1, min(counted, most) if counted > 0 else n_bytes // BYTES_PER_WEIGHT)


def count_tensors(directory: Path) -> int:
    """Return the number of tensors in a directory's safetensors files, 0 if there are none."""
    return sum(len(header) for header in _headers(directory))


def integer_tensors(directory: Path) -> list[str]:
    """Return the tensors in a directory's safetensors files whose numbers are not floating-point.

    They are integers, booleans or complex numbers.
    """
    parts = [item for header in _headers(directory) for item in header.items()]
    return [name for name, part in parts if not str(part["dtype"]).startswith(FLOATING_POINT)]


def _headers(directory: Path) -> list[dict[str, Any]]:
    return [_header(file) for file in directory.glob("*.safetensors") if file.is_file()]


def _header(path: Path) -> dict[str, Any]:
    """Return the dtype and shape of each tensor in a safetensors file, none if it is damaged."""
    # A damaged file is no error here, since loading the model reports it better.
    try:
        with path.open("rb") as file:
            # The format: the header's length as uint64, then the header as JSON, then the weights.
            length = int.from_bytes(file.read(8), "little")
            # A wild length would reserve as much memory.
            header = json.loads(file.read(min(length, path.stat().st_size)))
        parts = {key: part for key, part in header.items() if key != METADATA}
        sizes = [n for part in parts.values() for n in part["shape"]]
        complete = all(isinstance(n, int) for n in sizes) and all(
            "dtype" in p for p in parts.values()
        )
        return parts if complete else {}
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return {}
