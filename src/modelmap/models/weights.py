"""How many weights a model's files hold, without loading them."""

import json
import math
from pathlib import Path

PICKLED_BYTES = 2
"""A weight in a file that tells nothing of itself, most often in half precision."""


def count_weights(directory: Path) -> int:
    """Return the number of weights in a directory's files: 1 at least."""
    counted = sum(_in_header(path) for path in directory.glob("*.safetensors"))
    pickled = sum(path.stat().st_size for path in directory.glob("*.bin"))
    return max(1, counted or pickled // PICKLED_BYTES)


def _in_header(path: Path) -> int:
    with path.open("rb") as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
    return sum(math.prod(part["shape"]) for name, part in header.items() if name != "__metadata__")
