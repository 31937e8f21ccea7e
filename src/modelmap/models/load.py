"""Loading a model, its configuration and its tokenizer from a local directory."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from modelmap.models.code import loading_code
from modelmap.models.options import check_device, loading_options
from modelmap.models.spec import ModelSpec
from modelmap.plumbing.errors import UserError

if TYPE_CHECKING:
    from transformers import PretrainedConfig, PreTrainedModel, PreTrainedTokenizerBase

# Architectures name the maximum length differently. This order and default are those of Oyama et
# al. 2025 (ACL).
LENGTH_KEYS = ("max_position_embeddings", "n_positions", "max_sequence_length")
DEFAULT_LENGTH = 2048
OPTION = "trust_remote_code"


def load_config(directory: Path, spec: ModelSpec) -> "PretrainedConfig":
    """Return a model's configuration. Raises UserError if the directory has none."""
    from transformers import AutoConfig

    with _loading(directory, spec) as trusted:
        return AutoConfig.from_pretrained(directory, trust_remote_code=trusted)


def load_tokenizer(directory: Path, spec: ModelSpec) -> "PreTrainedTokenizerBase":
    """Return a model's tokenizer. Raises UserError if the directory has none."""
    from transformers import AutoTokenizer

    with _loading(directory, spec) as trusted:
        return AutoTokenizer.from_pretrained(directory, trust_remote_code=trusted)


def load_model(directory: Path, spec: ModelSpec, device: str) -> "PreTrainedModel":
    """Return a model with the dtype and options of its entry, in evaluation mode, on `device`.

    With device "auto" accelerate distributes the model over all devices and the main memory. Raises
    UserError if the device cannot run the model, or if the directory has no causal language model.
    """
    from transformers import AutoModelForCausalLM

    check_device(spec, device)
    options = loading_options(spec, device)
    with _loading(directory, spec) as trusted:
        model: Any = AutoModelForCausalLM.from_pretrained(
            directory, trust_remote_code=trusted, **options
        )
        placed: PreTrainedModel = model if "device_map" in options else model.to(device)
    return placed.eval()


@contextmanager
def _loading(directory: Path, spec: ModelSpec) -> Iterator[bool]:
    """Yield whether the model's own code may run; raise UserError if the block fails."""
    with loading_code(directory, spec) as trusted:
        try:
            yield trusted
        except Exception as error:
            # transformers raises OSError, KeyError, RuntimeError and others for broken directories.
            message = " ".join(str(error).split())
            if OPTION in message and not trusted:
                message = (
                    f"it needs code of its own: read that, then set {OPTION} and revision in its "
                    "entry (docs/models.md)"
                )
            raise UserError(f"model {spec.name} cannot be loaded: {message[:200]}") from error


def maximum_length(config: "PretrainedConfig", own: int | None) -> int:
    """Return the maximum number of tokens of a text: the model's, or `own` if that is smaller."""
    limits = [getattr(config.get_text_config(), key, None) for key in LENGTH_KEYS]
    limit = next((int(value) for value in limits if value), DEFAULT_LENGTH)
    return min(limit, own) if own else limit
