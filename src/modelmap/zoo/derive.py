"""Models made from other models' weights: merges and quantised copies."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from modelmap.zoo.settings import Bits

if TYPE_CHECKING:
    import torch

Weights = Mapping[str, "torch.Tensor"]
GROUP = 32


def merged(first: Weights, second: Weights) -> dict[str, "torch.Tensor"]:
    """Return the element-wise mean of two models' weights."""
    return {name: (weight + second[name]) / 2 for name, weight in first.items()}


def quantised(weights: Weights, bits: Bits) -> dict[str, "torch.Tensor"]:
    """Return weights after a round trip through symmetric integers; vectors stay as they are.

    int8 has one scale per row, int4 one per 32 neighbours of a row (per row, where a row's
    length is no multiple of 32).
    """
    return {
        name: _round_trip(weight, bits) if weight.ndim == 2 else weight
        for name, weight in weights.items()
    }


def _round_trip(weight: "torch.Tensor", bits: Bits) -> "torch.Tensor":
    columns = weight.shape[1]
    group = GROUP if bits == "int4" and columns % GROUP == 0 else columns
    largest = 7 if bits == "int4" else 127
    rows = weight.reshape(-1, group)
    scale = (rows.abs().amax(dim=1, keepdim=True) / largest).clamp_min(1e-12)
    return ((rows / scale).round() * scale).reshape(weight.shape)
