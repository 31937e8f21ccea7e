"""Conversion of GGUF files to Hugging Face directories, which load much faster."""

from pathlib import Path
from typing import Any

from modelmap.models.gguf_header import check_gguf
from modelmap.plumbing.errors import UserError
from modelmap.plumbing.folders import replaced


def convert_gguf(path: Path, target: Path) -> None:
    """Write the model in a GGUF file, de-quantised to float32, and its tokenizer to `target`.

    A failure leaves no partial directory. Raises UserError if the file is incomplete, or holds a
    model that transformers does not support.
    """
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    check_gguf(path)
    try:
        with replaced(target) as fresh:
            tokenizer = AutoTokenizer.from_pretrained(path.parent, gguf_file=path.name)
            model: Any = AutoModelForCausalLM.from_pretrained(
                path.parent, gguf_file=path.name, dtype=torch.float32
            )
            # The weights are de-quantised now, but transformers still treats the model as a GGUF
            # and refuses to save it until these marks are removed.
            del model.config.quantization_config
            model.hf_quantizer = None
            model.is_quantized = False
            tokenizer.save_pretrained(fresh)
            model.save_pretrained(fresh)
    except Exception as error:
        # transformers raises many kinds of errors for damaged files; to a user they mean the same.
        raise UserError(f"{path.name} cannot be converted: {error}") from error
