"""What the report says in sentences: each is about one metric, and is left out if there is none."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Fact:
    """A metric and what it says. In `sentence` the word VALUE stands for the value."""

    file: str
    keys: tuple[str, ...]
    sentence: str
    is_share: bool = False
    """The value is shown in percent."""


FOUND = (
    Fact(
        "divergence.json",
        ("median_kl_within_family",),
        "The median KL divergence of two models of one family is VALUE bits per byte.",
    ),
    Fact(
        "divergence.json",
        ("median_kl_between_families",),
        "The median KL divergence of two models of different families is VALUE bits per byte.",
    ),
    Fact(
        "divergence.json",
        ("nearest_in_family_share",),
        "The nearest model is one of the same family for VALUE of the models.",
        is_share=True,
    ),
    *(
        Fact(
            "divergence.json",
            (f"median_kl_{kind}_bits_per_byte",),
            f"The median KL divergence between a {name} and the model it was made from is VALUE "
            "bits per byte.",
        )
        for kind, name in (
            ("checkpoint", "checkpoint of a training"),
            ("finetune", "fine-tuned model"),
            ("merge", "merge"),
            ("quantised", "quantised model"),
            ("layers", "model with fewer layers"),
        )
    ),
    Fact(
        "matrix.json",
        ("best_bits_per_byte",),
        "The best model needs VALUE bits for a byte of text, on average over all texts.",
    ),
    Fact("matrix.json", ("median_bits_per_byte",), "The median model needs VALUE bits for a byte."),
    Fact(
        "predict.json",
        ("mean_pearson",),
        "What is predicted for families that were left out correlates with the truth by VALUE "
        "(Pearson, mean over targets).",
    ),
)
SURE = (
    Fact(
        "divergence.json",
        ("median_relative_half_width",),
        "An interval of a KL divergence reaches VALUE of the estimate to each side, in the median "
        "pair.",
        is_share=True,
    ),
    Fact(
        "map.json",
        ("nearest_kept_share",),
        "For VALUE of the models the nearest model by KL is also among the nearest ones on the "
        "map.",
        is_share=True,
    ),
    Fact(
        "map.json",
        ("trustworthiness",),
        "The trustworthiness of the map is VALUE; 1 means that no two models are near on the map "
        "only.",
    ),
    Fact(
        "stability.json",
        ("uniform_1N", "displacement_share"),
        "If as many texts are drawn again at random, with replacement, a model moves by VALUE of "
        "the size of the map, on the map of the papers' estimates.",
        is_share=True,
    ),
    Fact(
        "plan.json",
        ("texts_for_relative_error", "5_percent"),
        "VALUE texts are enough to estimate KL divergences with a relative error of 5%.",
    ),
    Fact(
        "plan.json",
        ("texts_for_relative_error", "10_percent"),
        "VALUE texts are enough for a relative error of 10%.",
    ),
)


def sentences(facts: Sequence[Fact], metrics: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Return the sentences of the facts whose metric has a value, in their order."""
    found = ((fact, _value(metrics.get(fact.file, {}), fact.keys)) for fact in facts)
    return [
        fact.sentence.replace("VALUE", f"{value:.1%}" if fact.is_share else f"{value:g}")
        for fact, value in found
        if value is not None
    ]


def _value(content: Any, keys: Sequence[str]) -> float | None:
    for key in keys:
        content = content.get(key) if isinstance(content, Mapping) else None
    return content if isinstance(content, int | float) else None
