"""Log-likelihoods of token sequences under a causal language model (P1, Eq. 1)."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from modelmap.scoring.plan import batches

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel

ELEMENTS_AT_ONCE = 1 << 21


def log_likelihoods(
    model: "PreTrainedModel", sequences: Sequence[Sequence[int]], batch_tokens: int
) -> np.ndarray:
    """Return the log-likelihood in nats of each sequence, float64, shape (len(sequences),).

    All ids but the first are scored, each given those before it. The model's own forward gives
    the logits; the log-softmax is float32, the sum over tokens float64. Sequences are padded on
    the right, where a causal model never looks back from, so no mask is needed and padding
    changes no score but by rounding.
    """
    totals = np.zeros(len(sequences))
    scored = [i for i, ids in enumerate(sequences) if len(ids) > 1]
    lengths = [len(sequences[i]) for i in scored]
    for batch in batches(lengths, batch_tokens):
        rows = [scored[i] for i in batch]
        totals[rows] = _batch(model, [sequences[row] for row in rows])
    return totals


def _batch(model: "PreTrainedModel", sequences: Sequence[Sequence[int]]) -> np.ndarray:
    import torch

    width = max(len(ids) for ids in sequences)
    padded = torch.zeros((len(sequences), width), dtype=torch.long)
    for row, ids in enumerate(sequences):
        padded[row, : len(ids)] = torch.tensor(ids)
    padded = padded.to(model.device)
    with torch.inference_mode():
        # The last token of the longest sequence predicts nothing.
        logits = model(input_ids=padded[:, :-1], use_cache=False).logits
        token_logprobs = _target_logprobs(logits, padded[:, 1:]).cpu().double()
    scored = torch.tensor([len(ids) - 1 for ids in sequences])[:, None]
    real = torch.arange(width - 1)[None, :] < scored
    totals: np.ndarray = torch.where(real, token_logprobs, 0.0).sum(dim=1).numpy()
    return totals


def _target_logprobs(logits: "torch.Tensor", targets: "torch.Tensor") -> "torch.Tensor":
    """Return float32 log-probabilities of `targets`, a block of rows at a time to stay in cache."""
    import torch

    vocabulary = logits.shape[-1]
    rows = logits.reshape(-1, vocabulary)
    chosen = targets.reshape(-1, 1)
    block = max(1, ELEMENTS_AT_ONCE // vocabulary)
    parts = []
    for start in range(0, len(rows), block):
        part = rows[start : start + block].float()
        target = part.gather(1, chosen[start : start + block]).squeeze(1)
        parts.append(target - part.logsumexp(dim=1))
    return torch.cat(parts).reshape(targets.shape)
