"""Loading a model, its configuration and its tokenizer from a local directory."""

import re
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from modelmap.models.adapter import CONFIG as ADAPTER_CONFIG
from modelmap.models.adapter import with_adapter
from modelmap.models.code import loading_code
from modelmap.models.descendant import make_descendant
from modelmap.models.options import check_device, loading_options
from modelmap.models.spec import ModelSpec
from modelmap.models.weights import count_tensors, integer_tensors
from modelmap.plumbing.errors import UserError, listed

if TYPE_CHECKING:
    from transformers import PretrainedConfig, PreTrainedModel, PreTrainedTokenizerBase

# Architectures name the maximum length differently. This order and default are those of Oyama et
# al. 2025 (ACL).
LENGTH_KEYS = ("max_position_embeddings", "n_positions", "max_sequence_length")
DEFAULT_LENGTH = 2048
MIN_LENGTH = 16
"""No language model reads fewer tokens. A smaller number is a mistake that would look like a very
good model: texts of which nothing is scored have log-likelihood 0."""
CONFIG = "config.json"
OPTION = "trust_remote_code"
LONGEST_REASON = 300
# Tensors of earlier versions of transformers that hold nothing learnt: causal masks, rotary
# frequencies, sinusoidal positions and version numbers. Many files on the hub still have them.
EARLIER_BUFFERS = re.compile(
    r"\.attn(\.attention)?\.(bias|masked_bias|causal_mask)$"
    r"|\.(maybe_)?rotary\.inv_freq$|\.rotary_emb\.inv_freq$"
    r"|\.embed_positions\.weights$|\.decoder\.version$"
)


def load_config(directory: Path, spec: ModelSpec) -> "PretrainedConfig":
    """Return a model's configuration. Raises UserError if the directory has none."""
    with _loading(directory, spec) as trusted:
        return _config(directory, trusted)


def load_tokenizer(directory: Path, spec: ModelSpec) -> "PreTrainedTokenizerBase":
    """Return a model's tokenizer. Raises UserError if the directory has none."""
    from transformers import AutoTokenizer

    with _loading(directory, spec) as trusted:
        tokenizer = AutoTokenizer.from_pretrained(directory, trust_remote_code=trusted)
        _check_repeatable(tokenizer)
        return tokenizer


def _check_repeatable(tokenizer: "PreTrainedTokenizerBase") -> None:
    """Raise UserError if a tokenizer divides a text differently each time, as for training."""
    backend = getattr(tokenizer, "backend_tokenizer", None)
    if dropout := getattr(getattr(backend, "model", None), "dropout", None):
        raise UserError(
            f"its tokenizer leaves out merges at random (dropout {dropout:.2g}): set dropout to "
            "null in tokenizer.json"
        )


def load_model(
    directory: Path, spec: ModelSpec, device: str, adapter: Path | None = None
) -> "PreTrainedModel":
    """Return a model with the dtype and options of its entry, in evaluation mode, on `device`.

    With device "auto" accelerate distributes the model over all devices and the main memory.
    `adapter` is the directory of an adapter that is added to the model, or of a descendant of the
    zoo that the model is changed into. Raises UserError if the
    device cannot run the model, if the directory has no causal language model, or if the weights
    are not exactly those of the model that its config.json describes, or of the adapter.
    """
    from transformers import AutoModelForCausalLM

    check_device(spec, device)
    options = loading_options(spec, device)
    with _loading(directory, spec) as trusted:
        loaded: tuple[Any, Mapping[str, Any]] = AutoModelForCausalLM.from_pretrained(
            directory,
            # transformers would let config.json override the options if it read the file itself.
            config=_config(directory, trusted),
            trust_remote_code=trusted,
            output_loading_info=True,
            # Tensors of another shape are then in the report, and not an error that names none.
            ignore_mismatched_sizes=True,
            **options,
        )
        model, report = loaded
        _check(report, CONFIG)
        _check_numbers(model, directory)
        if adapter is not None and spec.source == "zoo":
            make_descendant(model, adapter)
        elif adapter is not None:
            model, report = with_adapter(model, adapter)
            _check(report, ADAPTER_CONFIG)
        placed: PreTrainedModel = model if "device_map" in options else model.to(device)
    return placed.eval()


def tokenizer_directory(directory: Path, adapter: Path | None) -> Path:
    """Return where a model's tokenizer is: with its adapter if that has one, or with the model."""
    has_own = adapter is not None and (adapter / "tokenizer_config.json").is_file()
    return adapter if adapter is not None and has_own else directory


