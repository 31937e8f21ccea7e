"""Conversion of GGUF files to Hugging Face directories, which load much faster."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from modelmap.models.gguf_header import check_gguf
from modelmap.models.gguf_settings import check_settings
from modelmap.models.gguf_tokenizer import TOKENS, mend_tokenizer
from modelmap.models.load import misfits, reason
from modelmap.plumbing.errors import UserError
from modelmap.plumbing.folders import replaced

CONVERSION = 2
"""Raised by hand, with SCORER_VERSION, when files are converted to other models or tokenizers."""
LARGEST_RATIO = 2
"""Of the weights that a header describes to those that the file has. Up to this ratio the model is
built, so that the tensors that are missing can be named."""


def convert_gguf(path: Path, target: Path) -> None:
    """Write the model in a GGUF file, de-quantised to float32, and its tokenizer to `target`.

    A failure leaves no partial directory. Raises UserError if the file is incomplete, if it holds a
    model that transformers does not support, if its tensors are not exactly those of the model that
    its header describes, or if its header has settings that transformers does not read.
    """
    n_weights = check_gguf(path)
    try:
        with _alone(path) as folder, replaced(target) as fresh:
            _check_size(folder, path.name, sum(n_weights.values()))
            tokenizer = _tokenizer(folder, path.name)
            model = _model(folder, path.name, list(n_weights))
            header = _header(folder / path.name)
            mend_tokenizer(tokenizer, header)
            check_settings(header, model.config, tokenizer)
            tokenizer.save_pretrained(fresh)
            model.save_pretrained(fresh)
    except Exception as error:
        # transformers raises many kinds of errors for damaged files; to a user they mean the same.
        raise UserError(f"{path.name} cannot be converted: {reason(error)}") from error


@contextmanager
def _alone(path: Path) -> Iterator[Path]:
    """Yield a folder in which there is nothing but a link to the file."""
    # transformers would also read a tokenizer or an adapter that lies beside the file, and that is
    # no part of the file's hash.
    with TemporaryDirectory() as folder:
        (Path(folder) / path.name).symlink_to(path.resolve())
        yield Path(folder)


def _check_size(folder: Path, name: str, n_weights: int) -> None:
    """Raise UserError if a header describes a far larger model than the file's `n_weights`."""
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    config = AutoConfig.from_pretrained(folder, gguf_file=name)
    # On this device tensors have a shape and no values, so that no memory is needed.
    with torch.device("meta"):
        model: Any = AutoModelForCausalLM.from_config(config)
    described = model.num_parameters()
    if described > LARGEST_RATIO * n_weights:
        raise UserError(
            f"its header describes a model of {described:,} weights, and its tensors have "
            f"{n_weights:,}: download or convert it again"
        )


def _tokenizer(folder: Path, name: str) -> Any:
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(folder, gguf_file=name)


def _model(folder: Path, name: str, tensors: list[str]) -> Any:
    """Return the model, ready to be saved. Raises UserError unless all tensors are in their place.

    `tensors` are the names of the file's tensors.
    """
    import torch
    from transformers import AutoModelForCausalLM

    loaded: tuple[Any, Mapping[str, Any]] = AutoModelForCausalLM.from_pretrained(
        folder,
        gguf_file=name,
        dtype=torch.float32,
        output_loading_info=True,
        ignore_mismatched_sizes=True,
    )
    model, report = loaded
    if problem := misfits(report, _unread(model, folder / name, tensors)):
        raise UserError(
            f"its tensors are not those of a {model.config.model_type} as transformers reads it "
            f"({problem}): download or convert it again"
        )
    # The weights are de-quantised now, but transformers still treats the model as a GGUF and
    # refuses to save it until these marks are removed.
    del model.config.quantization_config
    model.hf_quantizer = None
    model.is_quantized = False
    return model


def _header(path: Path) -> Mapping[str, Any]:
    """Return the values in the header of a GGUF file, by key."""
    from transformers.integrations.gguf import read_gguf_metadata

    # Of other arrays of strings, such as merges, only the lengths are read.
    header: Mapping[str, Any] = read_gguf_metadata(path, (TOKENS,))[0]
    return header


def _unread(model: Any, path: Path, tensors: list[str]) -> list[str]:
    """Return the tensors of a GGUF file that were not read into a model."""
    if model.hf_quantizer.supported:
        # Of these architectures the report has the tensors that were not read.
        return []
    # Of the others transformers leaves out what it does not know, and reports nothing.
    from transformers.modeling_gguf_pytorch_utils import (
        TENSOR_PROCESSORS,
        TensorProcessor,
        get_gguf_hf_weights_map,
    )

    architecture = _header(path)["general.architecture"]
    processor = TENSOR_PROCESSORS.get(architecture, TensorProcessor)()
    known = get_gguf_hf_weights_map(model, processor)
    # Names of experts, of which a file has one tensor for all, are in the map without an ending.
    return [name for name in tensors if not {name, name.removesuffix(".weight")} & known.keys()]
