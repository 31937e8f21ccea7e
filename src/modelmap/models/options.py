"""What a model's entry asks of the library that loads it, and of the device that runs it."""

from importlib.util import find_spec
from typing import Any

from modelmap.models.spec import ModelSpec
from modelmap.plumbing.errors import UserError

# An option that runs on CUDA only -> the package it needs and how that is installed.
CUDA_ONLY = {
    "int8": ("bitsandbytes", "pip install -e '.[cuda]'"),
    "nf4": ("bitsandbytes", "pip install -e '.[cuda]'"),
    "flash_attention_2": ("flash_attn", "pip install flash-attn"),
    "flex_attention": ("torch", "pip install -e '.[score]'"),
}


def check_device(spec: ModelSpec, device: str) -> None:
    """Raise UserError unless the device, and this machine's packages, can run a model's options."""
    for key in ("quantisation", "attention"):
        option = getattr(spec, key)
        if option in CUDA_ONLY:
            _check_cuda(f"model {spec.name}: {key} {option}", option, device)


def _check_cuda(wanting: str, option: str, device: str) -> None:
    import torch

    if device == "cpu" or not torch.cuda.is_available():
        raise UserError(
            f"{wanting} needs a CUDA device, not {device}: run on a machine that has one with "
            "MODELMAP_HARDWARE=cuda, or take it out of the entry"
        )
    package, advice = CUDA_ONLY[option]
    if find_spec(package) is None:
        raise UserError(f"{wanting} needs the package {package}: `{advice}`")


def loading_options(spec: ModelSpec, device: str) -> dict[str, Any]:
    """Return what `from_pretrained` takes for a model on a device: "cpu", "cuda:1" or "auto".

    `device_map` is among it where the model is placed as it is loaded: a quantised model cannot be
    moved, and one that is larger than a device never lies on one.
    """
    import torch

    dtype = getattr(torch, spec.dtype)
    options = {"dtype": dtype, "attn_implementation": spec.attention}
    if device == "auto":
        options["device_map"] = "auto"
    elif spec.quantisation:
        options["device_map"] = {"": device}
    if spec.quantisation:
        options["quantization_config"] = _bits(spec.quantisation, dtype)
    return options


def _bits(quantisation: str, dtype: object) -> Any:
    from transformers import BitsAndBytesConfig

    if quantisation == "int8":
        return BitsAndBytesConfig(load_in_8bit=True)
    return BitsAndBytesConfig(
        load_in_4bit=True, bnb_4bit_quant_type=quantisation, bnb_4bit_compute_dtype=dtype
    )
