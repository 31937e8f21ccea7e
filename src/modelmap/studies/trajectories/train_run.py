"""One training run of a small model, with the distances between its checkpoints."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from modelmap.divergence.kl import bits_per_byte, nats_per_text
from modelmap.divergence.mixture import mixture_kl
from modelmap.models.load import maximum_length
from modelmap.plumbing.arrays import Values
from modelmap.plumbing.seeds import named_rng, named_seed
from modelmap.score.rule import Rule
from modelmap.studies.made_models.scores import Scores, TextScorer, first_and_bytes
from modelmap.zoo.architectures import untrained_model
from modelmap.zoo.build import Pool
from modelmap.zoo.settings import Family, ZooSettings
from modelmap.zoo.tokenizers import train_tokenizer
from modelmap.zoo.train import token_stream, train


@dataclass(frozen=True)
class Run:
    """A unit of work: a base model trained from a new seed, and its checkpoints."""

    family: Family
    number: int
    """Of the seed, from 1."""
    zoo: ZooSettings
    steps: int
    origins: tuple[int, ...]
    pool: Pool
    texts: pd.DataFrame
    rule: Rule


@dataclass(frozen=True)
class Checkpoint:
    """A model at one step of its training."""

    weights: Values
    """All weights, one axis."""
    scores: Scores


def lags(origin: int, steps: int) -> list[int]:
    """Return 1, 2, 4, ... as long as origin + lag is at most `steps`."""
    return [2**i for i in range((steps - origin).bit_length())]


def trained(run: Run) -> pd.DataFrame:
    """Return the distances between the checkpoints of a run, with the columns of TRAJECTORIES."""
    checkpoints = _checkpoints(run)
    rows = []
    for origin in run.origins:
        for lag in lags(origin, run.steps):
            found = _distances(run, checkpoints[origin], checkpoints[origin + lag])
            rows.append({"origin": origin, "lag": lag, **found})
    return pd.DataFrame(rows).assign(family=run.family.name, run=run.number)


def _checkpoints(run: Run) -> dict[int, Checkpoint]:
    """Train the model, and return its checkpoints by step."""
    zoo = run.zoo
    # ZooSettings requires these wherever there are families.
    assert zoo.shape is not None
    assert zoo.training is not None
    documents = [text for texts in run.pool.values() for text in texts]
    recipe = zoo.tokenizers[run.family.tokenizer]
    tokenizer = train_tokenizer(documents, recipe, zoo.shape.max_length)
    names = ("trajectories", run.family.name, str(run.number))
    seed = named_seed(zoo.seed, *names, "weights")
    model = untrained_model(run.family.architecture, zoo.shape, len(tokenizer), seed)
    scorer = TextScorer(tokenizer, run.texts, run.rule, maximum_length(model.config, None))
    wanted = {origin + lag for origin in run.origins for lag in (0, *lags(origin, run.steps))}
    found: dict[int, Checkpoint] = {}

    def keep(step: int) -> None:
        if step in wanted:
            weights = [one.detach().double().numpy().ravel() for one in model.parameters()]
            found[step] = Checkpoint(np.concatenate(weights), scorer.scores(model))

    keep(0)
    rng = named_rng(zoo.seed, *names, "batches")
    training = zoo.training.model_copy(update={"steps": run.steps})
    train(model, token_stream(tokenizer, documents, rng), training, rng, keep)
    return found


def _distances(run: Run, one: Checkpoint, other: Checkpoint) -> dict[str, float]:
    """Return the three distances of two checkpoints by the names of their columns."""
    _, n_bytes = first_and_bytes(run.texts)
    # The squared distance of centred rows is N times the variance of their difference. They are not
    # clipped as in the pipeline: all of a barely trained model would be below the threshold.
    difference = one.scores.loglik_nats - other.scores.loglik_nats
    squared = np.array(len(run.texts) * difference.var())
    papers = bits_per_byte(nats_per_text(squared, len(run.texts)), run.texts["n_bytes"].mean())
    mixture = mixture_kl(one.scores.segments_nats[None], other.scores.segments_nats[None], n_bytes)
    return {
        "squared_weight_distance": float(np.square(one.weights - other.weights).sum()),
        "kl_papers_bits_per_byte": float(papers),
        "kl_bits_per_byte": float(mixture[0, 0]),
    }
