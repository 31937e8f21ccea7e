"""Bringing a prepared model and its tokenizer into memory."""

from pathlib import Path
from typing import TYPE_CHECKING

from modelmap.errors import UserError
from modelmap.models.spec import ModelSpec

if TYPE_CHECKING:
    from transformers import PretrainedConfig, PreTrainedModel, PreTrainedTokenizerBase

LENGTH_KEYS = ("max_position_embeddings", "n_positions", "max_sequence_length")
DEFAULT_LENGTH = 2048


def load_model(
    directory: Path, spec: ModelSpec, device: str
) -> tuple["PreTrainedModel", "PreTrainedTokenizerBase"]:
    """Return a model in its declared dtype, ready to score on `device`, and its tokenizer.

    Raises UserError if the directory does not give a causal language model.
    """
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    try:
        tokenizer = AutoTokenizer.from_pretrained(directory, trust_remote_code=False)
        model = AutoModelForCausalLM.from_pretrained(
            directory,
            dtype=getattr(torch, spec.dtype),
            attn_implementation=spec.attention,
            trust_remote_code=False,
        )
    except Exception as error:
        # Whatever transformers raises for a broken directory (OSError, KeyError, RuntimeError,
        # its own kinds) means one thing to a user.
        told = " ".join(str(error).split())[:200]
        raise UserError(f"model {spec.name} cannot be loaded: {told}") from error
    return model.to(device).eval(), tokenizer


def maximum_length(config: "PretrainedConfig", own: int | None) -> int:
    """Return how many tokens of a text are read: the model's limit, or `own` where it is less."""
    limits = [getattr(config.get_text_config(), key, None) for key in LENGTH_KEYS]
    limit = next((int(value) for value in limits if value), DEFAULT_LENGTH)
    return min(limit, own) if own else limit
