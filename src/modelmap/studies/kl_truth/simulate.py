"""Simulation of the divergences between the models of each group, in processes of one thread."""

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
    """A unit of work: the sums of texts drawn from one model, for all models of its group.

    `source` is the position of that model in the group, or None for the project's texts instead
    of drawn texts.
    """

    root: Path
    group: Group
    source: int | None
    rule: Rule
    device: str
    seed: int


def simulate(
    groups: Sequence[Group], root: Path, rule: Rule, device: str, seed: int, n_workers: int
) -> list[Simulated]:
    """Return the simulated divergences of each group.

    They do not depend on the number of workers: each task has its own random generator.
    """
    tasks = [
        Task(root, group, source, rule, device, seed)
        for group in groups
        for source in (None, *range(len(group.specs)))
    ]
    set_worker_environment()
    results: list[TextSums] = []
    with (
        ProcessPoolExecutor(n_workers, get_context("spawn"), start_worker) as workers,
        Progress("kl_truth", len(tasks)) as progress,
    ):
        for sums in workers.map(sums_of_task, tasks):
            results.append(sums)
            progress.update(len(results), f"{len(results)} of {len(tasks)} models")
    in_order = iter(results)
    return [_joined([next(in_order) for _ in range(len(group.specs) + 1)]) for group in groups]


def _joined(sums: list[TextSums]) -> Simulated:
    """Return the sums of one group's tasks, of which the first is that of the project's texts."""
    on_texts, *sampled = sums
    kl = np.concatenate([one.kl for one in sampled])
    log_ratio = np.concatenate([one.log_ratio for one in sampled])
    return Simulated(kl, log_ratio, on_texts.kl, on_texts.half_squares)


def sums_of_task(task: Task) -> TextSums:
    """Return the sums of one task. Runs in a worker process."""
    models, tokenizer = _loaded(task.root, task.group.specs, task.device)
    if task.source is None:
        # All models read the same tokens, cut at the smallest of their maximum lengths.
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
    """Return the models of a group and their tokenizer.

    A worker keeps them for its next task, which is mostly of the same group.
    """
    folders = [local_files(spec, Layout(root)) for spec in specs]
    models = [load_model(path, spec, device) for path, spec in zip(folders, specs, strict=True)]
    return models, load_tokenizer(folders[0], specs[0])
