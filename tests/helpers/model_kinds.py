"""Tiny models of many kinds, and the log-likelihood by its definition."""

from collections.abc import Sequence
from copy import deepcopy
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from transformers import PreTrainedModel

VOCABULARY = 97
# Within which texts of these models score alike in any two budgets, in nats a text.
TOLERANCE_NATS = {"float32": 1e-3, "float16": 0.01, "bfloat16": 0.05}
SHAPE: dict[str, Any] = {
    "hidden_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "max_position_embeddings": 64,
    "bos_token_id": 0,
    "eos_token_id": 0,
    "pad_token_id": 0,
}
ROTARY: dict[str, Any] = {"num_key_value_heads": 1, "head_dim": 8, "intermediate_size": 24}
BLOOM = {"n_layer": 2, "n_head": 2, "hidden_size": 16}
OPT = {"ffn_dim": 24, "word_embed_proj_dim": 16}
# What is in the head, in the positions or in the body that a matrix product and a causal mask
# alone would not give.
KINDS: dict[str, tuple[str, dict[str, Any]]] = {
    "soft-capped logits and sliding window": (
        "gemma2",
        {**ROTARY, "final_logit_softcapping": 2.0, "sliding_window": 8},
    ),
    "scaled logits": ("cohere", {**ROTARY, "logit_scale": 0.25}),
    "divided logits": ("granite", {**ROTARY, "logits_scaling": 4.0}),
    "sliding window": ("mistral", {**ROTARY, "sliding_window": 8}),
    "learned positions with an offset": ("opt", OPT),
    "positions from the attention mask": ("biogpt", {"intermediate_size": 24}),
    "positions from a bias": ("bloom", BLOOM),
    "parallel attention": ("phi", ROTARY),
    "experts": ("mixtral", {**ROTARY, "num_local_experts": 4, "num_experts_per_tok": 2}),
    "attention sinks": ("gpt_oss", {**ROTARY, "num_local_experts": 4, "sliding_window": 8}),
    "state space": ("mamba", {"state_size": 4}),
    "state space and attention": (
        "recurrent_gemma",
        {**ROTARY, "lru_width": 16, "attention_window_size": 8, "num_hidden_layers": 3},
    ),
    "recurrence": ("rwkv", {"attention_hidden_size": 16, "context_length": 64}),
}


def kind_model(
    kind: str, dtype: str = "float32", vocabulary: int = VOCABULARY
) -> "PreTrainedModel":
    """Return a tiny model of a kind, with the same weights at every call."""
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    model_type, own = KINDS[kind]
    config = AutoConfig.for_model(model_type, **{**SHAPE, "vocab_size": vocabulary, **own})
    torch.manual_seed(0)
    model: PreTrainedModel = AutoModelForCausalLM.from_config(config)
    with torch.no_grad():
        for weight in model.parameters():
            weight.add_(0.25 * torch.randn(weight.shape))
    return model.to(getattr(torch, dtype)).eval()


def sequences(*lengths: int) -> list[tuple[int, ...]]:
    """Return one sequence of drawn ids for each length."""
    rng = np.random.default_rng(0)
    return [tuple(rng.integers(1, VOCABULARY, length).tolist()) for length in lengths]


def by_definition(model: "PreTrainedModel", ids: Sequence[int]) -> float:
    """Return sum_t log p(y_t | y_<t): float64, one text, one position at a time, full softmax."""
    import torch

    exact = deepcopy(model).double()
    # Only this implementation of experts knows float64.
    exact.config._experts_implementation = "eager"
    total = 0.0
    with torch.inference_mode():
        for t in range(1, len(ids)):
            logits = exact(torch.tensor([list(ids[:t])]), use_cache=False).logits[0, -1].numpy()
            shifted = logits - logits.max()
            total += shifted[ids[t]] - np.log(np.exp(shifted).sum())
    return float(total)
