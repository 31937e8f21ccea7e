"""The models an experiment scores, expanded from a short roster."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict

from modelmap.files import checked, read_yaml
from modelmap.models.spec import Pins
from modelmap.zoo.recipes import all_recipes
from modelmap.zoo.settings import Zoo


class Roster(BaseModel):
    """The section `roster` of the composed configuration: the zoo, or not, and other models."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    zoo: bool = False
    models: dict[str, dict[str, object]] = {}


def read_pins(path: Path) -> dict[str, str]:
    """Return each pinned hub model's commit. Raises UserError that lists what is no commit."""
    return checked(Pins, read_yaml(path) if path.exists() else {}, "conf/pins.yaml").root


def roster_models(roster: Roster, zoo: Zoo, pins: dict[str, str]) -> list[dict[str, object]]:
    """Return every model of a roster as the keys of a ModelSpec: the zoo's first, then the others.

    A hub model takes its revision from `pins` unless its entry has one.
    """
    made: list[dict[str, object]] = [
        {
            "name": recipe.name,
            "source": "zoo",
            "location": recipe.name,
            "family": recipe.family,
            "parent": recipe.parent,
            "kind": recipe.kind,
        }
        for recipe in (all_recipes(zoo) if roster.zoo else [])
    ]
    for name, entry in roster.models.items():
        full = {"name": name, "location": name, **entry}
        if full.get("source") == "hub":
            full.setdefault("revision", pins.get(str(full["location"])))
        made.append(full)
    return made
