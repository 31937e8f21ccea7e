"""Adapters (LoRA): small weights that change those of a base model."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from modelmap.plumbing.errors import UserError, listed
from modelmap.plumbing.files import json_object, read_bytes

if TYPE_CHECKING:
    from transformers import PreTrainedModel

CONFIG, WEIGHTS = "adapter_config.json", "adapter_model.safetensors"
SUPPORTED = "LORA"
# peft's name of an adapter, which is part of the names of its weights.
NAME = "default"


def with_adapter(
    model: "PreTrainedModel", directory: Path
) -> tuple["PreTrainedModel", dict[str, Any]]:
    """Return a base model with an adapter in its layers, and a report on the adapter's weights.

    The report is like that of transformers. Weights are read from safetensors only, and what the
    adapter's files say about their base model is not used. Raises UserError if the adapter is not a
    LoRA, or has no such weights.
    """
    from peft import LoraConfig, PeftModel, set_peft_model_state_dict
    from safetensors.torch import load_file

    content = json_object(read_bytes(directory / CONFIG, f"the adapter has no {CONFIG}"), CONFIG)
    if content.get("peft_type") != SUPPORTED:
        raise UserError(f"its adapter is {content.get('peft_type')}, not {SUPPORTED}")
    if not (directory / WEIGHTS).is_file():
        raise UserError(f"its adapter has no {WEIGHTS}, and pickled weights are not read")
    # peft leaves out what it does not know, and that may change scores.
    unknown = [key for key in content if key not in LoraConfig.__dataclass_fields__]
    if set_keys := [key for key in unknown if content[key]]:
        raise UserError(f"{CONFIG} has keys that peft does not know: {listed(set_keys)}")
    weights = load_file(directory / WEIGHTS)
    if wrong := [name for name, values in weights.items() if not values.is_floating_point()]:
        raise UserError(f"weights of its adapter are not floating-point numbers: {listed(wrong)}")
    adapted = PeftModel(model, LoraConfig.from_pretrained(directory), NAME)
    found = set_peft_model_state_dict(adapted, weights, NAME)
    report = {
        # The others are weights of the base model.
        "missing_keys": [name for name in found.missing_keys if f".{NAME}" in name],
        "unexpected_keys": found.unexpected_keys,
        "mismatched_keys": [],
    }
    # The layers of the base model contain the adapter now.
    return adapted.get_base_model(), report
