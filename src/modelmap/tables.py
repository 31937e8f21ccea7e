"""The schema of every table, and reading and writing that checks it."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd
import pandera.pandas as pa
import pyarrow
import pyarrow.parquet as pq
from pandera.errors import SchemaErrors

from modelmap.errors import UserError, listed
from modelmap.files import write_atomically, write_text


def _column(kind: str, describes: str, *checks: pa.Check, unique: bool = False) -> pa.Column:
    dtype = {"text": str, "int": "int64", "float": "float64", "bool": "bool"}[kind]
    return pa.Column(dtype, checks=list(checks), unique=unique, description=describes)


def _table(title: str, columns: dict[str, pa.Column], unique: list[str]) -> pa.DataFrameSchema:
    return pa.DataFrameSchema(columns, strict=True, ordered=True, unique=unique, description=title)


AT_LEAST_0, AT_LEAST_1 = pa.Check.ge(0), pa.Check.ge(1)
SHARE = pa.Check.in_range(0, 1)
FINITE = pa.Check(lambda s: s.abs() < float("inf"), error="finite")
ISO_DATE = r"^\d{4}-\d{2}-\d{2}$"

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
        "created": pa.Column(
            str, pa.Check.str_matches(ISO_DATE), nullable=True, description="date, if it is known"
        ),
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
        "kl_bits_per_byte": _column(
            "float",
            "the estimate of the KL over the population of documents the texts come from; "
            "over the N texts themselves it is exact",
            AT_LEAST_0,
            FINITE,
        ),
        "se_bits_per_byte": _column(
            "float", "its standard error, for that population, by document", AT_LEAST_0, FINITE
        ),
        "low_bits_per_byte": _column(
            "float", "low end of its confidence interval, for that population", AT_LEAST_0, FINITE
        ),
        "high_bits_per_byte": _column(
            "float", "high end of its confidence interval, for that population", AT_LEAST_0, FINITE
        ),
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

STABILITY = _table(
    "Where models lie on maps of resampled texts, aligned to the model map.",
    {
        "setting": _column(
            "text", "method and draws as a share of N; same_texts: models in another order only"
        ),
        "method": _column("text", "uniform, ls or kl; none: all texts, each once"),
        "n_draws": _column("int", "draws, or N", AT_LEAST_1),
        "model": _column("text", "name"),
        "mean_x": _column("float", "mean place over runs", FINITE),
        "mean_y": _column("float", "mean place over runs", FINITE),
        "cov_xx": _column("float", "variance of x over runs, ddof 1", AT_LEAST_0, FINITE),
        "cov_xy": _column("float", "covariance of x and y over runs, ddof 1", FINITE),
        "cov_yy": _column("float", "variance of y over runs, ddof 1", AT_LEAST_0, FINITE),
        "displacement": _column(
            "float", "mean distance to the place on the model map", AT_LEAST_0, FINITE
        ),
    },
    unique=["setting", "model"],
)

NEWCOMERS = _table(
    "The map drawn from few texts, chosen without the newest models; empty if it is skipped.",
    {
        "model": _column("text", "name"),
        "is_new": _column("bool", "whether the choice of texts did not know the model"),
        "x": _column("float", "first coordinate, aligned to the model map", FINITE),
        "y": _column("float", "second coordinate", FINITE),
    },
    unique=["model"],
)

PLAN = _table(
    "The texts in the order they are best scored in.",
    {
        "text_id": _column("int", "as in the texts table", AT_LEAST_0),
        "size_measure": _column("float", "how much the text tells, 1 on average", AT_LEAST_0),
        "random_number": _column(
            "float", "permanent, from the text's content: 0 to 1", pa.Check.in_range(0, 1)
        ),
        "rank": _column("int", "1 is scored first; any beginning is a sample", AT_LEAST_1),
    },
    unique=["text_id"],
)

RESAMPLE_CURVES = _table(
    "Errors of squared distances by method and number of draws, root mean squared over runs.",
    {
        "method": _column("text", "uniform, ls or kl"),
        "n": _column("int", "draws", AT_LEAST_1),
        "d": _column("float", "unique texts, mean over runs", AT_LEAST_1),
        "relative_error": _column("float", "against all N texts, each pair by its own distance"),
        "absolute_error": _column("float", "against all N texts, all pairs together"),
        "relative_to_population": _column("float", "the same against the population of texts"),
        "relative_theory": _column("float", "of a fresh sample of n texts, by theory"),
        "absolute_to_population": _column("float", "the same against the population of texts"),
        "absolute_theory": _column("float", "of a fresh sample of n texts, by theory"),
    },
    unique=["method", "n"],
)

DESIGN_ERRORS = _table(
    "Errors of designs at equal numbers of unique texts, root mean squared over runs.",
    {
        "draws": _column("text", "how texts are drawn"),
        "size_measure": _column("text", "what the probabilities are proportional to"),
        "d": _column("int", "unique texts (with replacement: on average)", AT_LEAST_1),
        "share": _column("float", "d / N"),
        "relative_error": _column("float", "against all N texts"),
        "absolute_error": _column("float", "against all N texts"),
    },
    unique=["draws", "size_measure", "d"],
)

PLAN_ERRORS = _table(
    "Relative errors of the plan's first d texts.",
    {
        "d": _column("int", "texts scored", AT_LEAST_1),
        "predicted_error": _column("float", "expected of the design, before any draw"),
        "this_order_error": _column("float", "of this very order"),
        "redrawn_error": _column("float", "root mean squared over other random orders"),
        "interval_coverage": _column(
            "float", "of the median pair's 95% interval, whose truth is the N texts"
        ),
    },
    unique=["d"],
)

NEWCOMER_ERRORS = _table(
    "Errors of squared distances by design and kind of pair, root mean squared over runs.",
    {
        "design": _column("text", "how texts were drawn, and which models were known"),
        "pairs": _column("text", "existing_existing, new_existing or new_new"),
        "n_pairs": _column("int", "pairs of models of that kind", AT_LEAST_1),
        "n": _column("float", "draws, mean over runs", AT_LEAST_1),
        "d": _column("float", "unique texts, mean over runs", AT_LEAST_1),
        "relative_error": _column("float", "against all N texts, each pair by its own distance"),
        "absolute_error": _column("float", "against all N texts, the kind's pairs together"),
    },
    unique=["design", "pairs"],
)

KL_TRUTH = _table(
    "KL by simulation and by estimate, for every two models of one tokenizer trained here.",
    {
        "model_a": _column("text", "the model that comes first in the matrix"),
        "model_b": _column("text", "the other model"),
        "tokenizer": _column("text", "the tokenizer both have"),
        "n_texts": _column("int", "texts drawn from each model, and of the project", AT_LEAST_1),
        "kind_a": _column("text", "kind of the first model"),
        "kind_b": _column("text", "kind of the other"),
        "relation": _column("text", "the kind of one made from the other, or the kin of both"),
        "estimate_bits_per_byte": _column("float", "G / (2 N B ln 2), of all texts", AT_LEAST_0),
        "truth_bits_per_byte": _column("float", "by simulation, mean of both directions", FINITE),
        "low_bits_per_byte": _column("float", "low end of its 95% interval", AT_LEAST_0),
        "high_bits_per_byte": _column("float", "high end of its 95% interval", FINITE),
        "a_to_b_bits_per_byte": _column("float", "KL(a || b), on texts drawn from a", FINITE),
        "b_to_a_bits_per_byte": _column("float", "KL(b || a), on texts drawn from b", FINITE),
        "own_variance_bits_per_byte": _column(
            "float",
            "half the variance of log p_a - log p_b over the texts drawn from a, and from b: mean",
            FINITE,
        ),
        "on_texts_bits_per_byte": _column(
            "float", "the same sums on texts of the project, mean of both directions", FINITE
        ),
        "half_squares_bits_per_byte": _column(
            "float", "halves of squared token differences on the same texts", AT_LEAST_0, FINITE
        ),
    },
    unique=["model_a", "model_b"],
)

COVERAGE = _table(
    "How often intervals hold the KL of finite populations made of the project's documents.",
    {
        "model_a": _column("text", "the model that comes first in the matrix"),
        "model_b": _column("text", "the other model"),
        "kl_bits_per_byte": _column("float", "the estimate from all texts", AT_LEAST_0, FINITE),
        "coverage": _column("float", "of the intervals of kl.parquet", SHARE),
        "coverage_normal": _column("float", "of KL +- z SE, by document", SHARE),
        "coverage_by_text": _column(
            "float", "of KL +- z SE with texts taken for independent", SHARE
        ),
        "too_low": _column("float", "share of intervals as in kl.parquet below the truth", SHARE),
        "mean_width_bits_per_byte": _column("float", "of those intervals", AT_LEAST_0, FINITE),
        "largest_document": _column("text", "the one with most of the KL's variance"),
        "largest_share": _column("float", "its share of the variance", SHARE),
        "largest_absent": _column("float", "share of the samples it is not in", SHARE),
    },
    unique=["model_a", "model_b"],
)

PREDICTIONS = _table(
    "Targets and their predictions from all texts, by models of other families; first split seed.",
    {
        "target": _column("text", "a held-out category, a benchmark or the mean log-likelihood"),
        "model": _column("text", "name"),
        "fold": _column("int", "0..4; a family is in one fold", AT_LEAST_0),
        "truth": _column("float", "bits per byte, score or nats", FINITE),
        "prediction": _column("float", "in the same unit", FINITE),
    },
    unique=["target", "model"],
)

PREDICTION_CURVES = _table(
    "Correlations of predictions and truth over models, mean and deviation over split seeds.",
    {
        "target": _column("text", "a held-out category, a benchmark or the mean log-likelihood"),
        "method": _column("text", "uniform, ls or kl; all texts; mean log-likelihood alone"),
        "n": _column("int", "draws", AT_LEAST_1),
        "d": _column("int", "unique texts", AT_LEAST_1),
        **{
            name: pa.Column(float, nullable=True, description=f"{describes}, empty if constant")
            for name, describes in {
                "pearson": "Pearson's correlation",
                "pearson_sd": "its standard deviation, ddof 0",
                "spearman": "Spearman's correlation",
                "spearman_sd": "its standard deviation, ddof 0",
            }.items()
        },
    },
    unique=["target", "method", "n"],
)

PREDICTION_TABLE = _table(
    "Pearson's correlation with texts drawn by each method: its mean and deviation.",
    {
        "target": _column("text", "a held-out category, a benchmark or the mean log-likelihood"),
        "share": _column("text", "draws as a share of all texts"),
        "n": _column("int", "draws", AT_LEAST_1),
        **{
            f"{method}{part}": pa.Column(float, nullable=True, description=f"{what} by {method}")
            for method in ("uniform", "ls", "kl")
            for part, what in {"": "mean", "_sd": "standard deviation, ddof 0,"}.items()
        },
    },
    unique=["target", "share"],
)

TEXT_COUNT = _table(
    "What parts of the texts say, by their number of texts.",
    {
        "n_texts": _column("int", "texts of the part", AT_LEAST_1),
        "error_to_all": pa.Column(
            float, nullable=True, description="relative error against a far larger text set"
        ),
        "bootstrap_error": _column("float", "what the part expects that error to be"),
        "ls_ratio": pa.Column(
            float, nullable=True, description="unique texts of LS over uniform, at the baseline"
        ),
        "plan_texts": _column("float", "texts a plan needs for the error asked for"),
        "plan_share": _column("float", "the same over n_texts"),
    },
    unique=["n_texts"],
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


def write_csv(frame: pd.DataFrame, schema: pa.DataFrameSchema, path: Path) -> None:
    """Write a checked table as CSV with 4 significant digits, whole or not at all."""
    text = check_table(frame, schema, path.name).to_csv(index=False, float_format="%.4g")
    write_text(path, text)


def read_csv(path: Path, schema: pa.DataFrameSchema) -> pd.DataFrame:
    """Return a checked table of CSV. Raises UserError if it is missing or of another schema."""
    try:
        frame = pd.read_csv(path)
    except FileNotFoundError as error:
        raise UserError(f"{path.name} is missing: run `dvc repro`") from error
    except (ValueError, OSError) as error:
        raise UserError(f"{path.name} is no CSV table: run `dvc repro` again") from error
    kinds = {name: str(column.dtype) for name, column in schema.columns.items() if name in frame}
    return check_table(frame.astype(kinds), schema, path.name)
