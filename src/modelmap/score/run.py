"""Scoring all models of a job list: missing scores are computed, existing ones are kept."""

import fcntl
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from modelmap.plumbing.errors import MAX_LISTED, UserError, listed
from modelmap.plumbing.files import write_atomically
from modelmap.plumbing.layout import Layout
from modelmap.plumbing.processes import check_models_can_run
from modelmap.score.gather import Gatherer, gather, remove_finished
from modelmap.score.job_folder import job_folder
from modelmap.score.jobs import Job, JobList
from modelmap.score.launch import Launcher, launched
from modelmap.score.rule import MAX_TRUNCATED_SHARE
from modelmap.score.store import INDEX, has_scores, read_valid, stored_path, write_index


def score_all(job_list: JobList, overrides: Sequence[str] = (), folder: Path | None = None) -> None:
    """Make `folder`, or data/scores, contain the scores of exactly the models of the job list.

    Finished scores are taken from the store or from `folder`; the others are computed by workers.
    `overrides` are Hydra overrides that select the hardware. Raises UserError that names the models
    that failed. The scores of the other models are then in the store, so that the next run computes
    only those that failed.
    """
    layout = job_list.layout
    folder = folder or layout.scores
    with _run_lock(layout.store / "score.lock"):
        _remove_unfinished_files(layout)
        missing = [job for job in job_list.jobs if not _in_store(job, folder, layout)]
        for job in missing:
            job_folder(job_list.work, job).clear_failure(job.fingerprint)
        try:
            if missing:
                # Longest first: a long job that starts last would keep one worker busy alone.
                missing.sort(key=lambda job: -job.expected_tflop)
                _score(job_list.model_copy(update={"jobs": missing}), overrides)
        finally:
            remove_finished(job_list)
        _place(job_list.jobs, folder, layout)


@contextmanager
def _run_lock(path: Path) -> Iterator[None]:
    """Lock `path` until the end of the block, after waiting until no other run has locked it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("another run is scoring here: waiting for it", file=sys.stderr, flush=True)
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _remove_unfinished_files(layout: Layout) -> None:
    """Remove the temporary files of a run that was killed while it wrote them."""
    for path in (layout.store / "scores").glob(".*.part"):
        path.unlink()


def _in_store(job: Job, folder: Path, layout: Layout) -> bool:
    """Return whether a job's scores are in the store, after copying them there if necessary.

    Scores that were pulled with `dvc pull` are in `folder` only.
    """
    stored = stored_path(layout.store, job.fingerprint)
    if has_scores(stored, job.fingerprint):
        return True
    placed = folder / job.spec.file_name
    if has_scores(placed, job.fingerprint):
        _copy(placed, stored)
        return True
    return False


def _copy(source: Path, target: Path) -> None:
    write_atomically(target, lambda temporary: shutil.copyfile(source, temporary))


def _score(job_list: JobList, overrides: Sequence[str]) -> None:
    check_models_can_run()
    gatherer = Gatherer(job_list)
    launcher = _launch(gatherer, overrides)
    if gatherer.unfinished and launcher.worker_was_killed():
        print(
            "score: the operating system killed a worker, most likely because memory ran out; "
            "trying once more, with half as many tokens in a pass",
            file=sys.stderr,
            flush=True,
        )
        for each in gatherer.unfinished:
            each.folder.halve_budget()
        launcher = _launch(gatherer, overrides)
    _report(job_list, launcher.exit_message())


def _launch(gatherer: Gatherer, overrides: Sequence[str]) -> Launcher:
    """Run workers until all jobs are over or the workers have exited; return their launcher."""
    with launched(gatherer.job_list, overrides) as launcher:
        gather(gatherer, launcher)
    # A worker may have saved its last shard after the last poll.
    gatherer.poll()
    return launcher


def _report(job_list: JobList, exit_message: str) -> None:
    """Raise UserError if a job failed, or if the workers exited before all jobs were finished.

    Models of which many texts were truncated are named on standard error.
    """
    for job in job_list.jobs:
        _report_truncation(job, job_list.layout)
    messages = [(job, job_folder(job_list.work, job).failure()) for job in job_list.jobs]
    failed = [(job, message) for job, message in messages if message is not None]
    if failed:
        names = [job.spec.name for job, _ in failed[MAX_LISTED:]]
        rest = f"; also failed: {', '.join(names)}" if names else ""
        raise UserError(
            f"{len(failed)} of {len(job_list.jobs)} models failed: "
            f"{'; '.join(message for _, message in failed[:MAX_LISTED])}{rest}; "
            "the scores of the others are kept, and `dvc repro` retries the failed models"
        )
    unfinished = [
        job.spec.name
        for job in job_list.jobs
        if not stored_path(job_list.layout.store, job.fingerprint).is_file()
    ]
    if unfinished:
        raise UserError(
            f"the workers exited early ({exit_message}), not finished: {listed(unfinished)}; if "
            "memory ran out, lower logits_mb or scorers in conf/local; `dvc repro` continues from "
            "here"
        )


def _report_truncation(job: Job, layout: Layout) -> None:
    """Print a line about a finished job if more texts were truncated than is good for a map."""
    scores = read_valid(stored_path(layout.store, job.fingerprint), job.fingerprint)
    share = 0.0 if scores is None else float(scores[0]["truncated"].mean())
    if share > MAX_TRUNCATED_SHARE:
        print(
            f"score: model {job.spec.name} reads only the beginning of {share:.0%} of the texts, "
            "because they have more tokens than its maximum length: its scores are not comparable "
            "with those of models that read whole texts",
            file=sys.stderr,
            flush=True,
        )


def _place(jobs: Sequence[Job], folder: Path, layout: Layout) -> None:
    """Make `folder` contain exactly one valid file per job; valid files are not rewritten."""
    folder.mkdir(parents=True, exist_ok=True)
    wanted = {job.spec.file_name: job.fingerprint for job in jobs}
    if folders := sorted(path.name for path in folder.iterdir() if path.is_dir()):
        # They are no scores, and may be somebody's only copy of something.
        raise UserError(
            f"{folder.relative_to(layout.root)} has folders: {listed(folders)}; move them "
            "elsewhere, then run `dvc repro` again: the scores are kept"
        )
    for path in folder.iterdir():
        if path.name not in wanted and path.name != INDEX:
            path.unlink()
    for name, fingerprint in wanted.items():
        if not has_scores(folder / name, fingerprint):
            _copy(stored_path(layout.store, fingerprint), folder / name)
    if wanted:
        write_index(folder, wanted)
    else:
        (folder / INDEX).unlink(missing_ok=True)
