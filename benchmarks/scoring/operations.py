"""How many floating-point operations scoring needs, and how many the machine does."""

import time
from collections.abc import Sequence
from typing import Any

import torch

SIDE = 2048
REPEATS = 3


def matrix_weights(model: Any) -> int:
    """Return how many of a model's weights take part in matrix products, the head's among them."""
    from transformers.pytorch_utils import Conv1D

    kinds = (torch.nn.Linear, Conv1D)
    return sum(part.weight.numel() for part in model.modules() if isinstance(part, kinds))


def operations(model: Any, lengths: Sequence[int]) -> float:
    """Return what scoring sequences of `lengths` ids needs: no padding, no token twice.

    2 x weights in matrix products x tokens, and for attention 4 x width x pairs of a token and
    one before it, or itself. The last token of a text predicts nothing and is not counted.
    """
    config = model.config
    width = config.num_attention_heads * getattr(
        config, "head_dim", config.hidden_size // config.num_attention_heads
    )
    read = [length - 1 for length in lengths]
    pairs = sum(n * (n + 1) / 2 for n in read)
    return 2 * matrix_weights(model) * sum(read) + 4 * config.num_hidden_layers * width * pairs


def product_rate(
    device: str = "cpu", dtype: torch.dtype = torch.float32, side: int = SIDE
) -> float:
    """Return the operations a second of a large square matrix product, the best of a few."""
    matrix = torch.randn(side, side, device=device, dtype=dtype)
    best = float("inf")
    for _ in range(REPEATS + 1):
        started = time.perf_counter()
        matrix @ matrix
        synchronise(device)
        best = min(best, time.perf_counter() - started)
    return 2 * side**3 / best


def synchronise(device: str) -> None:
    """Wait for the device."""
    if device.startswith("cuda"):
        torch.cuda.synchronize()
