"""Timing of all methods on the same texts. They take turns, so that noise affects all alike."""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from modelmap.plumbing.hardware import Hardware
from modelmap.score.batches import batches
from scoring.cases import Case, some, token_budget
from scoring.methods import OTHERS, Scorer, exact, ours
from scoring.operations import operations
from scoring.pool import Pool

OURS, FORWARD = "ours", "forward alone"
TOLERANCE_NATS = 1e-3
N_CHECKED = 3


class Clock:
    """The sum of each method's seconds over rounds."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    def add(self, name: str, seconds: float) -> None:
        self.seconds[name] = self.seconds.get(name, 0.0) + seconds

    def timed(self, name: str, call: Callable[[], Any]) -> None:
        """Run one method and add its time."""
        started = time.perf_counter()
        call()
        self.add(name, time.perf_counter() - started)


def measured(
    case: Case, texts: Sequence[str], n_others: int, rounds: int, pool: Pool, hardware: Hardware
) -> dict[str, Any]:
    """Return one row: all methods on `n_others` of the texts, and ours on all texts.

    Raises AssertionError if our scores differ from the definition.
    """
    model, tokenizer = case.load("cpu")
    pool.load(case, hardware)
    scorers = {name: method(model, tokenizer) for name, method in OTHERS.items()}
    few = some(texts, n_others)
    scorers[OURS] = pool.scores
    budget = token_budget(model, hardware)
    apart = differences(
        scorers,
        some(few, N_CHECKED),
        exact(model, tokenizer),
        lambda some_texts: ours(model, tokenizer, some_texts, budget, "prefixed"),
    )
    clock = Clock()
    names = list(scorers)
    for turn in range(rounds):
        for name in names[turn % len(names) :] + names[: turn % len(names)]:
            clock.timed(name, lambda scorer=scorers[name]: scorer(few))
        clock.add(FORWARD, pool.forward_seconds(few))
    lengths = [len(ids) for ids in tokenizer(list(few), verbose=False)["input_ids"]]
    row = {
        "model": case.spec.name,
        "texts": len(few) * rounds,
        "tokens": (sum(lengths) - len(lengths)) * rounds,
        "gflop": operations(model, lengths) * rounds / 1e9,
        "seconds": clock.seconds,
        "largest_difference_nats": apart,
        "product_gflop_per_s": pool.product_rate() / 1e9,
        "padding": padding([len(ids) for ids in tokenizer(list(texts))["input_ids"]], budget),
    }
    if len(texts) > n_others:
        clock = Clock()
        clock.timed(OURS, lambda: pool.scores(texts))
        row["all_texts"] = {"texts": len(texts), "seconds": clock.seconds[OURS]}
    return row


def padding(lengths: Sequence[int], budget: int) -> float:
    """Return the share of padding among all tokens of the batches that scoring runs."""
    run = sum(len(batch) * lengths[batch[0]] for batch in batches(lengths, budget))
    return 1 - sum(lengths) / run


def differences(
    scorers: Mapping[str, Scorer],
    texts: Sequence[str],
    exact: Scorer,
    prefixed: Scorer,
    tolerance: float = TOLERANCE_NATS,
) -> dict[str, float]:
    """Return each method's largest difference from `exact`, and lm_eval's from `prefixed`.

    Raises AssertionError if ours is larger than `tolerance`.
    """
    expected = dict.fromkeys(scorers, exact(texts))
    expected["lm_eval"] = prefixed(texts)
    apart = {
        name: float(np.abs(scorer(texts) - expected[name]).max())
        for name, scorer in scorers.items()
    }
    if apart[OURS] > tolerance:
        raise AssertionError(f"our scores differ by more than {tolerance} nats: {apart}")
    return apart
