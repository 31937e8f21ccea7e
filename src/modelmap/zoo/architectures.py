"""Untrained models of the architectures of the zoo, all of one shape."""

from typing import TYPE_CHECKING, Any

from modelmap.zoo.settings import Architecture, Shape

if TYPE_CHECKING:
    from transformers import PretrainedConfig, PreTrainedModel


def model_config(architecture: Architecture, shape: Shape, vocab_size: int) -> "PretrainedConfig":
    """Return the transformers configuration of a small causal model whose end token is 0."""
    import transformers

    special_tokens: dict[str, Any] = {
        "bos_token_id": 0,
        "eos_token_id": 0,
        "tie_word_embeddings": True,
    }
    size: dict[str, Any] = {
        "vocab_size": vocab_size,
        "hidden_size": shape.hidden_size,
        "num_hidden_layers": shape.n_layers,
        "num_attention_heads": shape.n_heads,
        "max_position_embeddings": shape.max_length,
    }
    # Grouped-query attention: two query heads share a key-value head.
    attention = {
        "num_key_value_heads": max(1, shape.n_heads // 2),
        "head_dim": shape.hidden_size // shape.n_heads,
    }
    if architecture in ("llama", "qwen3"):
        # These architectures have three feed-forward matrices where others have two. With 8/3 in
        # place of 4 the number of feed-forward weights is the same.
        feed_forward = {"intermediate_size": 8 * shape.hidden_size // 3}
        config = transformers.LlamaConfig if architecture == "llama" else transformers.Qwen3Config
        return config(**size, **attention, **feed_forward, **special_tokens)
    if architecture == "gpt_neox":
        feed_forward = {"intermediate_size": 4 * shape.hidden_size}
        return transformers.GPTNeoXConfig(**size, **feed_forward, **special_tokens)
    # GPT-2 is the only one of them that has dropout by default.
    no_dropout = {"resid_pdrop": 0.0, "embd_pdrop": 0.0, "attn_pdrop": 0.0}
    return transformers.GPT2Config(**size, **no_dropout, **special_tokens)


def untrained_model(
    architecture: Architecture, shape: Shape, vocab_size: int, seed: int
) -> "PreTrainedModel":
    """Return a causal language model in float32 with random initial weights from `seed`."""
    import torch
    from transformers import AutoModelForCausalLM

    torch.manual_seed(seed)
    model: PreTrainedModel = AutoModelForCausalLM.from_config(
        model_config(architecture, shape, vocab_size), attn_implementation="sdpa"
    )
    return model.float()
