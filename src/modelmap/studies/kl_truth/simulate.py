"""Simulation in processes of one thread each: texts drawn from models, and how models see them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from modelmap.models.load import load_model, load_tokenizer
from modelmap.models.packed import pack_where_faster
from modelmap.models.prepare import adapter_directory, prepared_directory
from modelmap.models.source import revisions
from modelmap.models.spec import ModelSpec
from modelmap.plumbing.layout import Layout
from modelmap.plumbing.parallel import in_workers
from modelmap.plumbing.seeds import named_seed
from modelmap.score.rule import prefix_token
from modelmap.studies.kl_truth.comparison import spread_by_length
from modelmap.studies.kl_truth.drawn import (
    Drawn,
    ScoredTokens,
    continuations,
    drawn_sums,
    encoded,
    scored_tokens,
    segment_logliks,
)
from modelmap.studies.kl_truth.sample_texts import kl_along_texts, sampled_texts
from modelmap.studies.kl_truth.settings import KlTruthSettings

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase


@dataclass(frozen=True)
class Where:
    """The project's folder, and the device and number of processes that run its models."""

    root: Path
    device: str
    n_workers: int


NAME = "kl_truth"
"""Of the progress of the study."""


@dataclass(frozen=True)
class ZooTask:
    """A unit of work: the texts drawn from one model, for all models of the zoo."""

    root: Path
    specs: tuple[ModelSpec, ...]
    tokenizers: tuple[str, ...]
    """The name of each model's tokenizer."""
    source: int
    """The position of the model that texts are drawn from."""
    texts: tuple[str, ...]
    """Texts of the project, over whose lengths in tokens those of drawn texts are spread."""
    n_texts: int
    device: str
    seed: int


@dataclass(frozen=True)
class NaturalTask:
    """A unit of work: the tokens of texts of the project under one model."""

    root: Path
    spec: ModelSpec
    texts: tuple[str, ...]
    device: str


def simulate_zoo(
    where: Where,
    specs: Sequence[ModelSpec],
    tokenizers: Mapping[str, str],
    texts: Sequence[str],
    settings: KlTruthSettings,
) -> list[Drawn]:
    """Return the sums over texts drawn from each model of the zoo.

    `tokenizers` are the names of the models' tokenizers, by model; `texts` are those of the
    project, whose lengths the drawn texts have.
    """
    tasks = [
        ZooTask(
            where.root,
            tuple(specs),
            tuple(tokenizers[spec.name] for spec in specs),
            source,
            tuple(texts),
            settings.n_texts,
            where.device,
            settings.seed,
        )
        for source in range(len(specs))
    ]
    return in_workers(drawn_from_zoo, tasks, where.n_workers, NAME)


def tokens_of_texts(
    where: Where, specs: Sequence[ModelSpec], texts: tuple[str, ...]
) -> dict[str, list[ScoredTokens]]:
    """Return the tokens of texts under each model, by its name."""
    tasks = [NaturalTask(where.root, spec, texts, where.device) for spec in specs]
    found = in_workers(natural_tokens, tasks, where.n_workers, NAME)
    return {spec.name: tokens for spec, tokens in zip(specs, found, strict=True)}


def loaded(
    root: Path, spec: ModelSpec, device: str
) -> "tuple[PreTrainedModel, PreTrainedTokenizerBase]":
    """Return a model and its tokenizer."""
    layout = Layout(root)
    directory = prepared_directory(spec, revisions(spec, layout)[0], layout)
    model = load_model(directory, spec, device, adapter_directory(spec, layout))
    return model, load_tokenizer(directory, spec)


@lru_cache(maxsize=1)
def _all_loaded(
    root: Path, specs: tuple[ModelSpec, ...], device: str
) -> "list[tuple[PreTrainedModel, PreTrainedTokenizerBase]]":
    """Return all models of the zoo, which a worker keeps for its next task: they are small."""
    everything = [loaded(root, spec, device) for spec in specs]
    for model, _ in everything:
        pack_where_faster(model)
    return everything


def drawn_from_zoo(task: ZooTask) -> Drawn:
    """Return the sums over texts drawn from one model of the zoo. Runs in a worker process.

    The first token is BOS or EOS, and the numbers of tokens are those of texts of the project.
    """
    everything = _all_loaded(task.root, task.specs, task.device)
    model, tokenizer = everything[task.source]
    n_tokens = [one.n_scored for one in encoded(tokenizer, task.texts)]
    lengths = [n_tokens[i] for i in spread_by_length(n_tokens, task.n_texts)]
    prefix = [prefix_token(tokenizer)]
    seed = named_seed(task.seed, "kl_truth", task.specs[task.source].name)
    sequences = sampled_texts(model, prefix, lengths, seed)
    strings = continuations(tokenizer, prefix, sequences)
    own = task.tokenizers[task.source]
    alike = [j for j, name in enumerate(task.tokenizers) if name == own]
    token_kl = np.full((len(everything), len(strings)), np.nan)
    models = [everything[j][0] for j in alike]
    token_kl[alike] = kl_along_texts(models, [alike.index(task.source)], sequences)[0]
    # Strings are tokenised once for all models of a tokenizer.
    tokenizers = {name: both[1] for name, both in zip(task.tokenizers, everything, strict=True)}
    ids = {name: encoded(one, strings) for name, one in tokenizers.items()}
    empty = [""] * len(strings)
    found = [
        segment_logliks(scored_tokens(one, ids[name]), empty, strings)
        for name, (one, _) in zip(task.tokenizers, everything, strict=True)
    ]
    return drawn_sums(strings, token_kl, found[task.source], found)


def natural_tokens(task: NaturalTask) -> list[ScoredTokens]:
    """Return the tokens of the texts under one model. Runs in a worker process."""
    model, tokenizer = loaded(task.root, task.spec, task.device)
    pack_where_faster(model)
    return scored_tokens(model, encoded(tokenizer, task.texts))
