"""Weights in the layout of oneDNN, with which some processors multiply float32 matrices faster.

On AMD processors with AVX-512, torch's own products, which the library MKL computes, reach less
than half of the rate of oneDNN's with packed weights (docs/scoring-speed.md).
"""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel

PROCESSOR = Path("/proc/cpuinfo")
N_ROWS = 512
"""About as many tokens as a text has: oneDNN chooses the layout for this number of rows."""


def pack_where_faster(model: "PreTrainedModel") -> None:
    """Pack the weights of a model if that makes it faster on this processor."""
    if packing_helps():
        pack_weights(model)


def packing_helps() -> bool:
    """Return whether this processor is one on which packed weights were measured to be faster."""
    import torch

    if not (torch.backends.mkldnn.is_available() and PROCESSOR.is_file()):
        return False
    has_avx512 = bool(torch.backends.cpu.get_cpu_capability() == "AVX512")
    return has_avx512 and "AuthenticAMD" in PROCESSOR.read_text(encoding="utf-8")


def pack_weights(model: "PreTrainedModel") -> None:
    """Let every float32 linear layer of a model on the CPU multiply with packed weights.

    The layers keep their weights as well, because some models read them and because a head may
    share them with the embedding. Logits change by rounding errors only. Later changes of the
    weights have no effect, so a packed model cannot be trained.
    """
    import torch

    for module in model.modules():
        # A subclass may compute something else than the product.
        if type(module) is torch.nn.Linear and _is_plain(module.weight):
            module.forward = PackedProduct(module)


def has_packed_weights(model: "PreTrainedModel") -> bool:
    """Return whether `pack_weights` changed any layer of a model."""
    return any(isinstance(vars(each).get("forward"), PackedProduct) for each in model.modules())


def _is_plain(weight: "torch.Tensor") -> bool:
    import torch

    on_cpu = weight.device.type == "cpu"
    return bool(on_cpu and weight.dtype == torch.float32 and weight.numel() > 0)


class PackedProduct:
    """The forward method of a linear layer: x W^T + b, with W in the layout of oneDNN."""

    def __init__(self, layer: "torch.nn.Linear") -> None:
        import torch

        self.weight = torch.ops.mkldnn._reorder_linear_weight(layer.weight.detach(), N_ROWS)
        self.bias = layer.bias

    def __call__(self, x: "torch.Tensor") -> "torch.Tensor":
        import torch

        product: torch.Tensor = torch.ops.mkldnn._linear_pointwise(
            x, self.weight, self.bias, "none", [], ""
        )
        return product
