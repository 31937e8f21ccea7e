"""Drawing texts from a model, and KL divergences along the tokens of texts (ours)."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from modelmap.plumbing.arrays import Values
from modelmap.score.batches import batches

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel

PROBABILITIES_AT_ONCE = 1 << 21
"""Probabilities of one model per batch, so few that they stay in the processor's cache."""


def sampled_texts(
    model: "PreTrainedModel", prefix: Sequence[int], lengths: Sequence[int], seed: int
) -> list[list[int]]:
    """Return one token sequence per length: `prefix`, then that many tokens drawn from the model.

    Tokens are drawn from the whole softmax (float32, temperature 1). An end-of-text token does not
    end a sequence, so that every sequence has its length.
    """
    import torch

    generator = torch.Generator().manual_seed(seed)
    # All sequences grow together, the longest first: those that are complete are then the last
    # rows of the batch and are cut off.
    longest_first = np.argsort(-np.asarray(lengths), kind="stable")
    sorted_lengths = np.asarray(lengths)[longest_first]
    drawn = np.zeros((len(sorted_lengths), int(sorted_lengths[0])), dtype=np.int64)
    tokens = torch.tensor([list(prefix)] * len(sorted_lengths))
    past = None
    with torch.inference_mode():
        for t in range(drawn.shape[1]):
            n_open = int((sorted_lengths > t).sum())
            if past is not None and n_open < len(tokens):
                past.batch_select_indices(torch.arange(n_open, device=model.device))
            output = model(
                input_ids=tokens[:n_open].to(model.device),
                past_key_values=past,
                use_cache=True,
                logits_to_keep=1,
            )
            past = output.past_key_values
            probabilities = torch.softmax(output.logits[:, -1].float(), dim=-1).cpu()
            tokens = torch.multinomial(probabilities, 1, generator=generator)
            drawn[:n_open, t] = tokens[:, 0].numpy()
    rows = np.argsort(longest_first)
    return [
        [*prefix, *drawn[row, :length].tolist()] for row, length in zip(rows, lengths, strict=True)
    ]


def kl_along_texts(
    models: Sequence["PreTrainedModel"], sources: Sequence[int], sequences: Sequence[Sequence[int]]
) -> Values:
    """Return sum_t KL(p_i(. | y_<t) || p_j(. | y_<t)) of each text, in nats.

    The shape is (sources i, models j, texts). `sources` are positions in `models`, which share a
    vocabulary; `sequences` are token ids, of which the first is context only. At every token the KL
    is over the whole vocabulary. Averaged over texts that are drawn from p_i, the sum is an
    unbiased estimate of KL(p_i || p_j), with less variance than log p_i - log p_j, because the
    expectation over the next token is exact. Log-softmax is in float32, sums over tokens are in
    float64.
    """
    import torch

    sums = np.zeros((len(sources), len(models), len(sequences)))
    vocabulary = models[0].config.get_text_config().vocab_size
    # A sequence of one token has no sum: it stays 0.
    scored = [i for i, ids in enumerate(sequences) if len(ids) > 1]
    lengths = [len(sequences[i]) - 1 for i in scored]
    for batch in batches(lengths, max(1, PROBABILITIES_AT_ONCE // vocabulary)):
        texts = [scored[i] for i in batch]
        padded, real = _padded([sequences[text] for text in texts])
        with torch.inference_mode():
            logs = [_log_probabilities(model, padded) for model in models]
            for row, i in enumerate(sources):
                probabilities = logs[i].exp()
                for j, other in enumerate(logs):
                    kl = torch.linalg.vecdot(probabilities, logs[i] - other).cpu().double()
                    sums[row, j, texts] = torch.where(real, kl, 0.0).sum(dim=1).numpy()
    return sums


def _padded(sequences: Sequence[Sequence[int]]) -> tuple["torch.Tensor", "torch.Tensor"]:
    """Return ids padded on the right, shape (texts, length), and a mask of the scored tokens.

    The mask has shape (texts, length - 1) and is False for padding.
    """
    import torch

    lengths = torch.tensor([len(ids) for ids in sequences])
    padded = torch.zeros((len(sequences), int(lengths.max())), dtype=torch.long)
    for row, ids in enumerate(sequences):
        padded[row, : len(ids)] = torch.tensor(ids)
    real = torch.arange(padded.shape[1] - 1)[None, :] < lengths[:, None] - 1
    return padded, real


def _log_probabilities(model: "PreTrainedModel", padded: "torch.Tensor") -> "torch.Tensor":
    """Return log-probabilities of every token of the vocabulary, shape (texts, length - 1, V)."""
    import torch

    # The last token of the longest sequence predicts nothing.
    logits = model(input_ids=padded[:, :-1].to(model.device), use_cache=False).logits
    return torch.log_softmax(logits.float(), dim=-1)
