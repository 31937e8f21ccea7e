"""Log-likelihoods by llama.cpp, through the C functions of a package that contains it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

F32 = 0
# llama.cpp's threads wait for each other at every step by running idle. Beside other programs, two
# of them are far slower than one.
THREADS = 1


class LlamaCpp:
    """One GGUF file in llama.cpp, with keys and values in float32."""

    def __init__(self, path: Path, max_tokens: int) -> None:
        from llama_cpp_py_sync._cffi_bindings import ffi
        from xllamacpp import xllamacpp

        self.ffi: Any = ffi
        self.lib: Any = ffi.dlopen(xllamacpp.__file__)
        self.quiet = self.ffi.callback("ggml_log_callback", lambda *_: None)
        self.lib.llama_log_set(self.quiet, self.ffi.NULL)
        self.lib.llama_backend_init()
        chosen = self.lib.llama_model_default_params()
        chosen.n_gpu_layers = 0
        self.model = self.lib.llama_model_load_from_file(str(path).encode(), chosen)
        self.vocab = self.lib.llama_model_get_vocab(self.model)
        self.context = self.lib.llama_init_from_model(self.model, self._settings(max_tokens))

    def _settings(self, max_tokens: int) -> Any:
        settings = self.lib.llama_context_default_params()
        settings.n_ctx = settings.n_batch = settings.n_ubatch = max_tokens
        settings.n_threads = settings.n_threads_batch = THREADS
        settings.type_k = settings.type_v = F32
        settings.flash_attn_type = 0
        return settings

    def tokens(self, text: str) -> list[int]:
        """Return the token ids of a text, with the special tokens that the model adds itself."""
        content = text.encode()
        room = len(content) + 2
        ids = self.ffi.new("llama_token[]", room)
        n_ids = self.lib.llama_tokenize(self.vocab, content, len(content), ids, room, True, True)
        return list(ids[0:n_ids])

    def token_logprobs(self, ids: Sequence[int]) -> np.ndarray:
        """Return the log-probability in nats of every id but the first; shape (len(ids) - 1,)."""
        self.lib.llama_memory_clear(self.lib.llama_get_memory(self.context), True)
        batch = self.lib.llama_batch_init(len(ids), 0, 1)
        batch.n_tokens = len(ids)
        for place, token in enumerate(ids):
            batch.token[place], batch.pos[place] = token, place
            batch.n_seq_id[place], batch.seq_id[place][0], batch.logits[place] = 1, 0, 1
        failed = self.lib.llama_decode(self.context, batch)
        self.lib.llama_batch_free(batch)
        if failed:
            raise RuntimeError(f"llama.cpp could not read {len(ids)} tokens: code {failed}")
        n_vocab = self.lib.llama_vocab_n_tokens(self.vocab)
        raw = self.ffi.buffer(self.lib.llama_get_logits(self.context), 4 * n_vocab * len(ids))
        logits = np.frombuffer(raw, dtype=np.float32).reshape(len(ids), n_vocab)[:-1]
        return _logprobs(logits.astype(np.float64), np.array(ids[1:]))

    def close(self) -> None:
        """Free the memory of the model."""
        self.lib.llama_free(self.context)
        self.lib.llama_model_free(self.model)


def _logprobs(logits: np.ndarray, targets: np.ndarray) -> np.ndarray:
    top = logits.max(axis=1)
    total = np.log(np.exp(logits - top[:, None]).sum(axis=1)) + top
    found: np.ndarray = logits[np.arange(len(targets)), targets] - total
    return found


def dequantised(source: Path, target: Path) -> Path:
    """Write the GGUF file `source` with every tensor in float32 to `target`; return `target`."""
    from gguf import GGMLQuantizationType, GGUFReader, GGUFWriter, dequantize

    reader = GGUFReader(source)
    name = reader.fields["general.architecture"].contents()
    writer = GGUFWriter(target, name)
    for field in reader.fields.values():
        known = field.name.startswith("GGUF.") or field.name == "general.architecture"
        if not known:
            kinds = field.types
            part = kinds[1] if len(kinds) > 1 else None
            writer.add_key_value(field.name, field.contents(), kinds[0], part)
    for tensor in reader.tensors:
        weights = dequantize(tensor.data, tensor.tensor_type).astype(np.float32)
        writer.add_tensor(tensor.name, weights, raw_dtype=GGMLQuantizationType.F32)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return target
