"""GGUF files, de-quantised to directories that load fast."""

from pathlib import Path
from typing import Any

from modelmap.models.gguf_header import check_gguf
from modelmap.plumbing.errors import UserError
from modelmap.plumbing.folders import replaced


def convert_gguf(path: Path, target: Path) -> None:
    """Write a GGUF as a float32 Hugging Face directory with its tokenizer, whole or not at all.

    Raises UserError if it is no whole GGUF of a model that transformers knows.
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
            # transformers refuses to save a model that remembers having been a GGUF.
            del model.config.quantization_config
            model.hf_quantizer = None
            model.is_quantized = False
            tokenizer.save_pretrained(fresh)
            model.save_pretrained(fresh)
    except Exception as error:
        # As for directories: whatever transformers raises means one thing to a user.
        raise UserError(f"{path.name} cannot be converted: {error}") from error
