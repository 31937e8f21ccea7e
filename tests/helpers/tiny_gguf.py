"""A tiny llama as a GGUF file, whose tensors and keys can be changed."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from helpers.tiny_models import SHAPE, tiny_model, tiny_tokenizer

Tensors = dict[str, np.ndarray]
Value = bool | int | float | str
# The keys of the header that describe the shape of the tiny llama.
COUNTS = {
    "block_count": SHAPE.n_layers,
    "context_length": SHAPE.max_length,
    "embedding_length": SHAPE.hidden_size,
    "feed_forward_length": 8 * SHAPE.hidden_size // 3,
    "attention.head_count": SHAPE.n_heads,
    "attention.head_count_kv": SHAPE.n_heads // 2,
    "rope.dimension_count": SHAPE.hidden_size // SHAPE.n_heads,
}


def write_gguf(
    path: Path,
    change: Callable[[Tensors], Tensors] = lambda tensors: tensors,
    counts: Mapping[str, int] = COUNTS,
    settings: Mapping[str, Value] | None = None,
) -> None:
    """Write the tiny llama and its tokenizer; `change` gets its tensors by name in the format.

    `counts` override those of the header, and `settings` are further keys of the architecture.
    """
    from gguf import GGUFValueType, GGUFWriter

    writer = GGUFWriter(path, "llama")
    writer.add_name("tiny")
    for key, count in {**COUNTS, **counts}.items():
        writer.add_uint32(f"llama.{key}", count)
    writer.add_float32("llama.attention.layer_norm_rms_epsilon", 1e-6)
    writer.add_float32("llama.rope.freq_base", 1e4)
    for key, value in (settings or {}).items():
        writer.add_key_value(f"llama.{key}", value, GGUFValueType.get_type(value))
    _add_tokenizer(writer)
    for name, values in change(_tensors()).items():
        writer.add_tensor(name, values)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _tensors() -> Tensors:
    """Return the weights of the tiny llama, by their names in the format."""
    from gguf.constants import MODEL_ARCH
    from gguf.tensor_mapping import get_tensor_name_map

    names = get_tensor_name_map(MODEL_ARCH.LLAMA, SHAPE.n_layers)
    tensors = {}
    for name, weight in tiny_model("llama").state_dict().items():
        if name == "lm_head.weight":
            # It is tied to the embedding, which a GGUF file expresses by its absence.
            continue
        values = weight.numpy()
        n_heads = {"q_proj": SHAPE.n_heads, "k_proj": SHAPE.n_heads // 2}.get(name.split(".")[-2])
        if n_heads:
            # The format has the two halves of each rotary pair side by side.
            values = values.reshape(n_heads, 2, -1, SHAPE.hidden_size).swapaxes(1, 2)
            values = values.reshape(weight.shape)
        tensors[f"{names.get_name(name.removesuffix('.weight'))}.weight"] = values
    return tensors


def _add_tokenizer(writer: Any) -> None:
    tokenizer = tiny_tokenizer(add_bos=True)
    merges = json.loads(tokenizer.backend_tokenizer.to_str())["model"]["merges"]
    writer.add_tokenizer_model("gpt2")
    writer.add_token_list(tokenizer.convert_ids_to_tokens(range(len(tokenizer))))
    writer.add_token_merges([" ".join(pair) for pair in merges])
    writer.add_bos_token_id(0)
    writer.add_eos_token_id(0)
    writer.add_add_bos_token(True)
