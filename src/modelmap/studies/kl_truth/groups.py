"""The models whose divergences are simulated together: those that share a tokenizer."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from modelmap.models.spec import ModelSpec
from modelmap.plumbing.errors import UserError
from modelmap.studies.kl_truth.comparison import spread_by_length
from modelmap.zoo.settings import ZooSettings


@dataclass(frozen=True)
class Group:
    """The models of one tokenizer, and texts of the project, shortest first.

    n_tokens are the texts' scored tokens: the lengths of the texts that models are to draw.
    """

    tokenizer: str
    specs: tuple[ModelSpec, ...]
    texts: tuple[str, ...]
    n_tokens: tuple[int, ...]


def by_tokenizer(models: Iterable[ModelSpec], zoo: ZooSettings) -> dict[str, list[ModelSpec]]:
    """Return the models trained here by tokenizer, of tokenizers that two or more of them share.

    Raises UserError if there is no such tokenizer.
    """
    tokenizer_of = {family.name: family.tokenizer for family in zoo.families}
    tokenizers: dict[str, list[ModelSpec]] = {}
    for spec in models:
        if spec.source == "zoo":
            tokenizers.setdefault(tokenizer_of[spec.family], []).append(spec)
    shared = {name: specs for name, specs in tokenizers.items() if len(specs) > 1}
    if not shared:
        raise UserError(
            "kl_truth needs two models of one tokenizer that are trained here: "
            "choose an experiment with a zoo in params.yaml"
        )
    return shared


def group_of(
    tokenizer: str,
    specs: Sequence[ModelSpec],
    texts: Sequence[str],
    n_tokens: Sequence[int],
    n_texts: int,
) -> Group:
    """Return the group of a tokenizer, with `n_texts` of the texts, spread over their lengths."""
    places = spread_by_length(n_tokens, n_texts)
    chosen = tuple(texts[place] for place in places)
    return Group(tokenizer, tuple(specs), chosen, tuple(int(n_tokens[p]) for p in places))
