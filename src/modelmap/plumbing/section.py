"""Sections of resolved.yaml: their base class, and reading one."""

from typing import TypeVar

from pydantic import BaseModel, ConfigDict

from modelmap.plumbing.errors import UserError
from modelmap.plumbing.files import checked, read_yaml
from modelmap.plumbing.layout import Layout

M = TypeVar("M", bound=BaseModel)


class Section(BaseModel):
    """A section of settings: it cannot be changed, and an unknown key in it is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def read_section(layout: Layout, key: str, schema: type[M]) -> M:
    """Return a section as its schema. Raises UserError if it is missing or does not fit."""
    content = read_yaml(layout.resolved)
    if key not in content:
        raise UserError(f"resolved.yaml has no section {key}: run `dvc repro resolve`")
    return checked(schema, content[key], f"resolved.yaml {key}")
