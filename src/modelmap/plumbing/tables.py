"""Reading and writing tables, each checked by its schema."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd
import pandera.pandas as pa
import pyarrow
import pyarrow.parquet as pq
from pandera.errors import SchemaErrors

from modelmap.plumbing.errors import UserError, listed
from modelmap.plumbing.files import write_atomically, write_text

# A few bytes may say the same value any number of times. Ten times the papers' matrix.
MOST_CELLS = 100_000_000


def check_table(frame: pd.DataFrame, schema: pa.DataFrameSchema, name: str) -> pd.DataFrame:
    """Return `frame` if it fits `schema`. Raises UserError that names the columns and rows."""
    try:
        checked: pd.DataFrame = schema.validate(frame, lazy=True)
    except SchemaErrors as error:
        cases = error.failure_cases
        problems = [
            f"{row.column or 'table'}: {row.check}"
            + (f" fails at row {row.index}" if pd.notna(row.index) else f" ({row.failure_case})")
            for row in cases.itertuples()
        ]
        raise UserError(f"{name} does not fit its schema: {listed(problems)}") from error
    return checked


def empty_table(schema: pa.DataFrameSchema) -> pd.DataFrame:
    """Return a table of a schema without rows: what a skipped stage writes."""
    columns = {name: str(column.dtype) for name, column in schema.columns.items()}
    return pd.DataFrame(columns=list(columns)).astype(columns)


def write_table(
    frame: pd.DataFrame,
    schema: pa.DataFrameSchema,
    path: Path,
    metadata: Mapping[str, str] | None = None,
) -> None:
    """Write a checked table as parquet, whole or not at all, with `metadata` in its schema."""
    write_parquet(check_table(frame, schema, path.name), path, metadata)


def write_parquet(frame: pd.DataFrame, path: Path, metadata: Mapping[str, str] | None) -> None:
    """Write a frame as parquet, whole or not at all; same frame, same bytes."""
    table = pyarrow.Table.from_pandas(frame, preserve_index=False)
    table = table.replace_schema_metadata({**(table.schema.metadata or {}), **(metadata or {})})
    options = {"compression": "zstd", "write_page_checksum": True}
    write_atomically(path, lambda part: pq.write_table(table, part, **options))


def read_table(path: Path, schema: pa.DataFrameSchema) -> pd.DataFrame:
    """Return a checked table. Raises UserError if it is missing, torn or of another schema."""
    frame, _ = read_parquet(path)
    return check_table(frame, schema, path.name)


def read_parquet(path: Path) -> tuple[pd.DataFrame, dict[str, str]]:
    """Return a parquet file's frame and metadata. Raises UserError if it cannot be read."""
    try:
        _check_size(path)
        table = pq.read_table(path, page_checksum_verification=True)
        metadata = table.schema.metadata or {}
        named = {k.decode(): v.decode() for k, v in metadata.items() if k != b"pandas"}
        return table.to_pandas(ignore_metadata=True), named
    except FileNotFoundError as error:
        raise UserError(
            f"{path.name} is missing: run `dvc repro`, or `dvc pull {path.name}`"
        ) from error
    except (pyarrow.ArrowException, OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(
            f"{path.name} is cut short or damaged: run `modelmap cache`, then `dvc repro`"
        ) from error


def _check_size(path: Path) -> None:
    about = pq.read_metadata(path)
    if about.num_rows * about.num_columns > MOST_CELLS:
        raise UserError(
            f"{path.name} says it holds {about.num_rows} rows, more than is read: "
            "run `dvc repro` again"
        )


def write_csv(frame: pd.DataFrame, schema: pa.DataFrameSchema, path: Path) -> None:
    """Write a checked table as CSV with 4 significant digits, whole or not at all."""
    text = check_table(frame, schema, path.name).to_csv(index=False, float_format="%.4g")
    write_text(path, text)


def read_csv(path: Path, schema: pa.DataFrameSchema) -> pd.DataFrame:
    """Return a checked table of CSV. Raises UserError if it is missing or of another schema."""
    frame = read_unchecked_csv(path)
    kinds = {name: str(column.dtype) for name, column in schema.columns.items() if name in frame}
    try:
        typed = frame.astype(kinds)
    except (ValueError, TypeError) as error:
        raise UserError(f"{path.name} does not fit its schema: {error}") from error
    return check_table(typed, schema, path.name)


def read_unchecked_csv(path: Path) -> pd.DataFrame:
    """Return a CSV file's frame with the types that pandas finds, checked by no schema.

    Raises UserError if it is missing or no table.
    """
    try:
        return pd.read_csv(path)
    except FileNotFoundError as error:
        raise UserError(f"{path.name} is missing: run `dvc repro`, or `make studies`") from error
    except (ValueError, OSError) as error:
        raise UserError(f"{path.name} is no CSV table: run `dvc repro` again") from error
