"""Random generators derived from one root seed and names."""

import hashlib

import numpy as np


def named_seed(seed: int, *names: str) -> int:
    """Return a 63-bit seed that depends on the root seed and every name, and on nothing else."""
    label = "\x1f".join([str(seed), *names])
    return int.from_bytes(hashlib.sha256(label.encode()).digest()[:8], "big") >> 1


def named_rng(seed: int, *names: str) -> np.random.Generator:
    """Return the numpy generator of `names` under the root seed."""
    return np.random.default_rng(named_seed(seed, *names))
