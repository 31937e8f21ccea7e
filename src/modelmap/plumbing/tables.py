"""Reading and writing tables, which are checked by their schemas."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd
import pandera.pandas as pa
import pyarrow
import pyarrow.parquet as pq
from pandera.errors import SchemaErrors

from modelmap.plumbing.errors import UserError, listed
from modelmap.plumbing.files import write_atomically, write_text

# Run-length encoding lets a tiny file expand without limit, so the number of cells is capped. The
# limit is ten times the size of the papers' matrix.
MAX_CELLS = 100_000_000


def check_table(frame: pd.DataFrame, schema: pa.DataFrameSchema, name: str) -> pd.DataFrame:
    """Return `frame` if it fits `schema`.

    Raises UserError that begins with `name` and lists the columns and rows that do not fit.
    """
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
    """Return a table of a schema without rows, which a stage writes if it is skipped."""
    columns = {name: str(column.dtype) for name, column in schema.columns.items()}
    return pd.DataFrame(columns=list(columns)).astype(columns)


def write_table(
    frame: pd.DataFrame,
    schema: pa.DataFrameSchema,
    path: Path,
    metadata: Mapping[str, str] | None = None,
) -> None:
    """Check a table and write it as parquet, with `metadata` in the metadata of the file.

    An earlier file is replaced only by a complete one. Raises UserError if the table does not fit.
    """
    write_parquet(check_table(frame, schema, path.name), path, metadata)


def write_parquet(frame: pd.DataFrame, path: Path, metadata: Mapping[str, str] | None) -> None:
    """Write a frame as parquet; an earlier file is replaced only by a complete one.

    Equal frames and metadata give equal bytes.
    """
    table = pyarrow.Table.from_pandas(frame, preserve_index=False)
    table = table.replace_schema_metadata({**(table.schema.metadata or {}), **(metadata or {})})
    options = {"compression": "zstd", "write_page_checksum": True}
    write_atomically(path, lambda part: pq.write_table(table, part, **options))


def read_table(path: Path, schema: pa.DataFrameSchema) -> pd.DataFrame:
    """Return the table of a parquet file, checked by `schema`.

    Raises UserError if the file is missing or damaged, or if the table does not fit.
    """
    frame, _ = read_parquet(path)
    return check_table(frame, schema, path.name)


def read_parquet(path: Path) -> tuple[pd.DataFrame, dict[str, str]]:
    """Return the frame and metadata of a parquet file. Raises UserError if it cannot be read."""
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
    header = pq.read_metadata(path)
    if header.num_rows * header.num_columns > MAX_CELLS:
        raise UserError(
            f"{path.name} has {header.num_rows} rows by its own count, more than can be read: "
            "run `dvc repro` again"
        )


def write_csv(frame: pd.DataFrame, schema: pa.DataFrameSchema, path: Path) -> None:
    """Check a table and write it as CSV with 4 significant digits.

    An earlier file is replaced only by a complete one. Raises UserError if the table does not fit.
    """
    text = check_table(frame, schema, path.name).to_csv(index=False, float_format="%.4g")
    write_text(path, text)


def read_csv(path: Path, schema: pa.DataFrameSchema) -> pd.DataFrame:
    """Return the table of a CSV file, checked by `schema`.

    Raises UserError if the file is missing or not a CSV table, or if the table does not fit.
    """
    frame = read_unchecked_csv(path)
    kinds = {name: str(column.dtype) for name, column in schema.columns.items() if name in frame}
    try:
        typed = frame.astype(kinds)
    except (ValueError, TypeError) as error:
        raise UserError(f"{path.name} does not fit its schema: {error}") from error
    return check_table(typed, schema, path.name)


def read_unchecked_csv(path: Path) -> pd.DataFrame:
    """Return the frame of a CSV file, with the types that pandas infers and without a schema.

    Raises UserError if the file is missing or not a CSV table.
    """
    try:
        return pd.read_csv(path)
    except FileNotFoundError as error:
        raise UserError(f"{path.name} is missing: run `dvc repro`, or `make studies`") from error
    except (ValueError, OSError) as error:
        raise UserError(f"{path.name} is not a CSV table: run `dvc repro` again") from error
