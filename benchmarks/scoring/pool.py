"""Worker processes of one thread each, as in scoring, with a model in memory."""

import multiprocessing
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from typing import Any

import numpy as np
import torch

from modelmap.models.packed import pack_where_faster
from modelmap.plumbing.hardware import Hardware
from modelmap.plumbing.processes import set_worker_environment, start_worker
from modelmap.score.batches import batches
from modelmap.score.rule import encode_texts
from scoring.cases import Case, token_budget
from scoring.methods import ours
from scoring.operations import product_rate

LOADED: dict[str, Any] = {}


class Pool:
    """`n` processes. Each method calls all processes at the same time."""

    def __init__(self, n: int) -> None:
        set_worker_environment()
        context = multiprocessing.get_context("spawn")
        self.workers = [
            ProcessPoolExecutor(1, mp_context=context, initializer=start_worker) for _ in range(n)
        ]

    def load(self, case: Case, hardware: Hardware) -> None:
        """Load a model in every process."""
        self._all(_load, [(case, hardware)] * len(self.workers))

    def scores(self, texts: Sequence[str]) -> np.ndarray:
        """Return the project's scores. Texts of similar length go to different processes."""
        found = np.empty(len(texts))
        shares = self._shares(texts)
        parts = self._all(_score, [([texts[i] for i in share],) for share in shares])
        for share, part in zip(shares, parts, strict=True):
            found[share] = part
        return found

    def forward_seconds(self, texts: Sequence[str]) -> float:
        """Return the seconds of the model's forward passes alone, on the same batches."""
        shares = self._shares(texts)
        return max(self._all(_forward, [([texts[i] for i in share],) for share in shares]))

    def product_rate(self) -> float:
        """Return the operations per second of matrix products in all processes at once."""
        return float(sum(self._all(product_rate, [()] * len(self.workers))))

    def close(self) -> None:
        """End the processes."""
        for worker in self.workers:
            worker.shutdown()

    def _shares(self, texts: Sequence[str]) -> list[list[int]]:
        job_list = sorted(range(len(texts)), key=lambda i: -len(texts[i]))
        return [job_list[k :: len(self.workers)] for k in range(len(self.workers))]

    def _all(self, function: Callable[..., Any], arguments: Sequence[tuple[Any, ...]]) -> list[Any]:
        futures: list[Future[Any]] = [
            worker.submit(function, *one)
            for worker, one in zip(self.workers, arguments, strict=True)
        ]
        return [future.result() for future in futures]


def _load(case: Case, hardware: Hardware) -> None:
    LOADED.clear()
    model, tokenizer = case.load("cpu")
    pack_where_faster(model)
    LOADED.update(model=model, tokenizer=tokenizer, budget=token_budget(model, hardware))


def _score(texts: list[str]) -> np.ndarray:
    return ours(LOADED["model"], LOADED["tokenizer"], texts, LOADED["budget"])


def _forward(texts: list[str]) -> float:
    model = LOADED["model"]
    limit = model.config.max_position_embeddings
    ids = [item.ids for item in encode_texts(LOADED["tokenizer"], texts, "own", limit)]
    padded = [
        torch.nn.utils.rnn.pad_sequence([torch.tensor(ids[i]) for i in batch], batch_first=True)
        for batch in batches([len(one) for one in ids], LOADED["budget"])
    ]
    started = time.perf_counter()
    with torch.inference_mode():
        for batch in padded:
            model(input_ids=batch[:, :-1], use_cache=False)
    return time.perf_counter() - started
