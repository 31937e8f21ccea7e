"""Models derived from other models: merges, quantised copies and models with fewer layers."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from modelmap.plumbing.errors import UserError
from modelmap.zoo.settings import Bits

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel

Weights = Mapping[str, "torch.Tensor"]
GROUP = 32
"""Weights that share one scale in int4, as in GGUF's format Q4_0."""


def merged(first: Weights, second: Weights) -> dict[str, "torch.Tensor"]:
    """Return the element-wise mean of the weights of two models of the same shape."""
    return {name: (weight + second[name]) / 2 for name, weight in first.items()}


def quantised(weights: Weights, bits: Bits) -> dict[str, "torch.Tensor"]:
    """Return weights rounded to integers of `bits` and converted back to floating point.

    Quantisation is symmetric. int8 has one scale per row of a matrix. int4 has one per group of 32
    consecutive weights of a row, or one per row if the length of rows is not a multiple of 32.
    Vectors, such as biases and norms, are not quantised.
    """
    return {
        name: _round_trip(weight, bits) if weight.ndim == 2 else weight
        for name, weight in weights.items()
    }


def _round_trip(weight: "torch.Tensor", bits: Bits) -> "torch.Tensor":
    columns = weight.shape[1]
    group = GROUP if bits == "int4" and columns % GROUP == 0 else columns
    # The integers -7..7 or -127..127: without the lowest one they are symmetric about zero.
    largest = 7 if bits == "int4" else 127
    rows = weight.reshape(-1, group)
    # The lower bound keeps a group of zeros from dividing by zero.
    scale = (rows.abs().amax(dim=1, keepdim=True) / largest).clamp_min(1e-12)
    return ((rows / scale).round() * scale).reshape(weight.shape)


def layers_of(model: "PreTrainedModel") -> "torch.nn.ModuleList":
    """Return the layers of a model's decoder, in their order. Raises UserError if it has no list.

    The layers of most classes are in a list of that name; those of GPT-2 and GPT-NeoX are not, or
    are in another place.
    """
    import torch

    layers = getattr(model.get_decoder(), "layers", None)
    if not isinstance(layers, torch.nn.ModuleList):
        raise UserError(f"{type(model).__name__} has no list of layers named layers")
    return layers


def keep_layers(model: "PreTrainedModel", count: int) -> None:
    """Remove all layers but the first `count` from a model. Raises UserError if it has no more.

    The final norm and the head stay, and read the states after the last layer that is kept.
    """
    layers = layers_of(model)
    if count >= len(layers):
        raise UserError(f"{count} layers cannot be kept of {len(layers)}: choose fewer")
    del layers[count:]
