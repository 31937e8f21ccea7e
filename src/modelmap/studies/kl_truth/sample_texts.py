"""Texts drawn from a model, and KL divergences summed over the tokens of given texts."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from modelmap.score.batches import batches

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel

Array = NDArray[np.float64]

PROBABILITIES_AT_ONCE = 1 << 21
"""Of one model in one pass: they stay in a processor's cache."""


@dataclass(frozen=True)
class TextSums:
    """Sums over the tokens of each text, in nats, shape (source, model, text).

    kl: sum_t KL(p_i(. | y_<t) || p_j(. | y_<t)), over the whole vocabulary at every token.
    log_ratio: sum_t log p_i(y_t | y_<t) - log p_j(y_t | y_<t), of the text's own tokens.
    half_squares: sum_t (log p_i(y_t | y_<t) - log p_j(y_t | y_<t))^2 / 2.
    """

    kl: Array
    log_ratio: Array
    half_squares: Array


def sampled_texts(
    model: "PreTrainedModel", prefix: int, lengths: Sequence[int], seed: int
) -> list[list[int]]:
    """Return a text for each length: token `prefix`, and after it so many tokens of the model's.

    Tokens are drawn from the full softmax in float32 at temperature 1. An end-of-text token is a
    token like any other: the text goes on after it, so that every text has its length.
    """
    import torch

    generator = torch.Generator().manual_seed(seed)
    longest_first = np.argsort(-np.asarray(lengths), kind="stable")
    falling = np.asarray(lengths)[longest_first]
    drawn = np.zeros((len(falling), int(falling[0])), dtype=np.int64)
    tokens = torch.full((len(falling), 1), prefix)
    past = None
    with torch.inference_mode():
        for t in range(drawn.shape[1]):
            running = int((falling > t).sum())
            if past is not None and running < len(tokens):
                past.batch_select_indices(torch.arange(running, device=model.device))
            output = model(
                input_ids=tokens[:running].to(model.device), past_key_values=past, use_cache=True
            )
            past = output.past_key_values
            probabilities = torch.softmax(output.logits[:, -1].float(), dim=-1).cpu()
            tokens = torch.multinomial(probabilities, 1, generator=generator)
            drawn[:running, t] = tokens[:, 0].numpy()
    place = np.argsort(longest_first)
    return [
        [prefix, *drawn[row, :length].tolist()] for row, length in zip(place, lengths, strict=True)
    ]


def text_sums(
    models: Sequence["PreTrainedModel"],
    sources: Sequence[int],
    sequences: Sequence[Sequence[int]],
) -> TextSums:
    """Return the sums of every text for p_i of `sources`, places in `models`, and p_j of all.

    All ids but the first count, each given those before it; models have one vocabulary. Averaged
    over texts drawn from p_i the first sum is KL(p_i || p_j), with less noise than the difference
    of log-likelihoods. Log-softmax in float32, the sum over tokens in float64.
    """
    import torch

    sums = TextSums(*np.zeros((3, len(sources), len(models), len(sequences))))
    vocabulary = models[0].config.get_text_config().vocab_size
    scored = [i for i, ids in enumerate(sequences) if len(ids) > 1]
    lengths = [len(sequences[i]) - 1 for i in scored]
    for batch in batches(lengths, max(1, PROBABILITIES_AT_ONCE // vocabulary)):
        rows = [scored[i] for i in batch]
        padded, real = _padded([sequences[row] for row in rows])
        with torch.inference_mode():
            logs = [_log_probabilities(model, padded) for model in models]
            targets = padded[:, 1:, None].to(models[0].device)
            chosen = [log.gather(2, targets).squeeze(2) for log in logs]
            for place, i in enumerate(sources):
                probabilities = logs[i].exp()
                for j in range(len(models)):
                    kl = torch.linalg.vecdot(probabilities, logs[i] - logs[j])
                    ratio = (chosen[i] - chosen[j]).double()
                    sums.kl[place, j, rows] = _total(kl, real)
                    sums.log_ratio[place, j, rows] = _total(ratio, real)
                    sums.half_squares[place, j, rows] = _total(ratio.square() / 2, real)
    return sums


def _padded(sequences: Sequence[Sequence[int]]) -> tuple["torch.Tensor", "torch.Tensor"]:
    """Return ids padded on the right, and which of the predicted tokens are real."""
    import torch

    lengths = torch.tensor([len(ids) for ids in sequences])
    padded = torch.zeros((len(sequences), int(lengths.max())), dtype=torch.long)
    for row, ids in enumerate(sequences):
        padded[row, : len(ids)] = torch.tensor(ids)
    real = torch.arange(padded.shape[1] - 1)[None, :] < lengths[:, None] - 1
    return padded, real


def _log_probabilities(model: "PreTrainedModel", padded: "torch.Tensor") -> "torch.Tensor":
    import torch

    # The last token of the longest sequence predicts nothing.
    logits = model(input_ids=padded[:, :-1].to(model.device), use_cache=False).logits
    return torch.log_softmax(logits.float(), dim=-1)


def _total(values: "torch.Tensor", real: "torch.Tensor") -> Array:
    import torch

    totals: Array = torch.where(real, values.cpu().double(), 0.0).sum(dim=1).numpy()
    return totals
