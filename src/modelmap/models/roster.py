"""Expansion of the section `roster` into the entries of all models of an experiment."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, RootModel, model_validator

from modelmap.models.spec import DTYPES, LONGEST_NAME, NAME, UNKNOWN_DTYPE, Pins
from modelmap.plumbing.errors import UserError, listed
from modelmap.plumbing.files import MAX_YAML_BYTES, checked, parse_yaml, read_bytes, read_yaml
from modelmap.zoo.recipes import Recipe, all_recipes, pretrained_recipes
from modelmap.zoo.settings import ZooSettings

LISTS = Path("conf") / "lists"
# Defaults of models from a list, which `each` and the model's own entry override. The dtype is that
# of Oyama et al. 2025 (ACL).
LISTED_DEFAULTS = {"source": "hub", "kind": "base", "dtype": "float16"}
# Columns of an imported table of models that are copied to the entries.
COPIED_COLUMNS = ("family", "parent", "kind", "created")


class Roster(BaseModel):
    """The section `roster` of the composed configuration: which models the experiment has."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    zoo: bool = False
    """Whether the models of the zoo are included."""
    imported: bool = False
    """Whether the models that `modelmap import` imported are included."""
    list: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")] | None = None
    """The name of a file in conf/lists: a YAML list of hub ids."""
    each: dict[str, object] = {}
    """Keys of the entry of every listed model; those in `models` override them."""
    models: dict[str, dict[str, object]] = {}
    """Entries by name, of listed and other models. An entry without a source that has the name of a
    model of the zoo holds further keys of that model, such as `texts`."""

    @model_validator(mode="after")
    def _each_has_a_list(self) -> "Roster":
        if self.each and self.list is None:
            raise ValueError("each holds keys for the models of a list: name the list")
        return self


class Ids(RootModel[list[Annotated[str, Field(pattern=NAME, max_length=LONGEST_NAME)]]]):
    """The content of a file in conf/lists."""


def read_pins(path: Path) -> dict[str, str]:
    """Return the commit of each pinned hub model. Raises UserError that lists invalid ones."""
    return checked(Pins, read_yaml(path) if path.exists() else {}, "conf/pins.yaml").root


def read_ids(path: Path, name: str) -> list[str]:
    """Return the hub ids in a YAML list. Raises UserError that lists invalid or repeated ones."""
    missing = f"{name} is missing: put the list of hub ids there"
    content = parse_yaml(read_bytes(path, missing, MAX_YAML_BYTES), name)
    ids = checked(Ids, content, name).root
    repeated = sorted(hub_id for hub_id, count in Counter(ids).items() if count > 1)
    if repeated:
        raise UserError(f"{name} names models twice: {listed(repeated)}")
    return ids


def with_listed(content: object, root: Path) -> dict[str, Any]:
    """Return the section `roster` with an entry for every model of its list.

    The listed models come first, in the order of the list. Raises UserError if the section or the
    list is not valid.
    """
    roster = checked(Roster, content, "conf/models")
    if roster.list is None:
        return roster.model_dump()
    path = LISTS / roster.list
    entries = {
        hub_id: {
            **LISTED_DEFAULTS,
            "family": default_family(hub_id),
            **roster.each,
            **roster.models.get(hub_id, {}),
        }
        for hub_id in read_ids(root / path, path.as_posix())
    }
    others = {name: entry for name, entry in roster.models.items() if name not in entries}
    shared = {key: getattr(roster, key) for key in ("zoo", "imported")}
    return {**shared, "models": {**entries, **others}}


def default_family(hub_id: str) -> str:
    """Return the first word of a hub model's name, in lower case: yi for 01-ai/Yi-1.5-6B."""
    name = hub_id.rpartition("/")[2]
    return next((word for word in re.split(r"[-_.]", name) if word), name).lower()


def imported_entries(models: Iterable[Mapping[str, Any]]) -> Iterator[dict[str, object]]:
    """Yield the fields of a ModelSpec for each row of an imported table of models."""
    for row in models:
        yield {
            "name": row["model"],
            "source": "imported",
            "location": row["model"],
            "dtype": row["dtype"] if row["dtype"] in DTYPES else UNKNOWN_DTYPE,
            # Missing values of a table are NaN, not strings.
            **{key: row[key] for key in COPIED_COLUMNS if isinstance(row[key], str)},
        }


