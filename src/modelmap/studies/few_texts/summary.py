"""What few_texts.json says of the errors of KLs from few texts."""

from collections.abc import Sequence

import pandas as pd

from modelmap.divergence.kl import LN2, bits_per_byte, nats_per_text
from modelmap.resample.comparison import SIMPLE_RANDOM, WITH_REPLACEMENT
from modelmap.resample.errors import size_for_error
from modelmap.studies.few_texts.errors import MIXTURE, PAPERS, Model

ERRORS = (0.1, 0.05)
"""Relative errors for which the summary has numbers of texts."""
CURVES = {
    "mixture, simple random": (MIXTURE, SIMPLE_RANDOM),
    "papers, simple random": (PAPERS, SIMPLE_RANDOM),
    "papers, LS": (PAPERS, WITH_REPLACEMENT),
}


def few_texts_summary(
    table: pd.DataFrame, models: Sequence[Model], mean_bytes: float
) -> dict[str, object]:
    """Return errors, coverage and texts needed for each model, and the KLs of the models.

    `table` has the columns of FEW_TEXTS, and `mean_bytes` are those of a text.
    """
    return {
        "models": {str(name): _of_model(rows) for name, rows in table.groupby("model", sort=False)},
        "kl_bits_per_byte": _kl_of_pairs(models, mean_bytes),
    }


def _of_model(rows: pd.DataFrame) -> dict[str, object]:
    curves = {
        name: rows[(rows["estimate"] == estimate) & (rows["draws"] == draws)]
        for name, (estimate, draws) in CURVES.items()
    }
    mixture = curves["mixture, simple random"].set_index("d")
    return {
        "error_by_texts": {str(d): round(v, 3) for d, v in mixture["relative_error"].items()},
        "coverage_by_texts": {str(d): round(v, 3) for d, v in mixture["coverage"].items()},
        "nearest_kept_by_texts": {str(d): round(v, 2) for d, v in mixture["nearest_kept"].items()},
        "texts_for_error": {
            f"{error:.0%}": {name: _rounded(curve, error) for name, curve in curves.items()}
            for error in ERRORS
        },
    }


def _rounded(curve: pd.DataFrame, error: float) -> int | None:
    needed = size_for_error(curve["d"].tolist(), curve["relative_error"].tolist(), error)
    return None if needed is None else round(needed)


def _kl_of_pairs(models: Sequence[Model], mean_bytes: float) -> dict[str, dict[str, float]]:
    """Return the KL of every two of the models by both estimates, from all texts."""
    found = {}
    for i, one in enumerate(models):
        nats = nats_per_text(one.papers_distances(), one.coordinates.shape[1])
        papers = bits_per_byte(nats, mean_bytes)
        for other in models[i + 1 :]:
            found[f"{one.name}, {other.name}"] = {
                "mixture": float(f"{one.kl_to(other) / LN2:.4g}"),
                "papers": float(f"{papers[one.pair_with(other)]:.4g}"),
            }
    return found
