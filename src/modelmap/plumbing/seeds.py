"""Seeds and random generators that are derived from one root seed and from names.

A generator of its own for each purpose keeps a change in one place from changing the random numbers
in another.
"""

import hashlib

import numpy as np


def named_seed(seed: int, *names: str) -> int:
    """Return a 63-bit seed that depends only on the root seed and the names, in their order."""
    # A separator that no name contains, so that ("a", "bc") and ("ab", "c") give different seeds.
    label = "\x1f".join([str(seed), *names])
    return int.from_bytes(hashlib.sha256(label.encode()).digest()[:8], "big") >> 1


def named_rng(seed: int, *names: str) -> np.random.Generator:
    """Return the numpy generator whose seed is derived from the root seed and the names."""
    return np.random.default_rng(named_seed(seed, *names))
