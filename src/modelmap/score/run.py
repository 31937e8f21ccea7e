"""Scoring all models: what is missing is scored, what is there is kept, the rest is removed."""

import fcntl
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from modelmap.plumbing.errors import SHOWN, UserError, listed
from modelmap.plumbing.files import write_atomically
from modelmap.plumbing.layout import Layout
from modelmap.plumbing.processes import check_models_can_run
from modelmap.score.gather import Gatherer, gather, sweep
from modelmap.score.job_folder import job_folder
from modelmap.score.jobs import Job, JobList
from modelmap.score.launch import launched
from modelmap.score.store import holds, stored


def score_all(job_list: JobList, overrides: Sequence[str] = ()) -> None:
    """Bring data/scores to exactly the order's models.

    Finished scores are found in data/scores or in the store, and scored otherwise, by workers of
    the hardware that `overrides` also chose. Raises UserError that lists every model that failed;
    the others' scores are then in the store, and the next run retries only those that failed.
    """
    layout = job_list.layout
    with _alone(layout.store / "score.lock"):
        _remove_torn(layout)
        missing = [job for job in job_list.jobs if not _in_store(job, layout)]
        for job in missing:
            job_folder(job_list.work, job).forgive(job.fingerprint)
        try:
            if missing:
                missing.sort(key=lambda job: -job.expected_tflop)
                _score(job_list.model_copy(update={"jobs": missing}), overrides)
        finally:
            sweep(job_list)
        _place(job_list.jobs, layout)


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


def _remove_torn(layout: Layout) -> None:
    """Remove files that a killed run was writing."""
    for path in (layout.store / "scores").glob(".*.part"):
        path.unlink()


def _in_store(job: Job, layout: Layout) -> bool:
    """Return whether a job is finished, after saving to the store a file only data/scores has."""
    kept = stored(layout.store, job.fingerprint)
    if holds(kept, job.fingerprint):
        return True
    placed = layout.scores / job.spec.file_name
    if holds(placed, job.fingerprint):
        _copy(placed, kept)
        return True
    return False


def _copy(source: Path, target: Path) -> None:
    write_atomically(target, lambda part: shutil.copyfile(source, part))


def _score(job_list: JobList, overrides: Sequence[str]) -> None:
    check_models_can_run()
    gatherer = Gatherer(job_list)
    with launched(job_list, overrides) as launcher:
        gather(gatherer, launcher)
    gatherer.poll()
    _report(job_list, launcher.ending())


def _report(job_list: JobList, ending: str) -> None:
    """Raise UserError if a job failed, or if workers ended before their work."""
    told = [(job, job_folder(job_list.work, job).failure()) for job in job_list.jobs]
    failed = [(job, line) for job, line in told if line is not None]
    if failed:
        silent = [job.spec.name for job, _ in failed[SHOWN:]]
        rest = f"; and likewise not scored: {', '.join(silent)}" if silent else ""
        raise UserError(
            f"{len(failed)} of {len(job_list.jobs)} models failed: "
            f"{'; '.join(line for _, line in failed[:SHOWN])}{rest}; "
            "the others are kept, and `dvc repro` retries these"
        )
    unfinished = [
        job.spec.name
        for job in job_list.jobs
        if not stored(job_list.layout.store, job.fingerprint).is_file()
    ]
    if unfinished:
        raise UserError(
            f"workers ended early ({ending}) with {listed(unfinished)} unfinished: if memory ran "
            "out, lower logits_mb or scorers in conf/local; `dvc repro` goes on from here"
        )


def _place(jobs: Sequence[Job], layout: Layout) -> None:
    """Make data/scores hold exactly one whole file per job, touching none that is right."""
    layout.scores.mkdir(parents=True, exist_ok=True)
    wanted = {job.spec.file_name: job.fingerprint for job in jobs}
    for path in layout.scores.iterdir():
        if path.name not in wanted:
            path.unlink()
    for name, fingerprint in wanted.items():
        if not holds(layout.scores / name, fingerprint):
            _copy(stored(layout.store, fingerprint), layout.scores / name)
