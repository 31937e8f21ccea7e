"""How many weights a model's files hold, without loading them."""

import json
import math
from pathlib import Path

KINDS = ("*.safetensors", "*.bin")
METADATA = "__metadata__"
UNKNOWN_BYTES = 2
"""Of a weight in a file that tells nothing of itself: most often half precision."""
GGUF_PER_BYTE = 1.5
"""Weights of four to six bits."""


def count_weights(path: Path) -> int:
    """Return about how many weights a directory or a GGUF file holds: 1 at least."""
    if path.is_file():
        return int(path.stat().st_size * GGUF_PER_BYTE) or 1
    counted = sum(_in_header(file) for file in path.glob("*.safetensors"))
    unknown = sum(file.stat().st_size for kind in KINDS for file in path.glob(kind))
    return max(1, counted or unknown // UNKNOWN_BYTES)


def _in_header(path: Path) -> int:
    """Return the weights that a safetensors file lists; 0 if it is damaged: loading tells that."""
    try:
        with path.open("rb") as file:
            header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
        return sum(math.prod(part["shape"]) for key, part in header.items() if key != METADATA)
    except (ValueError, LookupError, TypeError, AttributeError, OverflowError, RecursionError):
        return 0
