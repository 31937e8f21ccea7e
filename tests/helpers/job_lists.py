"""Job lists of tiny models in an empty project, and scoring them in this process."""

import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest
import torch

from helpers import ROOT
from helpers.score_project import text_table
from helpers.tiny_models import tiny_model, tiny_tokenizer
from modelmap.models.source import content_hashes, local_files
from modelmap.models.spec import ModelSpec
from modelmap.plumbing.hardware import Hardware
from modelmap.plumbing.layout import Layout
from modelmap.plumbing.tables import write_table
from modelmap.score import run as scoring_run
from modelmap.score.gather import Gatherer
from modelmap.score.identity import identify
from modelmap.score.jobs import Job, JobList
from modelmap.score.settings import ScoreSettings
from modelmap.score.work import Worker
from modelmap.texts.tables import TEXTS as TEXTS_SCHEMA
from modelmap.texts.text_set import text_set_hash
from modelmap.zoo.settings import Architecture

N_TEXTS = 5
SCORING = ScoreSettings(rule="own")
MODELS: dict[str, Architecture] = {"one": "llama", "two": "gpt2"}


def hardware(workers: int = 1, shard_tflop: float = 1e-6) -> Hardware:
    """Return hardware with shards so small that a model has several."""
    return Hardware(
        device="cpu", workers=workers, batch_tokens=256, logits_mb=1, shard_tflop=shard_tflop
    )


def save_models(folder: Path) -> Path:
    """Return the folder, once it has one directory per tiny model."""
    for name, architecture in MODELS.items():
        tiny_model(architecture).save_pretrained(folder / name)
        tiny_tokenizer(add_bos=True).save_pretrained(folder / name)
    return folder


def new_layout(root: Path) -> Layout:
    """Return a project that has texts and nothing else."""
    made = Layout(root)
    shutil.copytree(ROOT / "conf", made.conf, ignore=shutil.ignore_patterns("local"))
    write_table(text_table(N_TEXTS), TEXTS_SCHEMA, made.texts)
    return made


def job_list_of(layout: Layout, saved: Path, *names: str, workers: int = 1) -> JobList:
    """Return a job list of the named models; one named "broken" has no readable weights."""
    text_set = text_set_hash(text_table(N_TEXTS)["text"])
    jobs = []
    for name in names:
        spec = ModelSpec(
            name=name, source="directory", location=str(saved / name), family=name, kind="base"
        )
        revision, tokenizer = content_hashes(local_files(spec, layout))
        identity = identify(spec, revision, tokenizer, SCORING, text_set)
        jobs.append(Job(spec=spec, identity=identity, expected_tflop=1.0))
    return JobList(root=layout.root, jobs=jobs, scoring=SCORING, hardware=hardware(workers))


def scores_bytes(layout: Layout) -> dict[str, bytes]:
    """Return the bytes of data/scores by file name."""
    return {path.name: path.read_bytes() for path in sorted(layout.scores.glob("*.parquet"))}


def score_here(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Score in this process instead of in workers; return the models of each scoring."""
    calls: list[list[str]] = []

    def score(job_list: JobList, overrides: Sequence[str]) -> None:
        calls.append([job.spec.name for job in job_list.jobs])
        # As in a worker: another number of threads may round otherwise.
        torch.set_num_threads(1)
        Worker(job_list).run()
        Gatherer(job_list).poll()
        scoring_run._report(job_list, "exit 0")

    monkeypatch.setattr(scoring_run, "_score", score)
    return calls
