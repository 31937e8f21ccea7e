"""The floating-point operations that scoring needs, and the rate that the machine reaches."""

import time
from collections.abc import Callable, Sequence
from typing import Any

import torch

from modelmap.models.packed import PackedProduct, packing_helps

SIDE = 2048
REPEATS = 3


def matrix_weights(model: Any) -> int:
    """Return the number of a model's weights in matrix products, including the head."""
    from transformers.pytorch_utils import Conv1D

    kinds = (torch.nn.Linear, Conv1D)
    return sum(part.weight.numel() for part in model.modules() if isinstance(part, kinds))


def operations(model: Any, lengths: Sequence[int]) -> float:
    """Return the operations for scoring sequences of `lengths` ids, without padding.

    2 x weights in matrix products x tokens, and for attention 4 x width x layers x the number of
    pairs of a token and an earlier or the same token. The last token of a text predicts nothing
    and is not counted.
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
    """Return the operations per second of a large square matrix product, the best of a few.

    On a processor on which scoring packs weights, one of the matrices is packed.
    """
    matrix = torch.randn(side, side, device=device, dtype=dtype)
    product: Callable[[torch.Tensor], torch.Tensor] = matrix.__matmul__
    if device == "cpu" and packing_helps():
        product = PackedProduct(torch.nn.Linear(side, side, bias=False, dtype=dtype))
    best = float("inf")
    for _ in range(REPEATS + 1):
        started = time.perf_counter()
        product(matrix)
        synchronise(device)
        best = min(best, time.perf_counter() - started)
    return 2 * side**3 / best


def synchronise(device: str) -> None:
    """Wait until the device has finished its work."""
    if device.startswith("cuda"):
        torch.cuda.synchronize()
