"""Estimate of a full run for docs/full-run.md: tokens, operations, GPU hours and bytes.

    python benchmarks/full_run.py LIST.csv [--texts 10000] [--gpu A100=312] ...

LIST.csv has the models' names in its first column. The number of weights is read from names such as
`org/model-7b`; a model whose name does not state it counts with the median of the others. The sizes
of score files and of the matrix, and the bytes per token, are measured on this project's results,
after `make repro`.
"""

import argparse
import re
from pathlib import Path

import numpy as np
import pandas as pd

from modelmap.matrix.file import read_matrix
from modelmap.plumbing.arrays import Vector
from modelmap.plumbing.layout import Layout
from modelmap.plumbing.tables import read_table
from modelmap.score.store import read_scores
from modelmap.texts.tables import TEXTS

# Matches 7b, 1.3B, 8x7b, 1b7 and 400m, but neither the 5 of v0.5 nor the 128 of 128k.
SIZE = re.compile(r"(?<![\d.])(?:(\d+)x)?(\d+(?:\.\d+)?)(b|m)(\d?)(?![a-z])", re.IGNORECASE)
UNITS = {"b": 1e9, "m": 1e6}
GPUS = {"A100": 312.0, "L40S": 362.0, "H100": 989.0}
"""Peak dense bfloat16 rates in the manufacturers' data sheets, in 10^12 operations per second."""
WIDTH_OVER_LAYERS = 128
"""Ratio of Llama 7B: width 4,096, 32 layers. The cost of attention depends on the width."""


def main() -> None:
    """Print the estimate as Markdown."""
    given = arguments()
    names = pd.read_csv(given.list).iloc[:, 0].astype(str).tolist()
    stated = [size_in_name(name) for name in names]
    known = [size for size in stated if size is not None]
    weights = np.array([np.median(known) if size is None else size for size in stated])
    bytes_per_token = given.bytes_per_token or measured_bytes_per_token(given.tokenizer_of)
    print(sizes_text(weights, len(known), given))
    print(texts_text(given, bytes_per_token))
    print(runs_table(weights, given, bytes_per_token))
    print(files_text(len(names), given.texts))


def arguments() -> argparse.Namespace:
    """Return the path of the list and the assumptions."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("list", type=Path, help="CSV with model names in its first column")
    parser.add_argument("--texts", type=int, default=10_000, help="unique texts N")
    parser.add_argument("--mean-bytes", type=float, default=972.3188, help="of a text")
    parser.add_argument("--bytes-per-token", type=float, help="in place of a measured one")
    parser.add_argument(
        "--tokenizer-of", default="smollm2-135m-instruct", help="the model it is measured on"
    )
    parser.add_argument("--weight-bytes", type=float, default=2.0, help="of a downloaded weight")
    parser.add_argument("--gbit-per-s", type=float, default=1.0, help="of the network")
    parser.add_argument("--utilisation", type=float, default=0.4, help="share of a GPU's peak")
    parser.add_argument(
        "--scored",
        type=int,
        nargs="+",
        default=[10_000, 5_000, 2_000, 1_000, 160],
        help="texts d of N",
    )
    parser.add_argument(
        "--gpu", nargs="+", default=[f"{name}={peak:g}" for name, peak in GPUS.items()]
    )
    return parser.parse_args()


def size_in_name(name: str) -> float | None:
    """Return the number of weights that a model's name states, the last if several, else None.

    All experts of a mixture count, since all are downloaded: 8x7b is 56e9.
    """
    found = SIZE.findall(name.rpartition("/")[2].replace("_", "-"))
    if not found:
        return None
    experts, number, unit, decimal = found[-1]
    whole = float(f"{number}.{decimal}") if decimal and "." not in number else float(number)
    return int(experts or 1) * whole * UNITS[unit.lower()]


def measured_bytes_per_token(model: str) -> float:
    """Return the bytes of this project's texts per token that a model scores of them."""
    layout = Layout(Path(__file__).parents[1])
    scores, _ = read_scores(layout.scores / f"{model}.parquet")
    return float(read_table(layout.texts, TEXTS)["n_bytes"].sum() / scores["n_tokens"].sum())


