"""Scoring all models: what is missing is scored, what is there is kept, the rest is removed."""

import fcntl
import json
import multiprocessing
import shutil
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from multiprocessing.process import BaseProcess
from pathlib import Path

import pandas as pd
from tqdm import tqdm

from modelmap.errors import SHOWN, UserError, listed
from modelmap.files import write_atomically, write_json
from modelmap.layout import Layout
from modelmap.processes import set_worker_environment
from modelmap.scoring.store import holds, read_scores, stored, write_scores
from modelmap.scoring.work import Job, Order, has_failed, read_plan, shard_path, work

POLL_S = 0.5
LOG_EVERY_S = 15.0


def score_all(order: Order) -> None:
    """Bring data/scores to exactly the order's models.

    Finished scores are found in data/scores or in the store, and scored otherwise. Raises
    UserError that lists every model that failed; the others' scores are then in the store, and
    the next run retries only those that failed.
    """
    layout = order.layout
    with _alone(layout.store / "score.lock"):
        missing = [job for job in order.jobs if not _in_store(job, layout)]
        for job in missing:
            (job.directory(layout) / "error.txt").unlink(missing_ok=True)
        if missing:
            missing.sort(key=lambda job: -job.expected_tflop)
            _score(Order(order.root, missing, order.scoring, order.hardware))
        _place(order.jobs, layout)


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("another run is scoring here: waiting for it", file=sys.stderr, flush=True)
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _in_store(job: Job, layout: Layout) -> bool:
    """Return whether a job is finished, after saving to the store a file only data/scores has."""
    fingerprint = job.identity.fingerprint
    kept = stored(layout.store, fingerprint)
    if holds(kept, fingerprint):
        return True
    placed = layout.scores / job.spec.file_name
    if holds(placed, fingerprint):
        _copy(placed, kept)
        return True
    return False


def _copy(source: Path, target: Path) -> None:
    write_atomically(target, lambda part: shutil.copyfile(source, part))


def _score(order: Order) -> None:
    set_worker_environment()
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=work, args=(order,)) for _ in range(order.hardware.n_workers)]
    started = time.time()
    for worker in workers:
        worker.start()
    try:
        _gather(order, workers, started)
    finally:
        for worker in workers:
            worker.terminate()
            worker.join()
        _sweep(order)
    _report_failures(order, workers)


def _gather(order: Order, workers: Sequence[BaseProcess], started: float) -> None:
    """Finish each job as its last shard arrives, showing progress, until the workers stop."""
    total = sum(job.expected_tflop for job in order.jobs)
    open_jobs = list(order.jobs)
    terminal = sys.stderr.isatty()
    logged = started
    with tqdm(total=round(total, 3), unit="TFLOP", desc="score", disable=not terminal) as bar:
        while True:
            running = any(worker.is_alive() for worker in workers)
            open_jobs = [job for job in open_jobs if not _finish(job, order, started)]
            done = total - sum(_left(job, order.layout) for job in open_jobs)
            bar.update(round(done - bar.n, 3))
            if not terminal and time.time() - logged > LOG_EVERY_S and done > 0:
                logged = time.time()
                _log(order, len(open_jobs), done / total, logged - started)
            if not running:
                return
            time.sleep(POLL_S)


def _log(order: Order, n_open: int, share: float, seconds: float) -> None:
    left = seconds * (1 - share) / share
    finished = len(order.jobs) - n_open
    print(
        f"score: {finished} of {len(order.jobs)} models, {share:.0%} of the work, "
        f"about {left:.0f} s left",
        file=sys.stderr,
        flush=True,
    )


def _left(job: Job, layout: Layout) -> float:
    directory = job.directory(layout)
    plan = read_plan(directory)
    if plan is None:
        return job.expected_tflop
    shards = range(len(plan["shards"]))
    undone = sum(not shard_path(directory, index).is_file() for index in shards)
    return job.expected_tflop * undone / len(shards)


def _finish(job: Job, order: Order, started: float) -> bool:
    """Join a job's shards into the store if they are all there; return whether it is finished."""
    directory = job.directory(order.layout)
    plan = read_plan(directory)
    if plan is None or has_failed(directory):
        return False
    paths = [shard_path(directory, index) for index in range(len(plan["shards"]))]
    if not all(path.is_file() for path in paths):
        return False
    torn = [path for path in paths if not holds(path, job.identity.fingerprint)]
    if torn:
        for path in torn:
            path.unlink()
        return False
    parts = [read_scores(path) for path in paths]
    frame = pd.concat([part for part, _ in parts]).sort_values("text_id", ignore_index=True)
    hardware = order.hardware
    facts = {
        **json.loads(parts[0][1]["facts"]),
        "device": hardware.device,
        "batch_tokens": hardware.batch_tokens,
        "logits_mb": hardware.logits_mb,
        "shard_tflop": hardware.shard_tflop,
        "torch": version("torch"),
        "transformers": version("transformers"),
    }
    target = stored(order.layout.store, job.identity.fingerprint)
    write_scores(frame, target, job.identity, facts)
    # The time is kept out of the score file, whose bytes depend on its inputs alone.
    seconds = round(time.time() - started, 1)
    write_json(target.with_suffix(".json"), {"model": job.spec.name, "finished_after_s": seconds})
    return True


def _sweep(order: Order) -> None:
    """Remove the shards of finished jobs, once no worker can look for them any more."""
    for job in order.jobs:
        if stored(order.layout.store, job.identity.fingerprint).is_file():
            shutil.rmtree(job.directory(order.layout), ignore_errors=True)


def _report_failures(order: Order, workers: Sequence[BaseProcess]) -> None:
    failed = [job for job in order.jobs if has_failed(job.directory(order.layout))]
    if failed:
        told = [(job.directory(order.layout) / "error.txt").read_text() for job in failed]
        silent = [job.spec.name for job in failed[SHOWN:]]
        rest = f"; and likewise not scored: {', '.join(silent)}" if silent else ""
        raise UserError(
            f"{len(failed)} of {len(order.jobs)} models failed: {'; '.join(told[:SHOWN])}{rest}; "
            "the others are kept, and `dvc repro` retries these"
        )
    dead = [worker.exitcode for worker in workers if worker.exitcode]
    unfinished = [
        job.spec.name
        for job in order.jobs
        if not stored(order.layout.store, job.identity.fingerprint).is_file()
    ]
    if unfinished:
        raise UserError(
            f"workers ended early (exit {listed(dead)}) with {listed(unfinished)} unfinished: "
            "out of memory? lower logits_mb or workers in conf/local; `dvc repro` goes on"
        )


def _place(jobs: list[Job], layout: Layout) -> None:
    """Make data/scores hold exactly one whole file per job, touching none that is right."""
    layout.scores.mkdir(parents=True, exist_ok=True)
    wanted = {job.spec.file_name: job.identity.fingerprint for job in jobs}
    for path in layout.scores.iterdir():
        if path.name not in wanted:
            path.unlink()
    for name, fingerprint in wanted.items():
        if not holds(layout.scores / name, fingerprint):
            _copy(stored(layout.store, fingerprint), layout.scores / name)
