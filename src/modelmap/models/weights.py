"""The number of weights in a model's files, found without loading them."""

import json
import math
from pathlib import Path

WEIGHT_FILES = ("*.safetensors", "*.bin")
METADATA = "__metadata__"
BYTES_PER_WEIGHT = 2
"""Assumed for files without a readable header, which mostly are in half precision."""
GGUF_WEIGHTS_PER_BYTE = 1.5
"""Assumed for GGUF files: weights of four to six bits."""


def count_weights(path: Path) -> int:
    """Return the approximate number of weights in a directory or a GGUF file, at least 1.

    The number is exact for undamaged safetensors files.
    """
    if path.is_file():
        return int(path.stat().st_size * GGUF_WEIGHTS_PER_BYTE) or 1
    files = [file for ending in WEIGHT_FILES for file in path.glob(ending) if file.is_file()]
    shapes = [shape for file in files if file.suffix == ".safetensors" for shape in _shapes(file)]
    counted = sum(math.prod(shape) for shape in shapes)
    n_bytes = sum(file.stat().st_size for file in files)
    return max(1, counted or n_bytes // BYTES_PER_WEIGHT)


def count_tensors(directory: Path) -> int:
    """Return the number of tensors in a directory's safetensors files, 0 if there are none."""
    return sum(len(_shapes(file)) for file in directory.glob("*.safetensors") if file.is_file())


def _shapes(path: Path) -> list[list[int]]:
    """Return the shapes of the tensors in a safetensors file, none if its header is damaged."""
    # A damaged file is no error here, since loading the model reports it better.
    try:
        with path.open("rb") as file:
            # The format: the header's length as uint64, then the header as JSON, then the weights.
            length = int.from_bytes(file.read(8), "little")
            # A wild length would reserve as much memory.
            header = json.loads(file.read(min(length, path.stat().st_size)))
        shapes = [part["shape"] for key, part in header.items() if key != METADATA]
        return shapes if all(isinstance(n, int) for shape in shapes for n in shape) else []
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return []
