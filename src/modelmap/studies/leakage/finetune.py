"""Fine-tunes of a base model of the zoo, with and without leaked texts, and their scores."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from modelmap.models.load import load_model, load_tokenizer, maximum_length
from modelmap.models.spec import ModelSpec
from modelmap.plumbing.seeds import named_rng
from modelmap.score.rule import Rule
from modelmap.studies.made_models.scores import Scores, TextScorer
from modelmap.zoo.settings import Training
from modelmap.zoo.train import token_stream, train


@dataclass(frozen=True)
class Arm:
    """A unit of work: one fine-tune, which is scored after several numbers of steps."""

    spec: ModelSpec
    """Of the base model."""
    directory: Path
    """Of the base model."""
    number: int
    """Of the seed, from 1."""
    name: str
    """leaked or honest."""
    documents: tuple[str, ...]
    """The texts that the model is fine-tuned on."""
    training: Training
    steps: tuple[int, ...]
    """After which the model is scored."""
    texts: pd.DataFrame
    rule: Rule
    seed: int


def finetuned(arm: Arm) -> dict[int, Scores]:
    """Return the scores of the texts by the number of steps of fine-tuning."""
    model = load_model(arm.directory, arm.spec, "cpu")
    tokenizer = load_tokenizer(arm.directory, arm.spec)
    limit = maximum_length(model.config, arm.spec.max_length)
    scorer = TextScorer(tokenizer, arm.texts, arm.rule, limit)
    rng = named_rng(arm.seed, "leakage", arm.spec.name, str(arm.number), arm.name)
    found: dict[int, Scores] = {}

    def score(step: int) -> None:
        if step in arm.steps:
            found[step] = scorer.scores(model)

    train(model, token_stream(tokenizer, arm.documents, rng), arm.training, rng, score)
    return found
