"""The data dictionary says what the schemas say."""

from pathlib import Path

import pandera.pandas as pa

from modelmap.dictionary import FILES, render
from modelmap.schemas import maps, prediction, published, resampling, scoring, studies


def test_the_committed_dictionary_is_the_rendered_one() -> None:
    """After a change of a schema, `python -m modelmap.dictionary` writes it anew."""
    committed = Path(__file__).parents[1] / "data" / "README.md"
    assert committed.read_text(encoding="utf-8") == render()


def test_every_schema_is_in_the_dictionary_with_every_column_described() -> None:
    """No table and no column goes without a word."""
    modules = (scoring, maps, resampling, prediction, published, studies)
    values = [value for module in modules for value in vars(module).values()]
    schemas = {id(value) for value in values if isinstance(value, pa.DataFrameSchema)}
    assert schemas == {id(schema) for schema in FILES.values()}
    for schema in FILES.values():
        assert all(column.description for column in schema.columns.values())
