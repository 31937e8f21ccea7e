"""What is to be scored: written once by the run, read by every worker wherever it runs."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict

from modelmap.files import checked, json_object, read_bytes, write_text
from modelmap.hardware import Hardware
from modelmap.layout import Layout
from modelmap.models.spec import ModelSpec
from modelmap.scoring.identity import Identity
from modelmap.scoring.settings import Scoring

NAME = "order.json"


class Job(BaseModel):
    """One model whose scores are wanted."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    spec: ModelSpec
    identity: Identity
    expected_tflop: float

    @property
    def fingerprint(self) -> str:
        return self.identity.fingerprint


class Order(BaseModel):
    """All a worker needs to know; the same for every worker."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    root: Path
    jobs: list[Job]
    scoring: Scoring
    hardware: Hardware

    @property
    def layout(self) -> Layout:
        return Layout(self.root)

    @property
    def work(self) -> Path:
        """Return the folder that workers share."""
        return self.layout.store / "work"


def write_order(order: Order) -> Path:
    """Return the file that a worker is given, once it is written."""
    path = order.work / NAME
    write_text(path, order.model_dump_json(indent=1))
    return path


def read_order(path: Path) -> Order:
    """Return the order of a run. Raises UserError if the run that wrote it is over."""
    content = read_bytes(path, f"{path.name} is gone: the run that wrote it is over")
    return checked(Order, json_object(content, path.name), path.name)
