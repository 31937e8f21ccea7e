"""Only models that read from left to right are scored."""

import pytest
import torch
from helpers.tiny_models import ARCHITECTURES, tiny_model
from transformers import BertConfig, BertLMHeadModel

from modelmap.models.spec import ModelSpec
from modelmap.plumbing.errors import UserError
from modelmap.score.causal import check_causal
from modelmap.zoo.settings import Architecture

SPEC = ModelSpec(name="one", source="directory", location="one", family="one", kind="base")


def bert(is_decoder: bool) -> BertLMHeadModel:
    """Return a BERT whose weights are large enough for tokens to matter to each other."""
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=50,
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
        is_decoder=is_decoder,
        initializer_range=1.0,
    )
    return BertLMHeadModel(config).eval()


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_causal_models_pass(architecture: Architecture) -> None:
    """Whatever follows, nothing comes of it; in half precision too."""
    model = tiny_model(architecture)
    check_causal(model, SPEC)
    check_causal(model.to(torch.bfloat16), SPEC)


def test_a_model_that_looks_ahead_is_refused_by_name() -> None:
    """A BERT is causal as a decoder only; otherwise the line says what to do."""
    check_causal(bert(is_decoder=True), SPEC)
    with pytest.raises(UserError, match=r"^model one is not causal: .* by \d+\.\d nats; set is_de"):
        check_causal(bert(is_decoder=False), SPEC)
