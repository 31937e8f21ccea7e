"""KL divergences between pretrained models, models made from them and models of the zoo (ours)."""

from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import numpy as np
import pandas as pd

from modelmap.divergence.kl import LN2
from modelmap.models.packed import pack_where_faster
from modelmap.models.spec import ModelSpec
from modelmap.plumbing.parallel import in_workers
from modelmap.plumbing.seeds import named_seed
from modelmap.studies.kl_truth.comparison import DRAWN_MIXTURE, ESTIMATES, rate, two_directions
from modelmap.studies.kl_truth.drawn import (
    Drawn,
    continuations,
    drawn_sums,
    encoded,
    scored_tokens,
    segment_logliks,
)
from modelmap.studies.kl_truth.sample_texts import kl_along_texts, sampled_texts
from modelmap.studies.kl_truth.settings import KlTruthSettings
from modelmap.studies.kl_truth.simulate import NAME, Where, loaded
from modelmap.zoo.derive import quantised
from modelmap.zoo.settings import Bits

if TYPE_CHECKING:
    from transformers import PreTrainedModel

COPIES: tuple[Bits, ...] = get_args(Bits)
NATURAL, CONTINUED = "natural texts", "continuations"


@dataclass(frozen=True)
class CopiesTask:
    """A unit of work: a pretrained model and its descendants on texts of the project.

    Without descendants in the roster they are rounded copies of the model, one for each of COPIES.
    """

    root: Path
    spec: ModelSpec
    descendants: tuple[ModelSpec, ...]
    texts: tuple[str, ...]
    device: str


@dataclass(frozen=True)
class ContinuationTask:
    """A unit of work: continuations drawn from one model, for all `specs`."""

    root: Path
    specs: tuple[ModelSpec, ...]
    source: ModelSpec
    prefixes: tuple[str, ...]
    n_tokens: int
    device: str
    seed: int


def simulate_copies(
    where: Where, specs: Sequence[ModelSpec], roster: Sequence[ModelSpec], texts: tuple[str, ...]
) -> list[dict[str, Drawn]]:
    """Return what copies_on_texts does, for each of `specs`; `roster` has their descendants."""
    tasks = [
        CopiesTask(
            where.root,
            spec,
            tuple(one for one in roster if one.base is not None and one.base.name == spec.name),
            texts,
            where.device,
        )
        for spec in specs
    ]
    return in_workers(copies_on_texts, tasks, where.n_workers, NAME)


