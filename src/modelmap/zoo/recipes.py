"""The models a zoo holds, by name: what each is made of."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from modelmap.zoo.settings import Family, ZooSettings

Kind = Literal["base", "checkpoint", "finetune", "merge", "quantised"]


@dataclass(frozen=True)
class Recipe:
    """One model of the zoo.

    `detail` is the step of a checkpoint, the category of a fine-tune, the two categories of a
    merge joined by a plus sign, the bits of a quantised copy, and empty for a base.
    """

    name: str
    family: str
    kind: Kind
    parent: str | None
    detail: str = ""


def family_recipes(family: Family, zoo: ZooSettings) -> Iterator[Recipe]:
    """Yield the base of a family and its descendants, each after what it is made from."""
    base, below = family.name, zoo.descendants
    yield Recipe(base, base, "base", None)
    for step in below.checkpoints:
        yield Recipe(f"{base}-step{step}", base, "checkpoint", base, str(step))
    for category in below.finetunes:
        yield Recipe(f"{base}-{category}", base, "finetune", base, category)
    for first, second in below.merges:
        yield Recipe(f"{base}-{first}-{second}", base, "merge", base, f"{first}+{second}")
    for bits in below.quantised:
        yield Recipe(f"{base}-{bits}", base, "quantised", base, bits)


def all_recipes(zoo: ZooSettings) -> list[Recipe]:
    """Return every recipe of the zoo, family by family."""
    return [recipe for family in zoo.families for recipe in family_recipes(family, zoo)]
