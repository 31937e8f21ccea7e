"""A check that the settings in a GGUF header are those of the model that transformers makes of it.

transformers reads few of the keys, and takes its own defaults for the others.
"""

import math
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from modelmap.plumbing.errors import UserError, listed

if TYPE_CHECKING:
    from transformers import PretrainedConfig, PreTrainedTokenizerBase

# Keys (without the architecture before them) that change what a model computes and not the shape of
# its tensors: the names of such a setting in config.json, and the values that change nothing.
SETTINGS: dict[str, tuple[tuple[str, ...], tuple[object, ...]]] = {
    "rope.scaling.type": (("rope_type",), ("none",)),
    "rope.scaling.factor": (("factor",), (0, 1)),
    "rope.scale_linear": (("factor",), (0, 1)),
    "attention.sliding_window": (("sliding_window",), (0,)),
    "attention.causal": ((), (True,)),
    "attention.scale": (("attention_multiplier",), (0,)),
    "attention.clamp_kqv": (("clip_qkv",), (0,)),
    "attention.max_alibi_bias": ((), (0,)),
    "attn_logit_softcapping": (("attn_logit_softcapping",), (0,)),
    "final_logit_softcapping": (("final_logit_softcapping",), (0,)),
    "logit_scale": (("logit_scale", "logits_scaling"), (0, 1)),
    "residual_scale": (("residual_multiplier",), (0, 1)),
    "embedding_scale": (("embedding_multiplier",), (0, 1)),
    "expert_count": (("num_experts", "num_local_experts"), (0,)),
    "expert_used_count": (("num_experts_per_tok",), (0,)),
}
ROTARY = "rope.dimension_count"
WINDOW, CONTEXT = "attention.sliding_window", "context_length"
SPACE_PREFIX, SPACE = "tokenizer.ggml.add_space_prefix", "▁"


def check_settings(
    header: Mapping[str, Any], config: "PretrainedConfig", tokenizer: "PreTrainedTokenizerBase"
) -> None:
    """Raise UserError if keys of a header say something else than the model made of the file.

    `header` has the values by key, `config` and `tokenizer` are those that transformers makes.
    """
    architecture = f"{header['general.architecture']}."
    own = {key.removeprefix(architecture): value for key, value in header.items()}
    made = list(_pairs(config.to_dict()))
    unread = [key for key in SETTINGS if key in own and not _is_made(key, own, made)]
    if ROTARY in own and not _any_close(own[ROTARY], _rotary_dimensions(config, made)):
        unread.append(ROTARY)
    # A tokenizer that puts a space first, where the header says that it does not.
    if header.get(SPACE_PREFIX) is False and tokenizer.tokenize("a")[0].startswith(SPACE):
        unread.append(SPACE_PREFIX)
    if unread:
        values = [f"{key} {own[key]}" for key in unread]
        raise UserError(
            f"its header has settings that transformers does not read ({listed(values)}), and "
            "without them it is another model: use the model's own repository"
        )


def _is_made(key: str, own: Mapping[str, Any], made: list[tuple[str, Any]]) -> bool:
    """Return whether a setting of the header changes nothing, or is one of the made model."""
    names, neutral = SETTINGS[key]
    if key == WINDOW and own[key] >= own.get(CONTEXT, math.inf):
        return True
    return _any_close(own[key], [*neutral, *(value for name, value in made if name in names)])


def _any_close(value: Any, others: list[Any]) -> bool:
    """Return whether a value is among others, numbers as near as float32."""
    return any(
        math.isclose(value, other, rel_tol=1e-6)
        if isinstance(value, int | float) and isinstance(other, int | float)
        else value == other
        for other in others
    )


def _rotary_dimensions(config: "PretrainedConfig", made: list[tuple[str, Any]]) -> list[float]:
    """Return the numbers of dimensions of a head that the made model may rotate."""
    heads = [v for name, v in made if name in ("head_dim", "global_head_dim", "rotary_dim") if v]
    heads = heads or [config.hidden_size // config.num_attention_heads]
    shares = [v for name, v in made if name == "partial_rotary_factor" if v] or [1]
    return [round(head * share) for head in heads for share in shares]


def _pairs(content: Any) -> Iterator[tuple[str, Any]]:
    """Yield each key of nested dicts with its value."""
    if isinstance(content, dict):
        for key, value in content.items():
            yield str(key), value
            yield from _pairs(value)
