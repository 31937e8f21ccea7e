"""Refusal of interpolations with a resolver, such as ${oc.env:...}, outside hardware settings."""

import re
from collections.abc import Iterator
from pathlib import Path

from modelmap.models.roster import LISTS
from modelmap.plumbing.errors import UserError, listed
from modelmap.plumbing.files import read_yaml

OF_THIS_MACHINE = ("conf/hardware.yaml", "conf/hardware/", "conf/local/")


def check_files(root: Path) -> None:
    """Raise UserError that names the file in which the YAML is wrong, or a resolver is used."""
    # Hydra's reader expands aliases without limit and does not name the file of a wrong value.
    for path in [root / "params.yaml", *sorted((root / "conf").rglob("*.yaml"))]:
        if path.parent != root / LISTS:
            name = path.relative_to(root).as_posix()
            content = read_yaml(path, name)
            if not name.startswith(OF_THIS_MACHINE):
                check_resolvers(content, name)


def check_resolvers(content: object, name: str) -> None:
    """Raise UserError that lists the keys whose value is an interpolation with a resolver.

    What is composed here is written into files that are committed, and a resolver could bring the
    value of an environment variable into them, such as a token.
    """
    keys = [key for key, text in _texts(content, "") if _has_resolver(text)]
    if keys:
        raise UserError(
            f"{name}: {listed(keys)}: only conf/hardware and conf/local may use a resolver, such "
            "as ${oc.env:...}; write the value itself"
        )


def _texts(content: object, key: str) -> Iterator[tuple[str, str]]:
    """Yield each text of nested dicts and lists, and each of their keys, with its dotted key."""
    if isinstance(content, str):
        yield key, content
    elif isinstance(content, dict | list):
        items = content.items() if isinstance(content, dict) else enumerate(content)
        for name, value in items:
            inner = f"{key}.{name}" if key else str(name)
            yield inner, str(name)
            yield from _texts(value, inner)


def _has_resolver(text: str) -> bool:
    """Return whether a colon stands inside the braces of an interpolation."""
    # The name of a resolver may itself be an interpolation: ${${name}:argument}.
    depth = 0
    for part in re.findall(r"\$\{|\}|:", text):
        if part == "${":
            depth += 1
        elif part == "}":
            depth = max(0, depth - 1)
        elif depth:
            return True
    return False
