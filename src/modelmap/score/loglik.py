"""Log-likelihoods of token sequences under a causal language model.

Oyama et al. 2025 (ACL), Eq. 1: log p(x) = sum over t of log p(y_t | y_<t).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from modelmap.score.batches import batches
from modelmap.score.head import logit_blocks

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel

# Number of logits in one log-softmax. On a CPU a block that fits in the cache is fastest; on a GPU
# few large blocks are.
ELEMENTS_AT_ONCE = {"cpu": 1 << 18, "cuda": 1 << 26}
# A target that is no token id, so that padding is never mistaken for a token.
PADDING = -100


@dataclass(frozen=True)
class TokenLogliks:
    """The log-likelihoods of some sequences, and of each of their tokens, in nats."""

    totals: np.ndarray
    """float64, shape (sequences,)."""
    tokens: list[np.ndarray]
    """For each sequence float32, shape (number of its ids - 1,): the first id is not scored."""


def log_likelihoods(
    model: "PreTrainedModel", sequences: Sequence[Sequence[int] | np.ndarray], batch_tokens: int
) -> np.ndarray:
    """Return the log-likelihood in nats of each sequence, as `token_log_likelihoods` does."""
    return token_log_likelihoods(model, sequences, batch_tokens).totals


def token_log_likelihoods(
    model: "PreTrainedModel", sequences: Sequence[Sequence[int] | np.ndarray], batch_tokens: int
) -> TokenLogliks:
    """Return the log-likelihood of each sequence, and those of its tokens.

    `sequences` are token ids. Every id but the first is scored, given all ids before it. A sequence
    of fewer than two ids has log-likelihood 0. One forward pass takes at most `batch_tokens`
    tokens, padding included; a longer sequence is run alone, and its logits are computed in blocks
    of `batch_tokens` positions. The log-softmax is in float32 whatever the model's dtype, because
    float16 and bfloat16 lose digits in the sum over the vocabulary. The sum over tokens is in
    float64, because it has hundreds of terms, and models are compared by small differences between
    such sums.
    """
    import torch

    totals = np.zeros(len(sequences))
    tokens = [np.zeros(0, dtype=np.float32) for _ in sequences]
    scored = [i for i, ids in enumerate(sequences) if len(ids) > 1]
    divided = batches([len(sequences[i]) for i in scored], batch_tokens)
    rows = [[scored[i] for i in batch] for batch in divided]
    with torch.inference_mode():
        parts = [
            _batch_logliks(model, [sequences[row] for row in batch], batch_tokens) for batch in rows
        ]
        if parts:
            # One copy from the device for all batches: each copy would wait for its batch to end.
            sums = torch.cat([part.double().sum(dim=1) for part in parts])
            flat = torch.cat([part.reshape(-1) for part in parts]).cpu().numpy()
            totals[[row for batch in rows for row in batch]] = sums.cpu().numpy()
    done = 0
    for batch, part in zip(rows, parts, strict=True):
        padded = flat[done : done + part.numel()].reshape(part.shape)
        done += part.numel()
        for row, values in zip(batch, padded, strict=True):
            tokens[row] = values[: len(sequences[row]) - 1]
    return TokenLogliks(totals, tokens)


def _batch_logliks(
    model: "PreTrainedModel", sequences: Sequence[Sequence[int] | np.ndarray], positions: int
) -> "torch.Tensor":
    """Return the tokens' log-likelihoods in nats of one batch, float32, on the model's device.

    The shape is (texts, positions), with 0 where a text has ended.
    """
    import torch
    from torch.nn.utils.rnn import pad_sequence

    # Padding is on the right. No token of a causal model depends on later tokens, so padding
    # changes no score except by rounding, and no attention mask is needed: without one, attention
    # uses its fast causal kernels. (check_causal refuses models that are not causal.)
    ids = [torch.tensor(sequence, dtype=torch.long) for sequence in sequences]
    padded = pad_sequence(ids, batch_first=True, padding_value=PADDING)
    if model.device.type == "cuda":
        # A copy to the GPU runs beside earlier batches only if it is made from pinned memory.
        padded = padded.pin_memory()
    padded = padded.to(model.device, non_blocking=True)
    # The logits at position t predict the token at t + 1: the targets are the ids shifted by one,
    # and the last position, which predicts nothing, is not run.
    targets = padded[:, 1:]
    parts: list[torch.Tensor] = []
    done = 0
    # The embedding needs valid ids: padding becomes token 0, whose outputs are not used.
    for logits in logit_blocks(model, padded[:, :-1].clamp(min=0), positions):
        end = done + logits.shape[1]
        parts.append(_target_logprobs(logits, targets[:, done:end]))
        done = end
    return torch.cat(parts, dim=1)


def _target_logprobs(logits: "torch.Tensor", targets: "torch.Tensor") -> "torch.Tensor":
    """Return the float32 log-probabilities of `targets`, same shape, 0 where they are padding.

    `logits` have shape (texts, positions, vocabulary), `targets` shape (texts, positions).
    """
    import torch

    vocabulary = logits.shape[-1]
    block = max(1, ELEMENTS_AT_ONCE[logits.device.type] // vocabulary)
    chosen = targets.reshape(-1, 1)
    parts = []
    for rows, ids in zip(
        logits.reshape(-1, vocabulary).split(block), chosen.split(block), strict=True
    ):
        part = rows.float()
        # log p = logit - logsumexp(logits). torch's log_softmax adds up a large vocabulary less
        # exactly in float32. Compared with float64, texts of SmolLM2 were off by 0.004 nats with
        # log_softmax, and by 0.00002 nats with logsumexp.
        target = part.gather(1, ids.clamp(min=0)).squeeze(1)
        parts.append(target - part.logsumexp(dim=1))
    return torch.where(targets == PADDING, 0.0, torch.cat(parts).reshape(targets.shape))
