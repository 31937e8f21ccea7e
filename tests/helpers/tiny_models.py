"""Tiny models with weights from a formula, the same on every machine and torch version."""

from typing import TYPE_CHECKING

from modelmap.zoo.architectures import untrained_model
from modelmap.zoo.settings import Architecture, Shape, TokenizerRecipe
from modelmap.zoo.tokenizers import train_tokenizer

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerFast

ARCHITECTURES: list[Architecture] = ["llama", "gpt2", "gpt_neox", "qwen3"]
SHAPE = Shape(hidden_size=16, n_layers=2, n_heads=2, max_length=256)
TEXTS = [
    "In the beginning God created the heaven and the earth.",
    "def add(a, b):\n    return a + b\n\n\nprint(add(1, 2))\n",
    "Déjà vu: naïve café, 東京, and a rocket 🚀.",
    "a",
    "The map shows which models are near. " * 4,
]


def tiny_tokenizer(add_bos: bool) -> "PreTrainedTokenizerFast":
    """Return a byte-level BPE tokenizer of 300 tokens trained on TEXTS."""
    recipe = TokenizerRecipe(vocab_size=300, add_bos=add_bos)
    return train_tokenizer(TEXTS, recipe, SHAPE.max_length)


def tiny_model(architecture: Architecture) -> "PreTrainedModel":
    """Return a model whose every weight is a fixed function of its place."""
    import torch

    model = untrained_model(architecture, SHAPE, 300, seed=0)
    with torch.no_grad():
        for place, (name, weight) in enumerate(sorted(model.named_parameters())):
            wave = torch.sin(torch.arange(weight.numel(), dtype=torch.float64) * 1.7 + place)
            centre = 1.0 if weight.ndim == 1 and "bias" not in name else 0.0
            weight.copy_((centre + 0.3 * wave).reshape(weight.shape))
    return model.eval()
