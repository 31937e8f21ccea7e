"""The options of a model's entry: what transformers is given, and what the device must support."""

from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from modelmap.models.spec import ModelSpec
from modelmap.plumbing.errors import UserError

if TYPE_CHECKING:
    from transformers import PreTrainedModel

# Options that run on CUDA only, with the package that each needs and how to install it.
CUDA_ONLY = {
    "int8": ("bitsandbytes", "pip install -e '.[cuda]'"),
    "nf4": ("bitsandbytes", "pip install -e '.[cuda]'"),
    "flash_attention_2": ("flash_attn", "pip install flash-attn"),
    "flex_attention": ("torch", "pip install -e '.[score]'"),
}


def check_device(spec: ModelSpec, device: str) -> None:
    """Raise UserError unless the device and the installed packages support a model's options."""
    for key in ("quantisation", "attention"):
        option = getattr(spec, key)
        if option in CUDA_ONLY:
            _check_cuda(f"model {spec.name}: {key} {option}", option, device)


def _check_cuda(subject: str, option: str, device: str) -> None:
    import torch

    if device == "cpu" or not torch.cuda.is_available():
        raise UserError(
            f"{subject} needs a CUDA device, not {device}: run on a machine that has one with "
            "MODELMAP_HARDWARE=cuda, or remove it from the entry"
        )
    package, advice = CUDA_ONLY[option]
    if find_spec(package) is None:
        raise UserError(f"{subject} needs the package {package}: `{advice}`")


def loading_options(spec: ModelSpec, device: str) -> dict[str, Any]:
    """Return the keyword arguments of `from_pretrained` for a model.

    `device` is "cpu", a CUDA device such as "cuda:1", or "auto" for all devices of the machine.
    """
    import torch

    dtype = getattr(torch, spec.dtype)
    options = {
        "dtype": dtype,
        # With None transformers takes the default of the model's class. The keys must be there all
        # the same: without them config.json would decide.
        "attn_implementation": None if spec.attention == "auto" else spec.attention,
        "experts_implementation": None,
    }
    # With a device_map the model is placed while it is loaded, and must not be moved afterwards: a
    # quantised model cannot be, and a model on several devices may fit on none of them.
    if device == "auto":
        options["device_map"] = "auto"
    elif spec.quantisation:
        options["device_map"] = {"": device}
    if spec.quantisation:
        options["quantization_config"] = _bitsandbytes(spec.quantisation, dtype)
    return options


def attention_of(model: "PreTrainedModel") -> str:
    """Return the attention implementation of a loaded model, such as "sdpa"."""
    # Of a model of texts and images, the part that reads texts has a configuration of its own.
    return str(model.config.get_text_config()._attn_implementation)


def _bitsandbytes(quantisation: str, dtype: object) -> Any:
    from transformers import BitsAndBytesConfig

    if quantisation == "int8":
        return BitsAndBytesConfig(load_in_8bit=True)
    return BitsAndBytesConfig(
        load_in_4bit=True, bnb_4bit_quant_type=quantisation, bnb_4bit_compute_dtype=dtype
    )
