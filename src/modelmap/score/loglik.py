"""Log-likelihoods of token sequences under a causal language model (P1, Eq. 1)."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from modelmap.score.batches import batches
from modelmap.score.head import logit_blocks

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel

# Logits in one log-softmax: on a CPU a block that stays in cache, on a device few large ones.
ELEMENTS_AT_ONCE = {"cpu": 1 << 18, "cuda": 1 << 26}
PADDING = -100


def log_likelihoods(
    model: "PreTrainedModel", sequences: Sequence[Sequence[int] | np.ndarray], batch_tokens: int
) -> np.ndarray:
    """Return the log-likelihood in nats of each sequence, float64, shape (len(sequences),).

    All ids but the first are scored, each given those before it. The model's own forward gives
    the logits; the log-softmax is float32, the sum over tokens float64. Sequences are padded on
    the right, where a causal model never looks back from, so no mask is needed and padding
    changes no score but by rounding. The logits of a text that alone passes `batch_tokens` come
    in blocks of so many tokens. Scores leave the device once, after the last batch.
    """
    import torch

    totals = np.zeros(len(sequences))
    scored = [i for i, ids in enumerate(sequences) if len(ids) > 1]
    divided = batches([len(sequences[i]) for i in scored], batch_tokens)
    rows = [[scored[i] for i in batch] for batch in divided]
    with torch.inference_mode():
        parts = [_batch(model, [sequences[row] for row in batch], batch_tokens) for batch in rows]
    if parts:
        totals[[row for batch in rows for row in batch]] = torch.cat(parts).cpu().numpy()
    return totals


def _batch(
    model: "PreTrainedModel", sequences: Sequence[Sequence[int] | np.ndarray], positions: int
) -> "torch.Tensor":
    import torch
    from torch.nn.utils.rnn import pad_sequence

    ids = [torch.tensor(one, dtype=torch.long) for one in sequences]
    padded = pad_sequence(ids, batch_first=True, padding_value=PADDING)
    if model.device.type == "cuda":
        # Only from pinned memory does a copy not wait for the batches before it.
        padded = padded.pin_memory()
    padded = padded.to(model.device, non_blocking=True)
    # The last token of the longest sequence predicts nothing.
    targets = padded[:, 1:]
    parts: list[torch.Tensor] = []
    done = 0
    for logits in logit_blocks(model, padded[:, :-1].clamp(min=0), positions):
        end = done + logits.shape[1]
        parts.append(_target_logprobs(logits, targets[:, done:end]))
        done = end
    return torch.cat(parts, dim=1).double().sum(dim=1)


def _target_logprobs(logits: "torch.Tensor", targets: "torch.Tensor") -> "torch.Tensor":
    """Return float32 log-probabilities of `targets`, 0 for padding, a block of rows at a time."""
    import torch

    vocabulary = logits.shape[-1]
    block = max(1, ELEMENTS_AT_ONCE[logits.device.type] // vocabulary)
    chosen = targets.reshape(-1, 1)
    parts = []
    for rows, ids in zip(
        logits.reshape(-1, vocabulary).split(block), chosen.split(block), strict=True
    ):
        part = rows.float()
        # Not log_softmax: its plain float32 sum over a large vocabulary is less exact.
        target = part.gather(1, ids.clamp(min=0)).squeeze(1)
        parts.append(target - part.logsumexp(dim=1))
    return torch.where(targets == PADDING, 0.0, torch.cat(parts).reshape(targets.shape))
