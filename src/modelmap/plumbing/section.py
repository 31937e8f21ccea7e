"""Sections of resolved.yaml: the base class of their schemas, and a function that reads one."""

from typing import TypeVar

from pydantic import BaseModel, ConfigDict

from modelmap.plumbing.errors import UserError
from modelmap.plumbing.files import checked, read_yaml
from modelmap.plumbing.layout import Layout

M = TypeVar("M", bound=BaseModel)


class Section(BaseModel):
    """The base class of settings: immutable, and unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def read_section(layout: Layout, key: str, schema: type[M]) -> M:
    """Return the section `key` of resolved.yaml as an instance of `schema`.

    Raises UserError if it is missing, or with all keys that do not fit.
    """
    content = read_yaml(layout.resolved)
    if key not in content:
        raise UserError(f"resolved.yaml has no section {key}: run `dvc repro resolve`")
    return checked(schema, content[key], f"resolved.yaml {key}")
