"""Empty models of the zoo's architectures, all of one shape."""

from typing import TYPE_CHECKING, Any

from modelmap.zoo.settings import Architecture, Shape

if TYPE_CHECKING:
    from transformers import PretrainedConfig, PreTrainedModel


def model_config(architecture: Architecture, shape: Shape, vocab_size: int) -> "PretrainedConfig":
    """Return the transformers configuration of a small causal model; token 0 ends a text."""
    import transformers

    ends: dict[str, Any] = {"bos_token_id": 0, "eos_token_id": 0, "tie_word_embeddings": True}
    size: dict[str, Any] = {
        "vocab_size": vocab_size,
        "hidden_size": shape.hidden_size,
        "num_hidden_layers": shape.n_layers,
        "num_attention_heads": shape.n_heads,
        "max_position_embeddings": shape.max_length,
    }
    grouped = {
        "num_key_value_heads": max(1, shape.n_heads // 2),
        "head_dim": shape.hidden_size // shape.n_heads,
    }
    if architecture in ("llama", "qwen3"):
        wide = {"intermediate_size": 8 * shape.hidden_size // 3}
        made = transformers.LlamaConfig if architecture == "llama" else transformers.Qwen3Config
        return made(**size, **grouped, **wide, **ends)
    if architecture == "gpt_neox":
        wide = {"intermediate_size": 4 * shape.hidden_size}
        return transformers.GPTNeoXConfig(**size, **wide, **ends)
    calm = {"resid_pdrop": 0.0, "embd_pdrop": 0.0, "attn_pdrop": 0.0}
    return transformers.GPT2Config(**size, **calm, **ends)


def empty_model(
    architecture: Architecture, shape: Shape, vocab_size: int, seed: int
) -> "PreTrainedModel":
    """Return a float32 causal language model whose initial weights are drawn from `seed`."""
    import torch
    from transformers import AutoModelForCausalLM

    torch.manual_seed(seed)
    model: PreTrainedModel = AutoModelForCausalLM.from_config(
        model_config(architecture, shape, vocab_size), attn_implementation="sdpa"
    )
    return model.float()