def simulate_continuations(
    where: Where,
    pretrained: Sequence[ModelSpec],
    others: Sequence[ModelSpec],
    texts: Sequence[str],
    settings: KlTruthSettings,
) -> dict[str, Drawn]:
    """Return the sums over continuations of the first half of each text, by the model's name.

    Those of a pretrained model are for all models, those of any other one for the pretrained ones.
    """
    halves = tuple(text[: len(text) // 2] for text in texts)
    sources = [*pretrained, *others]
    tasks = [
        ContinuationTask(
            where.root,
            tuple(sources if source in pretrained else pretrained),
            source,
            halves,
            settings.continuation_tokens,
            where.device,
            settings.seed,
        )
        for source in sources
    ]
    found = in_workers(drawn_continuations, tasks, where.n_workers, NAME)
    return {source.name: drawn for source, drawn in zip(sources, found, strict=True)}


def copies_on_texts(task: CopiesTask) -> dict[str, Drawn]:
    """Return sums on texts of the project from a model and each of its descendants, for all.

    The keys are names, the first that of the model itself. The texts are the same for all, so that
    log_ratio is no divergence here; token_kl is exact at every token. Runs in a worker process.
    """
    model, tokenizer = loaded(task.root, task.spec, task.device)
    models = {task.spec.name: model}
    for spec in task.descendants:
        models[spec.name] = loaded(task.root, spec, task.device)[0]
    if not task.descendants:
        models |= {f"{task.spec.name} {bits}": _rounded(model, bits) for bits in COPIES}
    texts, everything = encoded(tokenizer, task.texts), list(models.values())
    # After the copies are made: the weights of a packed model must not be changed.
    for each in everything:
        pack_where_faster(each)
    kl = kl_along_texts(everything, range(len(everything)), [one.ids for one in texts])
    empty = [""] * len(texts)
    found = [segment_logliks(scored_tokens(one, texts), empty, task.texts) for one in everything]
    return {name: drawn_sums(task.texts, kl[i], found[i], found) for i, name in enumerate(models)}


def _rounded(model: "PreTrainedModel", bits: Bits) -> "PreTrainedModel":
    copy = deepcopy(model)
    copy.load_state_dict(quantised(model.state_dict(), bits))
    return copy


def drawn_continuations(task: ContinuationTask) -> Drawn:
    """Return the sums over continuations drawn from one model. Runs in a worker process."""
    model, tokenizer = loaded(task.root, task.source, task.device)
    pack_where_faster(model)
    strings = []
    for number, prefix in enumerate(encoded(tokenizer, task.prefixes)):
        seed = named_seed(task.seed, "kl_truth", task.source.name, str(number))
        sequences = sampled_texts(model, prefix.ids, [task.n_tokens], seed)
        strings += continuations(tokenizer, prefix.ids, sequences)
    texts = [prefix + string for prefix, string in zip(task.prefixes, strings, strict=True)]
    own = segment_logliks(scored_tokens(model, encoded(tokenizer, texts)), task.prefixes, strings)
    found = []
    for spec in task.specs:
        if spec == task.source:
            found.append(own)
            continue
        reader, its_tokenizer = loaded(task.root, spec, task.device)
        pack_where_faster(reader)
        tokens = scored_tokens(reader, encoded(its_tokenizer, texts))
        found.append(segment_logliks(tokens, task.prefixes, strings))
    return drawn_sums(strings, np.full((len(found), len(strings)), np.nan), own, found)


def copies_table(drawn: Mapping[str, Drawn]) -> pd.DataFrame:
    """Return the pairs of a model and its descendants, with the columns of KL_PRETRAINED.

    Both estimates are from the same texts: the papers' is half the variance of the difference of
    log-likelihoods over texts, without clipping.
    """
    rows = []
    name, *descendants = drawn
    for number, descendant in enumerate(descendants, 1):
        own, copy = drawn[name], drawn[descendant]
        mixture = rate(own.mixture[number], own.n_bytes)[0]
        papers = own.log_ratio[number].var() / 2 / (own.n_bytes.mean() * LN2)
        truth = two_directions(own, copy, 0, number, "token_kl")
        rows.append(_row(name, descendant, NATURAL, own, truth, mixture))
        rows[-1].update({ESTIMATES["mixture"]: mixture, ESTIMATES["papers"]: papers})
    return pd.DataFrame(rows)


def continuations_table(
    pretrained: Sequence[ModelSpec], others: Sequence[ModelSpec], drawn: Mapping[str, Drawn]
) -> pd.DataFrame:
    """Return the pairs of a pretrained model and any other one, without estimates.

    `drawn` has the sums of each model by name: of a pretrained one for all pretrained ones and
    then all others, of any other one for the pretrained ones.
    """
    rows = []
    everything = [*pretrained, *others]
    for i, one in enumerate(pretrained):
        for j, other in enumerate(everything[i + 1 :], i + 1):
            first, second = drawn[one.name], drawn[other.name]
            truth = two_directions(first, second, i, j, "log_ratio")
            mixture = two_directions(first, second, i, j, "mixture")["bits_per_byte"]
            rows.append(_row(one.name, other.name, CONTINUED, first, truth, mixture))
    return pd.DataFrame(rows)


def _row(
    one: str, other: str, texts: str, drawn: Drawn, truth: Mapping[str, float], mixture: float
) -> dict[str, object]:
    return {
        "model_a": one,
        "model_b": other,
        "texts": texts,
        "n_texts": len(drawn.n_bytes),
        **{f"truth_{name}": value for name, value in truth.items()},
        DRAWN_MIXTURE: mixture,
    }
