"""Reading one section of resolved.yaml."""

from typing import TypeVar

from pydantic import BaseModel

from modelmap.errors import UserError
from modelmap.files import checked, read_yaml
from modelmap.layout import Layout

M = TypeVar("M", bound=BaseModel)


def read_section(layout: Layout, key: str, schema: type[M]) -> M:
    """Return a section as its schema. Raises UserError if it is missing or does not fit."""
    content = read_yaml(layout.resolved)
    if key not in content:
        raise UserError(f"resolved.yaml has no section {key}: run `dvc repro resolve`")
    return checked(schema, content[key], f"resolved.yaml {key}")
