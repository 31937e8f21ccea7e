"""What one worker does: take shards nobody holds, score them, save each as it is done.

Workers share nothing but a directory. A shard is held by an operating-system lock on a file,
which a killed worker loses at once, and is done when its file is there. So any launcher may
start any number of workers, at any time, and none waits for another.
"""

import fcntl
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from modelmap.errors import UserError, listed
from modelmap.files import write_json, write_text
from modelmap.hardware import Hardware
from modelmap.layout import Layout
from modelmap.models.load import load_model, maximum_length
from modelmap.models.prepare import prepared_directory
from modelmap.models.source import weight_bytes
from modelmap.models.spec import ModelSpec
from modelmap.processes import start_worker
from modelmap.schemas.scoring import TEXTS
from modelmap.scoring.identity import Identity
from modelmap.scoring.loglik import log_likelihoods
from modelmap.scoring.plan import estimated_tflop, shard_rows
from modelmap.scoring.rule import adds_bos, encode_texts
from modelmap.scoring.settings import Scoring
from modelmap.scoring.store import holds, write_scores
from modelmap.tables import read_table

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

POLL_S = 0.2


@dataclass(frozen=True)
class Job:
    """One model whose scores are wanted."""

    spec: ModelSpec
    identity: Identity
    expected_tflop: float

    def directory(self, layout: Layout) -> Path:
        """Return where the job's shards, plan and error are kept until it is finished."""
        return layout.store / "work" / self.identity.fingerprint


@dataclass(frozen=True)
class Order:
    """All a worker needs to know; the same for every worker."""

    root: Path
    jobs: list[Job]
    scoring: Scoring
    hardware: Hardware

    @property
    def layout(self) -> Layout:
        return Layout(self.root)


@contextmanager
def held(path: Path) -> Iterator[bool]:
    """Yield whether the lock on `path` was free; if it was, it is held until the end."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True


def shard_path(directory: Path, index: int) -> Path:
    """Return where a job's shard is saved."""
    return directory / f"shard-{index:04d}.parquet"


def read_plan(directory: Path) -> dict[str, Any] | None:
    """Return a prepared job's plan: `directory` of the model and `shards`, the rows of each."""
    path = directory / "plan.json"
    plan: dict[str, Any] | None = json.loads(path.read_text()) if path.is_file() else None
    return plan


def has_failed(directory: Path) -> bool:
    """Return whether a worker gave up on a job in this run."""
    return (directory / "error.txt").is_file()


class Worker:
    """Scores shards until no job has one left. Keeps one model in memory."""

    def __init__(self, order: Order) -> None:
        self.order = order
        self.texts: pd.DataFrame = read_table(order.layout.texts, TEXTS)
        self.loaded: tuple[str, PreTrainedModel, PreTrainedTokenizerBase] | None = None

    def run(self) -> None:
        """Work through the jobs, those expected to take longest first."""
        while True:
            states = [self._advance(job) for job in self.order.jobs]
            if all(state == "done" for state in states):
                return
            if "worked" not in states:
                time.sleep(POLL_S)

    def _advance(self, job: Job) -> str:
        """Do what can be done of one job; return "done", "worked", or "busy" elsewhere."""
        directory = job.directory(self.order.layout)
        if has_failed(directory):
            return "done"
        try:
            return self._prepare(job, directory) or self._score_shards(job, directory)
        except Exception as error:
            told = (
                str(error) if isinstance(error, UserError) else f"{type(error).__name__}: {error}"
            )
            write_text(directory / "error.txt", " ".join(told.split()))
            return "worked"

    def _prepare(self, job: Job, directory: Path) -> str | None:
        if read_plan(directory) is not None:
            return None
        with held(directory / "prepare.lock") as free:
            if not free:
                return "busy"
            found = prepared_directory(job.spec, job.identity.revision, self.order.layout)
            sizes = self.texts["n_bytes"].tolist()
            tflop = estimated_tflop(weight_bytes(found), sum(sizes))
            shards = shard_rows(sizes, tflop, self.order.hardware.shard_tflop)
            write_json(directory / "plan.json", {"directory": str(found), "shards": shards})
        return None

    def _score_shards(self, job: Job, directory: Path) -> str:
        plan = read_plan(directory) or {}
        state = "done"
        for index, rows in enumerate(plan["shards"]):
            path = shard_path(directory, index)
            if path.is_file():
                continue
            with held(path.with_suffix(".lock")) as free:
                if free and not holds(path, job.identity.fingerprint):
                    self._score(job, Path(plan["directory"]), rows, path)
            state = "worked" if free else "busy" if state == "done" else state
        return state

    def _score(self, job: Job, found: Path, rows: list[int], path: Path) -> None:
        model, tokenizer = self._load(job, found)
        texts = self.texts.iloc[rows]
        limit = maximum_length(model.config, job.spec.max_length)
        rule = self.order.scoring.rule
        encoded = encode_texts(tokenizer, texts["text"].tolist(), rule, limit)
        budget = self.order.hardware.token_budget(model.config.get_text_config().vocab_size)
        loglik = log_likelihoods(model, [item.ids for item in encoded], budget)
        frame = pd.DataFrame(
            {
                "text_id": texts["text_id"].to_numpy(),
                "loglik_nats": loglik,
                "n_tokens": [item.n_scored for item in encoded],
                "truncated": [item.truncated for item in encoded],
                "lossless": [item.lossless for item in encoded],
            }
        )
        _check_finite(frame, job.spec)
        facts: dict[str, object] = {
            "n_params": sum(parameter.numel() for parameter in model.parameters()),
            "added_bos": adds_bos(tokenizer, rule),
        }
        write_scores(frame, path, job.identity, facts)

    def _load(self, job: Job, found: Path) -> tuple["PreTrainedModel", "PreTrainedTokenizerBase"]:
        fingerprint = job.identity.fingerprint
        if self.loaded is None or self.loaded[0] != fingerprint:
            self.loaded = None
            model, tokenizer = load_model(found, job.spec, self.order.hardware.device)
            self.loaded = (fingerprint, model, tokenizer)
        return self.loaded[1], self.loaded[2]


def _check_finite(frame: pd.DataFrame, spec: ModelSpec) -> None:
    bad = frame.loc[~np.isfinite(frame["loglik_nats"]), "text_id"]
    if len(bad):
        advice = "try dtype float32" if spec.dtype != "float32" else "its weights are damaged"
        raise UserError(
            f"model {spec.name}: not finite in {spec.dtype} on texts {listed(bad.tolist())}; "
            f"{advice}"
        )


def work(order: Order) -> None:
    """Run one worker in this process; made to be the target of a process of its own."""
    start_worker()
    Worker(order).run()
