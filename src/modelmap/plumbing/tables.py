"""Reading and writing tables, which are checked by their schemas."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import pandas as pd
import pandera.pandas as pa
import pyarrow
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pandera.errors import SchemaErrors

from modelmap.plumbing.errors import UserError, listed
from modelmap.plumbing.files import check_no_conflict, write_atomically, write_text

# Run-length encoding lets a tiny file expand without limit, so the number of cells is capped. The
# limit is ten times the size of the papers' matrix.
MAX_CELLS = 100_000_000
# Compression does the same for one text of a few hundred megabytes. Tables of this project are at
# most about ten times as large in memory as in their file.
FLOATS = pyarrow.list_(pyarrow.float32())
"""The type of a column that has an array of float32 in each row."""
SMALL_TABLE_BYTES, MAX_COMPRESSION = 64_000_000, 100


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
    arrays = [field.name for field in table.schema if field.type == FLOATS]
    options: dict[str, object] = {"compression": "zstd", "write_page_checksum": True}
    if arrays:
        # The bytes of equal significance are stored together, which halves the compressed size.
        options["use_byte_stream_split"] = [f"{name}.list.element" for name in arrays]
        options["use_dictionary"] = [name for name in table.column_names if name not in arrays]
    write_atomically(path, lambda part: pq.write_table(table, part, **options))


def read_table(path: Path, schema: pa.DataFrameSchema) -> pd.DataFrame:
    """Return the table of a parquet file, checked by `schema`.

    Raises UserError if the file is missing or damaged, or if the table does not fit.
    """
    frame, _ = read_parquet(path)
    return check_table(frame, schema, path.name)


def read_models(path: Path, schema: pa.DataFrameSchema, models: Sequence[str]) -> pd.DataFrame:
    """Return a table with one row per model, in the order of `models`, those of the matrix.

    Raises UserError as `read_table` does, or if the table is of other models.
    """
    frame = read_table(path, schema)
    check_models(frame["model"], models, path.name)
    return frame.set_index("model", drop=False).loc[list(models)].reset_index(drop=True)


def check_models(found: Iterable[str], models: Iterable[str], name: str) -> None:
    """Raise UserError that names the file `name` unless both have the same models, in any order."""
    if set(found) != set(models):
        raise UserError(f"{name} and matrix.parquet are of different models: run `dvc repro`")


def read_parquet(path: Path) -> tuple[pd.DataFrame, dict[str, str]]:
    """Return the frame and metadata of a parquet file. Raises UserError if it cannot be read."""
    try:
        table = _read(path)
        metadata = table.schema.metadata or {}
        named = {k.decode(): v.decode() for k, v in metadata.items() if k != b"pandas"}
        return table.to_pandas(ignore_metadata=True), named
    except FileNotFoundError as error:
        raise UserError(
            f"{path.name} is missing: run `dvc repro`, or `dvc pull {path.name}`"
        ) from error
    except MemoryError as error:
        raise UserError(
            f"there is too little memory to read {path.name}: end other programs, or use a machine "
            "with more"
        ) from error
    except (pyarrow.ArrowException, OSError, ValueError, KeyError, TypeError) as error:
        if isinstance(error, OSError) and error.strerror:
            raise UserError(f"{path.name} cannot be read: {error.strerror}") from error
        raise UserError(
            f"{path.name} is cut short or damaged: run `modelmap cache`, then `dvc repro`"
        ) from error


def _read(path: Path) -> pyarrow.Table:
    """Return the content of a parquet file. Raises UserError if it is much larger than the file."""
    header = pq.read_metadata(path)
    schema = header.schema.to_arrow_schema()
    _check_header(path, header, schema)
    texts = [field.name for field in schema if _is_text(field.type)]
    # As numbers of the different texts, because a long text may be repeated any number of times.
    table = pq.read_table(path, read_dictionary=texts, page_checksum_verification=True)
    _check_bytes(path, sum(_n_bytes(column) for column in table.columns))
    return table.cast(schema.with_metadata(table.schema.metadata))


def _check_header(path: Path, header: pq.FileMetaData, schema: pyarrow.Schema) -> None:
    """Raise UserError if the header of a file says that its table is of another kind, or huge."""
    if header.num_rows * header.num_columns > MAX_CELLS:
        raise UserError(
            f"{path.name} has {header.num_rows} rows by its own count, more than can be read: "
            "run `dvc repro` again"
        )
    others = [
        f"{field.name} ({field.type})"
        for field in schema
        if not (_is_text(field.type) or pyarrow.types.is_primitive(field.type))
        and not (pyarrow.types.is_null(field.type) or field.type == FLOATS)
    ]
    if others:
        raise UserError(
            f"{path.name} has columns of a kind that no table has: {listed(others)}; run "
            "`dvc repro` again"
        )
    groups = [header.row_group(i) for i in range(header.num_row_groups)]
    _check_bytes(path, sum(group.total_byte_size for group in groups))


def _check_bytes(path: Path, n_bytes: int) -> None:
    size = path.stat().st_size
    if n_bytes > max(SMALL_TABLE_BYTES, MAX_COMPRESSION * size):
        raise UserError(
            f"{path.name} has {n_bytes // 10**6} MB of content in {size // 1000} kB, more than a "
            "table can have: run `dvc repro` again"
        )


def _is_text(kind: pyarrow.DataType) -> bool:
    return bool(pyarrow.types.is_string(kind) or pyarrow.types.is_large_string(kind))


def _n_bytes(column: pyarrow.ChunkedArray) -> int:
    """Return the number of bytes of a column whose texts are not repeated in memory yet."""
    if not pyarrow.types.is_dictionary(column.type):
        return int(column.nbytes)
    lengths = [
        pc.sum(pc.take(pc.binary_length(chunk.dictionary), chunk.indices)).as_py() or 0
        for chunk in column.chunks
    ]
    return int(sum(lengths))


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
        frame = pd.read_csv(path)
    except FileNotFoundError as error:
        raise UserError(f"{path.name} is missing: run `dvc repro`, or `make studies`") from error
    except OSError as error:
        raise UserError(f"{path.name} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise UserError(f"{path.name} is not a CSV table: run `dvc repro` again") from error
    # The lines that git writes into a file with a conflict would be read as rows.
    check_no_conflict(path.read_bytes(), path.name)
    return frame
