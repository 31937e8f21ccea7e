"""The data dictionary says what the schemas say."""

from importlib import import_module

import pandera.pandas as pa
from helpers import ROOT

from modelmap.review.dictionary import FILES, render


def test_the_committed_dictionary_is_the_rendered_one() -> None:
    """After a change of a schema, `python -m modelmap.review.dictionary` writes it anew."""
    committed = ROOT / "data" / "README.md"
    assert committed.read_text(encoding="utf-8") == render()


def test_every_schema_is_in_the_dictionary_with_every_column_described() -> None:
    """No table and no column goes without a word."""
    source = ROOT / "src"
    files = [path for path in source.rglob("tables.py") if path.parent.name != "plumbing"]
    names = [".".join(path.relative_to(source).with_suffix("").parts) for path in files]
    values = [value for name in names for value in vars(import_module(name)).values()]
    schemas = {id(value) for value in values if isinstance(value, pa.DataFrameSchema)}
    assert schemas == {id(schema) for schema in FILES.values()}
    for schema in FILES.values():
        assert all(column.description for column in schema.columns.values())
