"""A job's folder in the store: its division, shards and locks, until the job is finished."""

import fcntl
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from modelmap.plumbing.files import write_json, write_text
from modelmap.score.jobs import Job
from modelmap.score.store import has_scores


class Division(BaseModel):
    """How a job's texts are divided into shards, and what is needed to score them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    encoded: str
    """The name of the file of token ids, in the folder that workers share."""
    bounds: tuple[float, float, float]
    """The hardware settings that the token budget was computed from."""
    token_budget: int
    """Tokens of one forward pass, padding included."""
    added_bos: bool
    shards: list[list[int]]
    """The rows of the text table that each shard scores, in the order of its batches."""

    @model_validator(mode="after")
    def _has_each_row_once(self) -> "Division":
        if sorted(row for rows in self.shards for row in rows) != list(range(self.n_texts)):
            raise ValueError("not each row of the text table is in one shard")
        return self

    @property
    def n_texts(self) -> int:
        return sum(len(rows) for rows in self.shards)


@contextmanager
def try_lock(path: Path) -> Iterator[bool]:
    """Lock `path` until the end of the block if no process has locked it; yield whether it did."""
    # The operating system releases this lock as soon as its process ends, even by SIGKILL. A lock
    # that is the existence of a file would stay, and nobody could tell whether its owner runs.
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True


@dataclass(frozen=True)
class JobFolder:
    """Paths and small files of one job."""

    path: Path

    def shard(self, index: int) -> Path:
        return self.path / f"shard-{index:04d}.parquet"

    def partial(self, index: int) -> Path:
        """Return the path of a shard while only some of its texts are scored."""
        return self.path / f"shard-{index:04d}.partial.parquet"

    def lock(self, name: str) -> Path:
        return self.path / f"{name}.lock"

    def read_division(self) -> Division | None:
        """Return the job's division, or None if there is none or it is damaged."""
        try:
            return Division.model_validate_json((self.path / "division.json").read_bytes())
        except (OSError, ValidationError):
            return None

    def write_division(self, division: Division, earlier: Division | None) -> None:
        """Save the division, and remove the lower token budget of an earlier one.

        Shards that are saved belong to the earlier division. Without one, or with other shards,
        they are removed.
        """
        if earlier is None or earlier.shards != division.shards:
            self.remove_shards()
        write_text(self.path / "division.json", division.model_dump_json())
        (self.path / "budget.json").unlink(missing_ok=True)

    def token_budget(self, division: Division) -> int:
        """Return the tokens of a pass: the division's, or less after memory has run out."""
        try:
            return int(json.loads((self.path / "budget.json").read_text())["tokens"])
        except (OSError, ValueError, LookupError, TypeError):
            return division.token_budget

    def lower_budget(self, tokens: int) -> None:
        """Save a lower token budget, which every worker uses for the rest of this model."""
        write_json(self.path / "budget.json", {"tokens": tokens})

    def halve_budget(self) -> None:
        division = self.read_division()
        if division is not None:
            self.lower_budget(max(1, self.token_budget(division) // 2))

    def failure(self) -> str | None:
        """Return the error message of the worker on which this job failed, or None."""
        path = self.path / "error.txt"
        return path.read_text() if path.is_file() else None

    def fail(self, message: str) -> None:
        write_text(self.path / "error.txt", message)

    def remove_shards(self) -> None:
        """Remove all scores, finished or not."""
        for path in self.path.glob("shard-*.parquet"):
            path.unlink(missing_ok=True)

    def clear_failure(self, fingerprint: str) -> None:
        """Remove the error message of an earlier run, and damaged shards."""
        (self.path / "error.txt").unlink(missing_ok=True)
        for path in self.path.glob("shard-*.parquet"):
            if not has_scores(path, fingerprint):
                path.unlink()


def job_folder(work: Path, job: Job) -> JobFolder:
    """Return a job's folder in the folder that workers share."""
    return JobFolder(work / job.fingerprint)
