"""Groups of models that share a tokenizer, whose divergences are simulated together.

Only such models give probabilities to the same token sequences.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from modelmap.models.spec import ModelSpec
from modelmap.plumbing.errors import UserError
from modelmap.studies.kl_truth.comparison import spread_by_length
from modelmap.zoo.settings import ZooSettings


@dataclass(frozen=True)
class Group:
    """The models of one tokenizer, and texts of the project in order of length, shortest first."""

    tokenizer: str
    specs: tuple[ModelSpec, ...]
    texts: tuple[str, ...]
    n_tokens: tuple[int, ...]
    """Numbers of scored tokens of the texts, which the texts drawn from the models have as well."""


def by_tokenizer(models: Iterable[ModelSpec], zoo: ZooSettings) -> dict[str, list[ModelSpec]]:
    """Return the models of the zoo by tokenizer, for tokenizers that at least two of them share.

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
            "kl_truth needs two models of the zoo that share a tokenizer: "
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
    """Return the group of a tokenizer, with `n_texts` of the texts spread over their lengths.

    `n_tokens` are the numbers of scored tokens of all `texts`.
    """
    positions = spread_by_length(n_tokens, n_texts)
    chosen = tuple(texts[i] for i in positions)
    return Group(tokenizer, tuple(specs), chosen, tuple(int(n_tokens[i]) for i in positions))
