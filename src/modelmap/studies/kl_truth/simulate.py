"""Simulating the divergences of all models of a tokenizer, in processes of one thread each."""

from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from modelmap.models.load import load_model, load_tokenizer, maximum_length
from modelmap.models.source import local_files
from modelmap.models.spec import ModelSpec
from modelmap.plumbing.layout import Layout
from modelmap.plumbing.processes import set_worker_environment, start_worker
from modelmap.plumbing.progress import Progress
from modelmap.plumbing.seeds import named_seed
from modelmap.score.rule import Rule, encode_texts, prefix_token
from modelmap.studies.kl_truth.comparison import Simulated
from modelmap.studies.kl_truth.groups import Group
from modelmap.studies.kl_truth.sample_texts import TextSums, sampled_texts, text_sums

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase


@dataclass(frozen=True)
class Task:
    """One model's sampled texts under all models of its group; with no source the group's own."""

    root: Path
    group: Group
    source: int | None
    rule: Rule
    device: str
    seed: int


def simulate(
    groups: Sequence[Group], root: Path, rule: Rule, device: str, seed: int, n_workers: int
) -> list[Simulated]:
    """Return the simulated divergences of each group, the same whatever the number of workers."""
    tasks = [
        Task(root, group, source, rule, device, seed)
        for group in groups
        for source in (None, *range(len(group.specs)))
    ]
    set_worker_environment()
    found: list[TextSums] = []
    with (
        ProcessPoolExecutor(n_workers, get_context("spawn"), start_worker) as workers,
        Progress("kl_truth", len(tasks)) as progress,
    ):
        for sums in workers.map(sums_of, tasks):
            found.append(sums)
            progress.update(len(found), f"{len(found)} of {len(tasks)} models")
    done = iter(found)
    return [_joined([next(done) for _ in range(len(group.specs) + 1)]) for group in groups]


def _joined(sums: list[TextSums]) -> Simulated:
    own, *sampled = sums
    kl = np.concatenate([one.kl for one in sampled])
    log_ratio = np.concatenate([one.log_ratio for one in sampled])
    return Simulated(kl, log_ratio, own.kl, own.half_squares)


def sums_of(task: Task) -> TextSums:
    """Return the sums of one task; made to run in a process of its own."""
    models, tokenizer = _loaded(task.root, task.group.specs, task.device)
    if task.source is None:
        limit = min(maximum_length(model.config, None) for model in models)
        encoded = encode_texts(tokenizer, task.group.texts, task.rule, limit)
        return text_sums(models, range(len(models)), [item.ids for item in encoded])
    name = task.group.specs[task.source].name
    seed = named_seed(task.seed, "kl_truth", name)
    prefix = prefix_token(tokenizer)
    drawn = sampled_texts(models[task.source], prefix, task.group.n_tokens, seed)
    return text_sums(models, [task.source], drawn)


@lru_cache(maxsize=1)
def _loaded(
    root: Path, specs: tuple[ModelSpec, ...], device: str
) -> "tuple[list[PreTrainedModel], PreTrainedTokenizerBase]":
    """Return all models of a group, kept until another group's are asked for."""
    folders = [local_files(spec, Layout(root)) for spec in specs]
    models = [load_model(path, spec, device) for path, spec in zip(folders, specs, strict=True)]
    return models, load_tokenizer(folders[0], specs[0])
