"""`modelmap verify`: compare the metrics of this machine with the committed ones."""

import subprocess
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from modelmap.plumbing.errors import UserError, listed
from modelmap.plumbing.files import checked, json_object, read_bytes, read_yaml
from modelmap.plumbing.layout import Layout

Tolerance = Annotated[float, Field(gt=0)]


class Tolerances(BaseModel):
    """The content of reports/tolerances.yaml: tolerances by metric.

    The name of a metric may be a pattern with `*`. The widest tolerance that applies is used.
    """

    model_config = ConfigDict(extra="forbid")

    relative: dict[str, Tolerance] = {}
    absolute: dict[str, Tolerance] = {}


def flattened(content: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, Any]]:
    """Yield (name, value) for every value of a metrics file; keys are joined by dots."""
    for key, value in content.items():
        name = f"{prefix}.{key}"
        if isinstance(value, Mapping):
            yield from flattened(value, name)
        else:
            yield name, value


def differences(
    here: Mapping[str, Any], committed: Mapping[str, Any], tolerances: Tolerances
) -> list[str]:
    """Return one message per metric that is missing, new, or outside its tolerance."""
    messages = [f"{name} is missing here" for name in committed if name not in here]
    messages += [f"{name} is not committed" for name in here if name not in committed]
    for name in committed:
        if name in here and not _near(name, here[name], committed[name], tolerances):
            messages.append(f"{name} is {here[name]}, committed {committed[name]}")
    return messages


def _near(name: str, here: Any, committed: Any, tolerances: Tolerances) -> bool:
    if here == committed:
        return True
    if not isinstance(here, int | float) or not isinstance(committed, int | float):
        return False
    absolute = _widest(name, tolerances.absolute)
    relative = _widest(name, tolerances.relative)
    return abs(here - committed) <= max(absolute, relative * abs(committed))


def _widest(name: str, tolerances: Mapping[str, float]) -> float:
    return max((value for key, value in tolerances.items() if fnmatchcase(name, key)), default=0.0)


def run(layout: Layout) -> None:
    """Print the number of metrics that agree. Raises UserError that lists those that do not."""
    name = "reports/tolerances.yaml"
    tolerances = checked(Tolerances, read_yaml(layout.root / name, name), name)
    here: dict[str, Any] = {}
    committed: dict[str, Any] = {}
    for path in sorted((layout.reports / "metrics").glob("*.json")):
        name = path.relative_to(layout.root).as_posix()
        found = json_object(read_bytes(path, f"{name} is missing"), name)
        here.update(flattened(found, path.stem))
        there = json_object(_committed(layout, name), f"committed {name}")
        committed.update(flattened(there, path.stem))
    if not here:
        raise UserError("no metrics in reports/metrics: run `dvc repro` first")
    different = differences(here, committed, tolerances)
    if different:
        raise UserError(f"{len(different)} of {len(here)} metrics differ: {listed(different, 20)}")
    print(f"all {len(here)} metrics agree with the committed ones")


def _committed(layout: Layout, name: str) -> bytes:
    done = subprocess.run(
        ["git", "show", f"HEAD:{name}"],
        cwd=layout.root,
        capture_output=True,
        check=False,
    )
    if done.returncode:
        raise UserError(f"{name} is not committed: nothing to compare with")
    return done.stdout
