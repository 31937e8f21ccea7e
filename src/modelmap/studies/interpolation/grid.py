"""Models whose weights are mixtures of a base model and two fine-tunes of it, and their scores."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from modelmap.models.load import load_model, load_tokenizer, maximum_length
from modelmap.models.packed import pack_where_faster
from modelmap.models.spec import ModelSpec
from modelmap.score.rule import Rule
from modelmap.studies.made_models.scores import Scores, TextScorer
from modelmap.zoo.recipes import CHANGED

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel

Tensors = Mapping[str, "torch.Tensor"]


@dataclass(frozen=True)
class Point:
    """A unit of work: the model (1 - a - b) base + a first + b second, to be scored."""

    base: Path
    """The directory of the base model."""
    finetunes: tuple[Path, Path]
    """The folders of the tensors in which the fine-tunes differ from it."""
    spec: ModelSpec
    """Of the base model."""
    texts: pd.DataFrame
    rule: Rule
    a: float
    b: float


def mixed(base: Tensors, first: Tensors, second: Tensors, a: float, b: float) -> Tensors:
    """Return (1 - a - b) base + a first + b second, for the tensors that `first` has.

    `second` has the same tensors, and `base` has them too.
    """
    return {
        name: (1 - a - b) * base[name] + a * tensor + b * second[name]
        for name, tensor in first.items()
    }


@lru_cache(maxsize=1)
def _loaded(
    base: Path, finetunes: tuple[Path, Path], spec: ModelSpec
) -> "tuple[PreTrainedModel, Tensors, Tensors, Tensors]":
    """Return the base model and the three corners' tensors, which a worker keeps."""
    from safetensors.torch import load_file

    model = load_model(base, spec, "cpu")
    first, second = (load_file(folder / CHANGED) for folder in finetunes)
    state = model.state_dict()
    return model, {name: state[name].clone() for name in first}, first, second


def scored(point: Point) -> Scores:
    """Return the scores of the texts under one model of the grid."""
    model, *corners = _loaded(point.base, point.finetunes, point.spec)
    model.load_state_dict(mixed(corners[0], corners[1], corners[2], point.a, point.b), strict=False)
    # Packed weights are copies, and have to be made again when weights have changed.
    pack_where_faster(model)
    tokenizer = load_tokenizer(point.base, point.spec)
    limit = maximum_length(model.config, point.spec.max_length)
    return TextScorer(tokenizer, point.texts, point.rule, limit).scores(model)
