"""A job's folder in the store: its plan, its shards and its locks, until the job is finished."""

import fcntl
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from modelmap.plumbing.files import write_json, write_text
from modelmap.score.jobs import Job
from modelmap.score.store import holds


class Division(BaseModel):
    """How a job is divided: which rows of the texts each shard scores, in the order of batches."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    directory: str
    """Of the model, as transformers loads it."""
    encoded: str
    """The file of encoded texts, in the folder that jobs share."""
    bounds: tuple[float, float, float]
    """Of the hardware that the token budget follows from."""
    token_budget: int
    added_bos: bool
    shards: list[list[int]]


@contextmanager
def held(path: Path) -> Iterator[bool]:
    """Yield whether the lock on `path` was free; if it was, it is held until the end.

    The lock is the operating system's: a killed process loses it at once.
    """
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
    """The paths and small files of one job."""

    path: Path

    def shard(self, index: int) -> Path:
        return self.path / f"shard-{index:04d}.parquet"

    def partial(self, index: int) -> Path:
        """Return where a shard is kept while only some of its texts are scored."""
        return self.path / f"shard-{index:04d}.partial.parquet"

    def lock(self, name: str) -> Path:
        return self.path / f"{name}.lock"

    def read_division(self) -> Division | None:
        """Return the job's plan, or None before a worker made one that can be read."""
        try:
            return Division.model_validate_json((self.path / "division.json").read_bytes())
        except (FileNotFoundError, ValidationError):
            return None

    def write_division(self, division: Division) -> None:
        """Save the plan, with the whole of its token budget for what is left."""
        write_text(self.path / "division.json", division.model_dump_json())
        (self.path / "budget.json").unlink(missing_ok=True)

    def token_budget(self, division: Division) -> int:
        """Return the tokens of a pass: the plan's, or less after a pass ran out of memory."""
        path = self.path / "budget.json"
        return (
            int(json.loads(path.read_text())["tokens"]) if path.is_file() else division.token_budget
        )

    def lower_budget(self, tokens: int) -> None:
        write_json(self.path / "budget.json", {"tokens": tokens})

    def failure(self) -> str | None:
        """Return the line that a worker left when it gave the job up in this run, if one did."""
        path = self.path / "error.txt"
        return path.read_text() if path.is_file() else None

    def fail(self, line: str) -> None:
        write_text(self.path / "error.txt", line)

    def forgive(self, fingerprint: str) -> None:
        """Forget an earlier run's failure, and the shards that are not whole."""
        (self.path / "error.txt").unlink(missing_ok=True)
        for path in self.path.glob("shard-*.parquet"):
            if not holds(path, fingerprint):
                path.unlink()


def job_folder(work: Path, job: Job) -> JobFolder:
    """Return a job's folder below the folder that workers share."""
    return JobFolder(work / job.fingerprint)
