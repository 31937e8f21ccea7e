"""The models an experiment scores, expanded from a short roster."""

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, RootModel, model_validator

from modelmap.models.spec import DTYPES, LONGEST_NAME, NAME, UNKNOWN_DTYPE, Pins
from modelmap.plumbing.errors import UserError, listed
from modelmap.plumbing.files import LARGEST_YAML_BYTES, checked, parse_yaml, read_bytes, read_yaml
from modelmap.zoo.recipes import all_recipes
from modelmap.zoo.settings import ZooSettings

LISTS = Path("conf") / "lists"
# What an entry of a listed model has unless `each` or the entry itself says otherwise: the dtype is
# that of the ACL paper (2025).
LISTED = {"source": "hub", "kind": "base", "dtype": "float16"}
# The columns of the table of models that an entry has, too.
OF_TABLE = ("family", "parent", "kind", "created")


class Roster(BaseModel):
    """The section `roster` of the composed configuration: the zoo, or not, and other models."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    zoo: bool = False
    imported: bool = False
    """Whether the models that `modelmap import` brought are among them."""
    list: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")] | None = None
    """A file in conf/lists: a plain YAML list of hub ids."""
    each: dict[str, object] = {}
    """Keys of every listed model's entry; what `models` says of it goes before."""
    models: dict[str, dict[str, object]] = {}

    @model_validator(mode="after")
    def _each_has_a_list(self) -> "Roster":
        if self.each and self.list is None:
            raise ValueError("each holds keys for the models of a list: name the list")
        return self


class Ids(RootModel[list[Annotated[str, Field(pattern=NAME, max_length=LONGEST_NAME)]]]):
    """The content of a file in conf/lists."""


def read_pins(path: Path) -> dict[str, str]:
    """Return each pinned hub model's commit. Raises UserError that lists what is no commit."""
    return checked(Pins, read_yaml(path) if path.exists() else {}, "conf/pins.yaml").root


def read_ids(path: Path, name: str) -> list[str]:
    """Return the hub ids of a plain YAML list. Raises UserError that lists the wrong ones."""
    missing = f"{name} is missing: put the list of hub ids there"
    content = parse_yaml(read_bytes(path, missing, LARGEST_YAML_BYTES), name)
    ids = checked(Ids, content, name).root
    doubled = sorted({one for one in ids if ids.count(one) > 1})
    if doubled:
        raise UserError(f"{name} names models twice: {listed(doubled)}")
    return ids


def with_listed(content: object, root: Path) -> dict[str, Any]:
    """Return the section `roster` with an entry in `models` for every model of its list, first.

    Raises UserError if the section or the list does not fit.
    """
    roster = checked(Roster, content, "conf/models")
    if roster.list is None:
        return roster.model_dump()
    path = LISTS / roster.list
    entries = {
        one: {**LISTED, "family": default_family(one), **roster.each, **roster.models.get(one, {})}
        for one in read_ids(root / path, path.as_posix())
    }
    others = {name: entry for name, entry in roster.models.items() if name not in entries}
    shared = {"zoo": roster.zoo, "imported": roster.imported}
    return {**shared, "models": {**entries, **others}}


def default_family(hub_id: str) -> str:
    """Return the first word of a hub model's name, in lower case: yi for 01-ai/Yi-1.5-6B."""
    name = hub_id.rpartition("/")[2]
    return next((word for word in re.split(r"[-_.]", name) if word), name).lower()


def imported_entries(models: Iterable[Mapping[str, Any]]) -> Iterator[dict[str, object]]:
    """Yield the keys of a ModelSpec for each row of an imported table of models."""
    for row in models:
        yield {
            "name": row["model"],
            "source": "imported",
            "location": row["model"],
            "dtype": row["dtype"] if row["dtype"] in DTYPES else UNKNOWN_DTYPE,
            # A missing value of a table is NaN, which is not a text.
            **{key: row[key] for key in OF_TABLE if isinstance(row[key], str)},
        }


def roster_models(
    roster: Roster,
    zoo: ZooSettings,
    pins: dict[str, str],
    imported: Iterable[Mapping[str, Any]] = (),
) -> list[dict[str, object]]:
    """Return every model of a roster as the keys of a ModelSpec: the zoo's, imported, then others.

    A hub model takes its revision from `pins` unless its entry has one, or lets code run: then
    somebody has read that commit, and says so there.
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
    if roster.imported:
        made += imported_entries(imported)
    for name, entry in roster.models.items():
        full = {"name": name, "location": name, **entry}
        if is_pinned(entry):
            full.setdefault("revision", pins.get(str(full["location"])))
        made.append(full)
    return made


def is_pinned(entry: dict[str, object]) -> bool:
    """Return whether an entry's revision comes from conf/pins.yaml."""
    own = "revision" in entry or entry.get("trust_remote_code")
    return entry.get("source") == "hub" and not own
