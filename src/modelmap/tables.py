"""The schema of every table, and reading and writing that checks it."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd
import pandera.pandas as pa
import pyarrow
import pyarrow.parquet as pq
from pandera.errors import SchemaErrors

from modelmap.errors import UserError, listed
from modelmap.files import write_atomically


def _column(kind: str, describes: str, *checks: pa.Check, unique: bool = False) -> pa.Column:
    dtype = {"text": str, "int": "int64", "float": "float64", "bool": "bool"}[kind]
    return pa.Column(dtype, checks=list(checks), unique=unique, description=describes)


def _table(title: str, columns: dict[str, pa.Column], unique: list[str]) -> pa.DataFrameSchema:
    return pa.DataFrameSchema(columns, strict=True, ordered=True, unique=unique, description=title)


AT_LEAST_0, AT_LEAST_1 = pa.Check.ge(0), pa.Check.ge(1)
FINITE = pa.Check(lambda s: s.abs() < float("inf"), error="finite")

TEXTS = _table(
    "The texts every model is scored on.",
    {
        "text_id": _column("int", "0..N-1, the order of every other table", AT_LEAST_0),
        "text": _column("text", "the text itself"),
        "category": _column("text", "what kind of text it is"),
        "source": _column("text", "package, file or data set it was read from"),
        "source_version": _column("text", "version or revision of the source"),
        "source_path": _column("text", "where in the source"),
        "document_id": _column("text", "the document it was cut from"),
        "chunk_index": _column("int", "which piece of the document", AT_LEAST_0),
        "n_bytes": _column("int", "UTF-8 bytes", AT_LEAST_1),
    },
    unique=["text_id"],
)

SCORES = _table(
    "One model's log-likelihood vector.",
    {
        "text_id": _column("int", "as in the texts table", AT_LEAST_0),
        "loglik_nats": _column("float", "sum of the scored tokens' log-probabilities", FINITE),
        "n_tokens": _column("int", "how many tokens were scored", AT_LEAST_0),
        "truncated": _column("bool", "whether the text was cut at the model's maximum length"),
        "lossless": _column("bool", "whether the tokens decode to the text exactly"),
    },
    unique=["text_id"],
)

MODELS = _table(
    "The models of the matrix, in its order.",
    {
        "model": _column("text", "name"),
        "family": _column("text", "the base run or lineage it belongs to"),
        "parent": pa.Column(str, nullable=True, description="the model it was made from"),
        "kind": _column("text", "base, checkpoint, finetune, merge, quantised, pretrained"),
        "n_params": _column("int", "parameters, tied ones once", AT_LEAST_1),
        "dtype": _column("text", "what it was run in"),
        "revision": _column("text", "commit, or hash of its files"),
        "added_bos": _column("bool", "whether BOS stood before every text"),
    },
    unique=["model"],
)

CATEGORY_BITS = _table(
    "Mean code length by model and category.",
    {
        "model": _column("text", "name"),
        "category": _column("text", "category of texts"),
        "n_texts": _column("int", "texts of the category", AT_LEAST_1),
        "bits_per_byte": _column("float", "minus the log-likelihood per byte, in bits", FINITE),
    },
    unique=["model", "category"],
)

KL = _table(
    "The estimated KL divergence of every pair of models, each pair once.",
    {
        "model_a": _column("text", "the model that comes first in the matrix"),
        "model_b": _column("text", "the other model"),
        "kl_bits_per_byte": _column("float", "the estimate", AT_LEAST_0, FINITE),
        "se_bits_per_byte": _column("float", "its standard error", AT_LEAST_0, FINITE),
    },
    unique=["model_a", "model_b"],
)

NEIGHBOURS = _table(
    "Each model's nearest models.",
    {
        "model": _column("text", "name"),
        "rank": _column("int", "1 is the nearest", AT_LEAST_1),
        "neighbour": _column("text", "the near model"),
        "kl_bits_per_byte": _column("float", "how near", AT_LEAST_0),
    },
    unique=["model", "rank"],
)

CLUSTERS = _table(
    "Hierarchical clustering: one merge a row, as scipy's linkage.",
    {
        "merge": _column("int", "0..K-2, in order of height", AT_LEAST_0),
        "left": _column("int", "model 0..K-1, or K + an earlier merge", AT_LEAST_0),
        "right": _column("int", "likewise", AT_LEAST_0),
        "height_bits_per_byte": _column("float", "KL at which the two merge", AT_LEAST_0),
        "size": _column("int", "models below", AT_LEAST_1),
    },
    unique=["merge"],
)

MAP = _table(
    "The model map.",
    {
        "model": _column("text", "name"),
        "x": _column("float", "first coordinate", FINITE),
        "y": _column("float", "second coordinate", FINITE),
    },
    unique=["model"],
)

SPECTRUM = _table(
    "The principal components of Q.",
    {
        "component": _column("int", "1 is the largest", AT_LEAST_1),
        "variance_share": _column("float", "of the total variance", AT_LEAST_0),
        "cumulative_share": _column("float", "of this and all larger ones", AT_LEAST_0),
    },
    unique=["component"],
)


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
        table = pq.read_table(path, page_checksum_verification=True)
        metadata = table.schema.metadata or {}
        named = {k.decode(): v.decode() for k, v in metadata.items() if k != b"pandas"}
        return table.to_pandas(), named
    except FileNotFoundError as error:
        raise UserError(
            f"{path.name} is missing: run `dvc repro`, or `dvc pull {path.name}`"
        ) from error
    except (pyarrow.ArrowException, OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(f"{path.name} is cut short or damaged: run `dvc repro` again") from error