def _config(directory: Path, trusted: bool) -> "PretrainedConfig":
    from transformers import AutoConfig

    if (directory / ADAPTER_CONFIG).exists():
        # transformers would take the newest commit of the base model that the file names.
        raise UserError(
            "its files are an adapter: name the model that it changes (key `base` of its entry), "
            f"or remove {ADAPTER_CONFIG}"
        )
    config = AutoConfig.from_pretrained(directory, trust_remote_code=trusted)
    _check_layers(config, count_tensors(directory))
    return config


def _check_layers(config: "PretrainedConfig", n_tensors: int) -> None:
    """Raise UserError if a configuration has more layers than the files have tensors."""
    # transformers builds all layers before it looks for their tensors: a million take minutes.
    n_layers = getattr(config.get_text_config(), "num_hidden_layers", 0)
    if n_tensors and isinstance(n_layers, int) and n_layers > n_tensors:
        raise UserError(
            f"its {CONFIG} describes {n_layers:,} layers, and its files have {n_tensors:,} "
            f"tensors: correct its {CONFIG}"
        )


@contextmanager
def _loading(directory: Path, spec: ModelSpec) -> Iterator[bool]:
    """Yield whether the model's own code may run; raise UserError if the block fails."""
    with loading_code(directory, spec) as trusted:
        try:
            yield trusted
        except Exception as error:
            # transformers raises OSError, KeyError, RuntimeError and others for broken directories.
            message = reason(error)
            if OPTION in str(error) and not trusted:
                message = (
                    f"it needs code of its own: read that, then set {OPTION} and revision in its "
                    "entry (docs/models.md)"
                )
            raise UserError(f"model {spec.name} cannot be loaded: {message}") from error


def reason(error: Exception) -> str:
    """Return the message of an error on one line, cut after a word if it is long."""
    if isinstance(error, UserError):
        return str(error)
    return textwrap.shorten(str(error), LONGEST_REASON, placeholder=" ...")


def _check(report: Mapping[str, Any], config: str) -> None:
    """Raise UserError if a report on loading says that weights and configuration do not fit."""
    if problem := misfits(report):
        raise UserError(
            f"its weights are not those that its {config} describes ({problem}): download or copy "
            f"it again, or correct its {config}"
        )


def _check_numbers(model: "PreTrainedModel", directory: Path) -> None:
    """Raise UserError if weights are stored as integers, without a quantisation that says how."""
    if getattr(model.config, "quantization_config", None) is not None:
        return
    # transformers would take the integers themselves for weights. Buffers may be integers.
    prefix = f"{model.base_model_prefix}."
    weights = {name.removeprefix(prefix) for name, _ in model.named_parameters()}
    wrong = [name for name in integer_tensors(directory) if name.removeprefix(prefix) in weights]
    if wrong:
        raise UserError(
            f"weights in its files are not floating-point numbers ({listed(wrong)}), and its "
            f"{CONFIG} has no quantization_config that says what they mean: download or convert it "
            "again"
        )


def misfits(report: Mapping[str, Any], unread: Iterable[str] = ()) -> str:
    """Return the tensors that a model lacks, does not have or has in another shape, or "".

    `report` is what transformers returns with output_loading_info. It has neither tied weights nor
    names that the model's class documents as ignorable. `unread` are names of more tensors that the
    model does not have.
    """
    unexpected = {name for name in report["unexpected_keys"] if not EARLIER_BUFFERS.search(name)}
    parts = {
        "missing": report["missing_keys"],
        "unexpected": unexpected.union(unread),
        "another shape": {name for name, *_ in report["mismatched_keys"]},
    }
    return "; ".join(f"{part}: {listed(sorted(names))}" for part, names in parts.items() if names)


def maximum_length(config: "PretrainedConfig", own: int | None) -> int:
    """Return the maximum number of tokens of a text: the model's, or `own` if that is smaller.

    Raises UserError if the model's is not a number of tokens, or too small to be true.
    """
    text_config = config.get_text_config()
    limits = [(key, getattr(text_config, key, None)) for key in LENGTH_KEYS]
    known = [(key, limit) for key, limit in limits if limit is not None]
    key, limit = known[0] if known else ("", DEFAULT_LENGTH)
    if not isinstance(limit, int) or isinstance(limit, bool) or limit < MIN_LENGTH:
        raise UserError(
            f"its config.json has {key} {limit!r}, which is not a number of tokens of {MIN_LENGTH} "
            "or more: correct it, or remove the model"
        )
    return min(limit, own) if own else limit
