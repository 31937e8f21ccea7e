"""The models of the zoo: their names, and what each is made from."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from modelmap.zoo.settings import Family, PretrainedFamily, ZooSettings

RECIPE = "recipe.json"
"""The file beside each model that says what it is made from."""
CHANGED = "changed.safetensors"
"""The file of the tensors in which a fine-tune or merge differs from a pretrained model."""
Kind = Literal["base", "checkpoint", "finetune", "merge", "quantised", "layers"]


@dataclass(frozen=True)
class Recipe:
    """One model of the zoo."""

    name: str
    family: str
    kind: Kind
    parent: str | None
    """The name of the base model; None for a base model."""
    detail: str = ""
    """The training step of a checkpoint, the category of a fine-tune, the two categories of a merge
    joined by a plus sign, the bits of a quantised copy, the number of layers that are kept, and for
    a base model nothing."""


def family_recipes(family: Family, zoo: ZooSettings) -> Iterator[Recipe]:
    """Yield the base model of a family and its descendants, each after those it is made from."""
    base, descendants = family.name, zoo.descendants
    yield Recipe(base, base, "base", None)
    for step in descendants.checkpoints:
        yield Recipe(f"{base}-step{step}", base, "checkpoint", base, str(step))
    for category in descendants.finetunes:
        yield Recipe(f"{base}-{category}", base, "finetune", base, category)
    for first, second in descendants.merges:
        yield Recipe(f"{base}-{first}-{second}", base, "merge", base, f"{first}+{second}")
    for bits in descendants.quantised:
        yield Recipe(f"{base}-{bits}", base, "quantised", base, bits)


def pretrained_recipes(pretrained: PretrainedFamily) -> Iterator[Recipe]:
    """Yield the descendants of a pretrained model, each after those it is made from."""
    base, family = pretrained.base.name, pretrained.base.family
    # Of a hub id the part after the slash, because names are names of directories.
    prefix = base.rpartition("/")[2]
    for category in pretrained.finetunes:
        yield Recipe(f"{prefix}-{category}", family, "finetune", base, category)
    for first, second in pretrained.merges:
        name = f"{prefix}-{first}-{second}"
        yield Recipe(name, family, "merge", base, f"{first}+{second}")
    for bits in pretrained.quantised:
        yield Recipe(f"{prefix}-{bits}", family, "quantised", base, bits)
    for count in pretrained.layers:
        yield Recipe(f"{prefix}-layers{count}", family, "layers", base, str(count))


def all_recipes(zoo: ZooSettings) -> list[Recipe]:
    """Return the recipes of all families that are trained here, one family after the other."""
    return [recipe for family in zoo.families for recipe in family_recipes(family, zoo)]
