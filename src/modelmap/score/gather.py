"""Collecting finished shards into score files, and reporting progress."""

import shutil
import time
from dataclasses import dataclass
from importlib.metadata import version

import pandas as pd

from modelmap.plumbing.files import write_json
from modelmap.plumbing.progress import Progress
from modelmap.score.heartbeat import FILE_NAME as HEARTBEAT
from modelmap.score.job_folder import Division, JobFolder, job_folder
from modelmap.score.jobs import FILE_NAME as JOB_LIST
from modelmap.score.jobs import Job, JobList
from modelmap.score.launch import Launcher
from modelmap.score.store import read_valid, shard_facts, stored_path, write_scores

POLL_S = 0.5


@dataclass
class UnfinishedJob:
    """A job whose scores are not in the store yet, and how many of its texts are scored."""

    job: Job
    folder: JobFolder
    division: Division | None = None
    n_scored: int = 0
    n_texts: int = 0

    def saved_shards(self) -> list[int]:
        """Return the indices of the shards that are saved, and count their texts."""
        self.division = self.division or self.folder.read_division()
        if self.division is None:
            return []
        shards = self.division.shards
        # Shards are written under another name and then renamed: one that is there is complete.
        saved = [index for index in range(len(shards)) if self.folder.shard(index).is_file()]
        self.n_texts = self.division.n_texts
        self.n_scored = sum(len(shards[index]) for index in saved)
        return saved

    @property
    def share_scored(self) -> float:
        return self.n_scored / self.n_texts if self.n_texts else 0.0


class Gatherer:
    """Collects the shards of a job list's jobs, and knows which share of the work is done."""

    def __init__(self, job_list: JobList) -> None:
        self.job_list = job_list
        self.unfinished = [
            UnfinishedJob(job, job_folder(job_list.work, job)) for job in job_list.jobs
        ]
        self.expected_tflop = sum(job.expected_tflop for job in job_list.jobs)
        self.n_texts_finished = 0
        self.started = time.monotonic()

    def poll(self) -> None:
        """Finish the jobs whose shards are all saved, and drop those that failed."""
        self.unfinished = [job for job in self.unfinished if not self._is_over(job)]

    def _is_over(self, unfinished: UnfinishedJob) -> bool:
        """Return whether a job is finished, which is done here if it can be, or has failed."""
        saved = unfinished.saved_shards()
        division = unfinished.division
        if division is not None and len(saved) == len(division.shards):
            if self._finish(unfinished, division):
                self.n_texts_finished += unfinished.n_texts
                return True
            return False
        return unfinished.folder.failure() is not None

    def _finish(self, unfinished: UnfinishedJob, division: Division) -> bool:
        """Join a job's shards into its score file; return False if a shard is not right."""
        job = unfinished.job
        parts = []
        for path in map(unfinished.folder.shard, range(len(division.shards))):
            if part := read_valid(path, job.fingerprint):
                parts.append(part)
            else:
                # Without its file the shard is not scored: a worker takes it again.
                path.unlink()
        if len(parts) < len(division.shards):
            return False
        frame = pd.concat([part for part, _ in parts]).sort_values("text_id", ignore_index=True)
        if frame["text_id"].nunique() < division.n_texts:
            # One of them is a copy of another, and it is not known which.
            unfinished.folder.remove_shards()
            return False
        shards = [shard_facts(metadata, job.spec.name) for _, metadata in parts]
        facts = {
            "n_params": shards[0].n_params,
            "added_bos": shards[0].added_bos,
            "attention": shards[0].attention,
            "packed_weights": any(shard.packed_weights for shard in shards),
            "token_budgets": sorted({size for each in shards for size in each.token_budgets})[::-1],
            "device": self.job_list.hardware.device,
            "torch": version("torch"),
            "transformers": version("transformers"),
        }
        target = stored_path(self.job_list.layout.store, job.fingerprint)
        write_scores(frame, target, job.identity, facts)
        # The time is in a file of its own, because the bytes of the score file, which DVC hashes,
        # depend on its inputs alone.
        seconds = round(time.monotonic() - self.started, 1)
        write_json(
            target.with_suffix(".json"), {"model": job.spec.name, "finished_after_s": seconds}
        )
        return True

    @property
    def share_done(self) -> float:
        """Return the share of the expected operations that is done."""
        left = sum(each.job.expected_tflop * (1 - each.share_scored) for each in self.unfinished)
        return 1 - left / self.expected_tflop

    def counts(self) -> str:
        """Return the number of finished models, and texts per second, for the progress line."""
        seconds = time.monotonic() - self.started
        n_texts = self.n_texts_finished + sum(each.n_scored for each in self.unfinished)
        n_models = len(self.job_list.jobs)
        n_finished = n_models - len(self.unfinished)
        return f"{n_finished} of {n_models} models, {n_texts / seconds:.3g} texts/s"


def gather(gatherer: Gatherer, launcher: Launcher) -> None:
    """Finish jobs and show progress until all jobs are over or the launcher has exited."""
    with Progress("score", 1.0) as progress:
        while True:
            # Asked before the poll: what was saved before the launcher exited is then collected.
            running = launcher.is_running()
            gatherer.poll()
            progress.update(gatherer.share_done, gatherer.counts())
            if not running or not gatherer.unfinished:
                return
            time.sleep(POLL_S)


def remove_finished(job_list: JobList) -> None:
    """Remove the folders of finished jobs and the files that workers shared.

    To be called when no worker is left that could look for them.
    """
    finished = [
        stored_path(job_list.layout.store, job.fingerprint).is_file() for job in job_list.jobs
    ]
    for job, is_finished in zip(job_list.jobs, finished, strict=True):
        if is_finished:
            shutil.rmtree(job_folder(job_list.work, job).path, ignore_errors=True)
    # The next run still needs the encoded texts of unfinished jobs.
    patterns = [JOB_LIST, HEARTBEAT] + (["encoded-*"] if all(finished) else [])
    for path in (path for pattern in patterns for path in job_list.work.glob(pattern)):
        path.unlink()
