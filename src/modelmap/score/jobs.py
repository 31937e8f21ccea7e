"""What is to be scored: written once by the run, read by every worker wherever it runs."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict

from modelmap.models.spec import ModelSpec
from modelmap.plumbing.files import checked, json_object, read_bytes, write_text
from modelmap.plumbing.hardware import Hardware
from modelmap.plumbing.layout import Layout
from modelmap.score.identity import Identity
from modelmap.score.settings import ScoreSettings

NAME = "jobs.json"


class Job(BaseModel):
    """One model whose scores are wanted."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    spec: ModelSpec
    identity: Identity
    expected_tflop: float

    @property
    def fingerprint(self) -> str:
        return self.identity.fingerprint


class JobList(BaseModel):
    """All a worker needs to know; the same for every worker."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    root: Path
    jobs: list[Job]
    scoring: ScoreSettings
    hardware: Hardware

    @property
    def layout(self) -> Layout:
        return Layout(self.root)

    @property
    def work(self) -> Path:
        """Return the folder that workers share."""
        return self.layout.store / "work"


def write_job_list(job_list: JobList) -> Path:
    """Return the file that a worker is given, once it is written."""
    path = job_list.work / NAME
    write_text(path, job_list.model_dump_json(indent=1))
    return path


def read_job_list(path: Path) -> JobList:
    """Return the order of a run. Raises UserError if the run that wrote it is over."""
    content = read_bytes(path, f"{path.name} is gone: the run that wrote it is over")
    return checked(JobList, json_object(content, path.name), path.name)