def roster_models(
    roster: Roster,
    zoo: ZooSettings,
    pins: dict[str, str],
    imported: Iterable[Mapping[str, Any]] = (),
) -> list[dict[str, object]]:
    """Return the fields of a ModelSpec for every model of a roster.

    The models of the zoo come first, then the imported ones, then the others. `pins` are the
    commits of hub models, by hub id, and `imported` the rows of an imported table of models.
    """
    entries = list(_zoo_entries(zoo, roster.models)) if roster.zoo else []
    if roster.imported:
        entries += imported_entries(imported)
    known = {entry["name"] for entry in entries}
    entries += [
        _full_entry(name, entry, pins)
        for name, entry in roster.models.items()
        if "source" in entry or name not in known
    ]
    return [_with_base(entry, entries) for entry in entries]


def _zoo_entries(
    zoo: ZooSettings, keys: Mapping[str, dict[str, object]]
) -> Iterator[dict[str, object]]:
    """Yield the entries of the models that are trained here, then of pretrained descendants.

    `keys` has further keys of models by name; entries with a source are of other models.
    """
    descendants = list(pretrained_recipes(zoo.pretrained)) if zoo.pretrained else []
    for recipe in [*all_recipes(zoo), *descendants]:
        base = {"base": recipe.parent} if recipe in descendants else {}
        further = keys.get(recipe.name, {})
        yield {**_zoo_entry(recipe), **base, **({} if "source" in further else further)}


def _zoo_entry(recipe: Recipe) -> dict[str, object]:
    return {
        "name": recipe.name,
        "source": "zoo",
        "location": recipe.name,
        "family": recipe.family,
        "parent": recipe.parent,
        "kind": recipe.kind,
    }


def _full_entry(name: str, entry: dict[str, object], pins: dict[str, str]) -> dict[str, object]:
    """Return the fields of a ModelSpec for an entry of the roster."""
    full = {"name": name, "location": name, **entry}
    if is_pinned(entry):
        full.setdefault("revision", pins.get(str(full["location"])))
    return full


def with_pretrained_base(zoo: Any, roster: Roster, pins: dict[str, str]) -> Any:
    """Return the section `zoo` with the entry of the pretrained model that its `base` names.

    Then the section, and nothing else, says what the zoo is made from. Raises UserError if the
    roster has no such model.
    """
    pretrained = zoo.get("pretrained") if isinstance(zoo, dict) else None
    if not isinstance(pretrained, dict) or "base" not in pretrained:
        return zoo
    name = str(pretrained["base"])
    if name not in roster.models:
        raise UserError(f"zoo.pretrained.base: {name} is no model of the roster; correct conf/zoo")
    base = _as_base(_full_entry(name, roster.models[name], pins))
    return {**zoo, "pretrained": {**pretrained, "base": base}}


def _with_base(entry: dict[str, object], entries: list[dict[str, object]]) -> dict[str, object]:
    """Return an entry, with the entry of the model that its key `base` names in its place."""
    if "base" not in entry:
        return entry
    bases = [each for each in entries if each["name"] == entry["base"]]
    if not bases or "base" in bases[0]:
        problem = "an adapter itself" if bases else "no model of the roster"
        raise UserError(
            f"model {entry['name']}: its base {entry['base']} is {problem}; correct it in "
            "conf/models"
        )
    return {**entry, "base": _as_base(bases[0])}


def _as_base(entry: dict[str, object]) -> dict[str, object]:
    """Return an entry without the number of texts, which the models made from it do not share."""
    return {key: value for key, value in entry.items() if key != "texts"}


def is_pinned(entry: dict[str, object]) -> bool:
    """Return whether an entry's revision comes from conf/pins.yaml."""
    # A model whose code may run needs the revision in its own entry: it says which commit somebody
    # has read, which a pin that a program wrote does not.
    own = "revision" in entry or entry.get("trust_remote_code")
    return entry.get("source") == "hub" and not own
