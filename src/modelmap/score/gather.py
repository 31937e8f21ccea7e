"""Finishing jobs as their last shards arrive, and telling how far the work is."""

import shutil
import time
from dataclasses import dataclass
from importlib.metadata import version

import pandas as pd

from modelmap.plumbing.files import write_json
from modelmap.plumbing.progress import Progress
from modelmap.score.heartbeat import NAME as HEARTBEAT
from modelmap.score.job_folder import Division, JobFolder, job_folder
from modelmap.score.jobs import NAME, Job, JobList
from modelmap.score.launch import Launcher
from modelmap.score.store import read_whole, shard_facts, stored, write_scores

POLL_S = 0.5


@dataclass
class Open:
    """A job that is not finished."""

    job: Job
    folder: JobFolder
    division: Division | None = None
    n_scored: int = 0
    n_texts: int = 0

    def look(self) -> list[int]:
        """Return the shards that are saved, after counting their texts."""
        self.division = self.division or self.folder.read_division()
        if self.division is None:
            return []
        shards = self.division.shards
        saved = [index for index in range(len(shards)) if self.folder.shard(index).is_file()]
        self.n_texts = sum(len(rows) for rows in shards)
        self.n_scored = sum(len(shards[index]) for index in saved)
        return saved

    @property
    def share(self) -> float:
        return self.n_scored / self.n_texts if self.n_texts else 0.0


class Gatherer:
    """The jobs of an order: those open, and what is done of all."""

    def __init__(self, job_list: JobList) -> None:
        self.job_list = job_list
        self.open = [Open(job, job_folder(job_list.work, job)) for job in job_list.jobs]
        self.total = sum(job.expected_tflop for job in job_list.jobs)
        self.n_texts_finished = 0
        self.started = time.monotonic()

    def poll(self) -> None:
        """Finish the jobs whose shards are all there; let go of those that failed."""
        self.open = [one for one in self.open if not self._is_over(one)]

    def _is_over(self, one: Open) -> bool:
        saved = one.look()
        if one.division is not None and len(saved) == len(one.division.shards):
            if self._finish(one, one.division):
                self.n_texts_finished += one.n_texts
                return True
            return False
        return one.folder.failure() is not None

    def _finish(self, one: Open, division: Division) -> bool:
        """Join a job's shards into the store; return whether all of them were whole."""
        parts = []
        for path in map(one.folder.shard, range(len(division.shards))):
            if part := read_whole(path, one.job.fingerprint):
                parts.append(part)
            else:
                path.unlink()
        if len(parts) < len(division.shards):
            return False
        frame = pd.concat([part for part, _ in parts]).sort_values("text_id", ignore_index=True)
        shards = [shard_facts(metadata, one.job.spec.name) for _, metadata in parts]
        facts = {
            "n_params": shards[0].n_params,
            "added_bos": shards[0].added_bos,
            "token_budgets": sorted({size for each in shards for size in each.token_budgets})[::-1],
            "device": self.job_list.hardware.device,
            "torch": version("torch"),
            "transformers": version("transformers"),
        }
        target = stored(self.job_list.layout.store, one.job.fingerprint)
        write_scores(frame, target, one.job.identity, facts)
        # The time is kept out of the score file, whose bytes depend on its inputs alone.
        seconds = round(time.monotonic() - self.started, 1)
        content = {"model": one.job.spec.name, "finished_after_s": seconds}
        write_json(target.with_suffix(".json"), content)
        return True

    @property
    def done(self) -> float:
        """Return the share of the expected operations that is done."""
        left = sum(one.job.expected_tflop * (1 - one.share) for one in self.open)
        return 1 - left / self.total

    def counts(self) -> str:
        """Return how many models are finished, and texts per second."""
        seconds = time.monotonic() - self.started
        n_texts = self.n_texts_finished + sum(one.n_scored for one in self.open)
        n_models = len(self.job_list.jobs)
        return f"{n_models - len(self.open)} of {n_models} models, {n_texts / seconds:.3g} texts/s"


def gather(gatherer: Gatherer, launcher: Launcher) -> None:
    """Finish jobs, showing progress, until none is open or the launcher has ended."""
    with Progress("score", 1.0) as progress:
        while True:
            running = launcher.is_running()
            gatherer.poll()
            progress.update(gatherer.done, gatherer.counts())
            if not running or not gatherer.open:
                return
            time.sleep(POLL_S)


def sweep(job_list: JobList) -> None:
    """Remove what workers shared of finished jobs, once none can look for it any more."""
    finished = [stored(job_list.layout.store, job.fingerprint).is_file() for job in job_list.jobs]
    for job, is_finished in zip(job_list.jobs, finished, strict=True):
        if is_finished:
            shutil.rmtree(job_folder(job_list.work, job).path, ignore_errors=True)
    done_with = [NAME, HEARTBEAT] + (["encoded-*"] if all(finished) else [])
    for path in (path for pattern in done_with for path in job_list.work.glob(pattern)):
        path.unlink()
