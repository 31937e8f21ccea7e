"""The job list: what is to be scored. The run writes it once, and every worker reads it."""

from pathlib import Path

import pandas as pd
from pydantic import BaseModel, ConfigDict

from modelmap.models.spec import ModelSpec
from modelmap.plumbing.files import checked, json_object, read_bytes, write_text
from modelmap.plumbing.hardware import Hardware
from modelmap.plumbing.layout import Layout
from modelmap.score.identity import Identity
from modelmap.score.settings import ScoreSettings

FILE_NAME = "jobs.json"


class Job(BaseModel):
    """One model to score."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    spec: ModelSpec
    identity: Identity
    text_ids: list[int] | None = None
    """The texts to score, in ascending order; None: all of them."""
    expected_tflop: float
    """An estimate of the operations it takes, in 10^12."""

    @property
    def fingerprint(self) -> str:
        return self.identity.fingerprint

    def texts_of(self, texts: pd.DataFrame) -> pd.DataFrame:
        """Return the rows of a table of texts that this job is to score, numbered from 0."""
        if self.text_ids is None:
            return texts
        return texts[texts["text_id"].isin(self.text_ids)].reset_index(drop=True)


class JobList(BaseModel):
    """The models to score and the settings to score them with; the same for every worker."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    root: Path
    """The project's folder."""
    jobs: list[Job]
    scoring: ScoreSettings
    hardware: Hardware

    @property
    def layout(self) -> Layout:
        return Layout(self.root)

    @property
    def work(self) -> Path:
        """Return the folder that all workers of a run share."""
        return self.layout.store / "work"


def write_job_list(job_list: JobList) -> Path:
    """Write the job list into the shared folder and return its path."""
    path = job_list.work / FILE_NAME
    write_text(path, job_list.model_dump_json(indent=1))
    return path


def read_job_list(path: Path) -> JobList:
    """Return the job list of a run. Raises UserError if the run has ended and removed it."""
    content = read_bytes(path, f"{path.name} does not exist: the run that wrote it has ended")
    return checked(JobList, json_object(content, path.name), path.name)