def operations(weights: Vector, n_texts: int, n_tokens: float) -> tuple[float, float]:
    """Return the operations of all models on texts of `n_tokens`: of weights, and of attention.

    Weights take two operations for each weight and token. The two products of attention involve
    half of a text's T tokens on average, which is T / (12 x width) of the operations of weights.
    """
    width = (WIDTH_OVER_LAYERS * weights / 12) ** (1 / 3)
    of_weights = 2 * weights * n_texts * n_tokens
    return float(of_weights.sum()), float((of_weights * n_tokens / (12 * width)).sum())


def sizes_text(weights: Vector, n_known: int, given: argparse.Namespace) -> str:
    """Return lines on the number of models and weights, and on their download."""
    to_load = weights * given.weight_bytes
    hours = to_load.sum() * 8 / (given.gbit_per_s * 1e9) / 3600
    return (
        f"- {len(weights):,} models, {weights.sum() / 1e12:.2f} x 10^12 weights: sizes from "
        f"{n_known} names, {np.median(weights) / 1e9:g} x 10^9, their median, for the others\n"
        f"- to download, at {given.weight_bytes:g} bytes a weight: {to_load.sum() / 1e12:.1f} TB, "
        f"{hours:.0f} hours at {given.gbit_per_s:g} Gbit/s; the largest model "
        f"{to_load.max() / 1e9:.0f} GB"
    )


def texts_text(given: argparse.Namespace, bytes_per_token: float) -> str:
    """Return a line on the number of texts and tokens."""
    n_tokens = given.mean_bytes / bytes_per_token
    return (
        f"- {given.texts:,} texts of {given.mean_bytes:g} bytes, {bytes_per_token:.2f} bytes a "
        f"token: {n_tokens:.0f} tokens a text, {given.texts * n_tokens / 1e6:.2f} x 10^6 a model\n"
    )


def runs_table(weights: Vector, given: argparse.Namespace, bytes_per_token: float) -> str:
    """Return a table with a row for each number of texts scored."""
    peaks = {name: float(peak) for name, peak in (one.split("=") for one in given.gpu)}
    n_tokens = given.mean_bytes / bytes_per_token
    head = ["texts", "tokens, 10^9", "operations, 10^18", "attention in them"]
    rows = [[*head, *(f"{name}-hours" for name in peaks)], ["--:"] * (len(head) + len(peaks))]
    for n_texts in given.scored:
        of_weights, of_attention = operations(weights, n_texts, n_tokens)
        total = of_weights + of_attention
        hours = [total / (peak * 1e12 * given.utilisation) / 3600 for peak in peaks.values()]
        tokens = len(weights) * n_texts * n_tokens
        cells = [f"{n_texts:,}", f"{tokens / 1e9:.3f}", f"{total / 1e18:.2f}"]
        rows.append([*cells, f"{of_attention / total:.1%}", *(f"{hour:.2g}" for hour in hours)])
    return "\n".join(f"| {' | '.join(row)} |" for row in rows) + "\n"


def files_text(n_models: int, n_texts: int) -> str:
    """Return lines on the size of score files and matrix, in proportion to this project's."""
    layout = Layout(Path(__file__).parents[1])
    matrix_here = read_matrix(layout.matrix)
    files = [layout.scores / f"{name.replace('/', '__')}.parquet" for name in matrix_here.models]
    n_values = len(files) * matrix_here.n_texts
    of_score = sum(path.stat().st_size for path in files) / n_values
    of_value = layout.matrix.stat().st_size / n_values
    scores, matrix = n_models * n_texts * of_score, n_models * n_texts * of_value
    return (
        f"- score files: {of_score:.1f} bytes a text here, {scores / 1e9:.2f} GB in all "
        f"({scores / n_models / 1e6:.2f} MB a model)\n"
        f"- matrix: {of_value:.1f} bytes a value here, {matrix / 1e6:.0f} MB"
    )


if __name__ == "__main__":
    main()
