"""Training of one small model in one thread."""

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from modelmap.zoo.settings import Training

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerFast

# As GPT-3 was trained (Brown et al. 2020, Appendix B).
WEIGHT_DECAY = 0.1
BETAS = (0.9, 0.95)
GRADIENT_NORM = 1.0


def token_stream(
    tokenizer: "PreTrainedTokenizerFast", documents: Sequence[str], rng: np.random.Generator
) -> np.ndarray:
    """Return the token ids of all documents in random order as one int64 array.

    An end token stands before each document, as a separator.
    """
    order = rng.permutation(len(documents))
    encoded = tokenizer([documents[i] for i in order], add_special_tokens=False)["input_ids"]
    end = [tokenizer.eos_token_id]
    return np.concatenate([np.asarray(end + ids, dtype=np.int64) for ids in encoded])


def learning_rate_factor(step: int, training: Training) -> float:
    """Return the learning rate of a step, counted from 0, as a share of the peak.

    It rises linearly during the warm-up and then falls along a cosine to 0.1.
    """
    if step < training.warmup_steps:
        # Not 0 in the first step, which would change nothing.
        return (step + 1) / training.warmup_steps
    decay_steps = max(1, training.steps - training.warmup_steps)
    progress = (step - training.warmup_steps) / decay_steps
    return 0.1 + 0.9 * 0.5 * (1 + math.cos(math.pi * progress))


def train(
    model: "PreTrainedModel",
    stream: np.ndarray,
    training: Training,
    rng: np.random.Generator,
    at_step: Callable[[int], None] | None = None,
) -> float:
    """Train `model` in place and return the mean loss of the last tenth of the steps.

    The loss is in nats per token, and NaN if there are no steps. Each step takes random windows of
    `stream`, a one-dimensional array of token ids. `at_step(n)` is called after n steps. In one
    thread on one machine, the same model, stream and rng give the same weights, byte by byte.
    Raises ValueError if the stream is shorter than a window.
    """
    import torch

    torch.use_deterministic_algorithms(True)
    length = training.sequence_length
    if len(stream) <= length:
        raise ValueError(f"{len(stream)} training tokens are fewer than a window of {length}")
    optimiser = torch.optim.AdamW(
        model.parameters(), lr=training.learning_rate, betas=BETAS, weight_decay=WEIGHT_DECAY
    )
    losses = []
    model.train()
    for step in range(training.steps):
        starts = rng.integers(0, len(stream) - length, size=training.batch_size)
        batch = torch.from_numpy(stream[starts[:, None] + np.arange(length)])
        for group in optimiser.param_groups:
            group["lr"] = training.learning_rate * learning_rate_factor(step, training)
        # transformers shifts the labels itself: they are the inputs, not the next tokens.
        loss = model(input_ids=batch, labels=batch, use_cache=False).loss
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), GRADIENT_NORM)
        optimiser.step()
        losses.append(loss.item())
        if at_step is not None:
            at_step(step + 1)
    model.eval()
    tail = losses[-max(1, len(losses) // 10) :]
    return float(np.mean(tail)) if tail else math.nan
