"""The tables of the study: errors, verdicts by their confidence, and texts needed."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.stats import binomtest
from scipy.stats import t as student

from modelmap.plumbing.tables import empty_table
from modelmap.resample.errors import size_for_error
from modelmap.studies.place_eval.papers import DIFFERENCE, LS
from modelmap.studies.place_eval.tables import PLACE_EVAL, PLACE_PAPERS, PLACE_VERDICTS

CONFIDENCE_BINS = 0.0, 0.6, 0.7, 0.8, 0.9, 0.95, 1.0
SHARES = ("nearest", "nearest_or_tied", "parent", "parent_or_tied")
METRICS = ("plain_error", "error", "coverage", *SHARES)


def error_table(cases: pd.DataFrame) -> pd.DataFrame:
    """Return the table PLACE_EVAL: root mean squares of errors, and means of shares, over cases."""
    rows = []
    for (kind, size), group in cases.groupby(["held_out", "n_texts"], sort=False):
        row = {
            "held_out": kind,
            "n_texts": size,
            "n_cases": len(group),
            **error_columns("plain_error", group["plain_square"], group["model"]),
            **error_columns("error", group["square"], group["model"]),
            "difference_high": upper_end(group["square"] - group["plain_square"], group["model"]),
            "coverage": group["coverage"].mean(),
            "plain_nearest": group["plain_nearest"].mean(),
        }
        row["n_parent_cases"] = int(group["parent"].notna().sum())
        for name in SHARES:
            row[name], row[f"{name}_low"], row[f"{name}_high"] = share(group[name])
        rows.append(row)
    return pd.DataFrame(rows)[list(PLACE_EVAL.columns)]


def model_table(cases: pd.DataFrame) -> pd.DataFrame:
    """Return the table PLACE_MODELS: errors and shares over the samples, by held-out model."""
    grouped = cases.groupby(["model", "held_out", "n_texts"], sort=False, as_index=False)
    return grouped.agg(
        n_samples=("square", "size"),
        plain_error=("plain_square", root_of_mean),
        error=("square", root_of_mean),
        coverage=("coverage", "mean"),
        nearest=("nearest", "mean"),
        nearest_or_tied=("nearest_or_tied", "mean"),
        parent=("parent", "mean"),
        right=("is_right", "mean"),
        mean_confidence=("confidence", "mean"),
    )


def root_of_mean(squares: pd.Series) -> float:
    """Return the root of the mean of squares."""
    return float(np.sqrt(squares.mean()))


def error_columns(name: str, squares: pd.Series, models: pd.Series) -> dict[str, float]:
    """Return the root of the mean square, and the ends of its 95% interval.

    The interval is symmetric in the logarithm, so that both ends are positive.
    """
    mean, half = _mean(squares, models)
    factor = np.exp(half / mean / 2) if mean > 0 else 1.0
    error = float(np.sqrt(mean))
    return {name: error, f"{name}_low": error / factor, f"{name}_high": error * factor}


def upper_end(differences: pd.Series, models: pd.Series) -> float:
    """Return the upper end of the 95% interval of a mean difference."""
    return sum(_mean(differences, models))


def _mean(values: pd.Series, models: pd.Series) -> tuple[float, float]:
    """Return the mean, and half of its 95% interval with models as the independent units."""
    by_model = values.groupby(models.to_numpy()).mean()
    quantile = student.ppf(0.975, len(by_model) - 1)
    half = quantile * by_model.std(ddof=1) / np.sqrt(len(by_model))
    return float(by_model.mean()), float(half)


def share(found: pd.Series) -> tuple[float, float, float]:
    """Return the share of ones, and the ends of its 95% binomial interval (Wilson); NaN is none."""
    counted = found.dropna().astype(float)
    if counted.empty:
        return np.nan, np.nan, np.nan
    ends = binomtest(int(counted.sum()), len(counted)).proportion_ci(0.95, "wilson")
    return float(counted.mean()), float(ends.low), float(ends.high)


def verdict_table(cases: pd.DataFrame) -> pd.DataFrame:
    """Return the table PLACE_VERDICTS: how often verdicts are right, by their confidence."""
    given = cases.dropna(subset="confidence")
    if given.empty:
        return empty_table(PLACE_VERDICTS)
    bins = pd.cut(given["confidence"], CONFIDENCE_BINS)
    rows = []
    for (size, within), group in given.groupby([given["n_texts"], bins], observed=True):
        right, low, high = share(group["is_right"])
        rows.append(
            {
                "n_texts": size,
                "confidence_above": within.left,
                "n_cases": len(group),
                "mean_confidence": group["confidence"].mean(),
                "right": right,
                "right_low": low,
                "right_high": high,
            }
        )
    return pd.DataFrame(rows)


def papers_table(cases: pd.DataFrame) -> pd.DataFrame:
    """Return the table PLACE_PAPERS: root mean squares of relative errors over cases."""
    rows = []
    for (kind, size), group in cases.groupby(["held_out", "n_texts"], sort=False):
        wide = group.pivot_table(index=["model", "sample"], columns="method", values="square")
        models = wide.index.get_level_values("model").to_series()
        for method in group["method"].unique():
            rows.append(
                {
                    "held_out": kind,
                    "method": method,
                    "n_texts": size,
                    "n_cases": len(wide),
                    **error_columns("error", wide[method], models),
                    "difference_high": upper_end(wide[method] - wide[LS], models),
                }
            )
    return pd.DataFrame(rows) if rows else empty_table(PLACE_PAPERS)


def never_named(cases: pd.DataFrame) -> list[str]:
    """Return the models whose parent is named on no sample of the largest size, by name."""
    largest = cases[cases["n_texts"] == cases["n_texts"].max()]
    found = largest.dropna(subset="parent").groupby("model")["parent"].max()
    return [str(name) for name in found.index[found == 0]]


def metrics(
    errors: pd.DataFrame, verdicts: pd.DataFrame, papers: pd.DataFrame, failing: Sequence[str]
) -> dict[str, object]:
    """Return the metrics of the study, by way of holding out; `failing` are `never_named`."""
    found: dict[str, object] = {}
    for kind, rows in errors.groupby("held_out", sort=False):
        of_kind = papers[papers["held_out"] == kind]
        found[str(kind)] = {
            **{
                f"{row['n_texts']}_texts": {
                    name: _rounded(row[name])
                    for name in ("plain_error", "error", "coverage", *SHARES)
                }
                for row in rows.to_dict("records")
            },
            "texts_for_the_error_of_the_plain_estimate": _ratios(
                rows["n_texts"], rows["plain_error"], rows["error"]
            ),
            "texts_for_the_papers_error_of_ls": _ratios(
                of_kind.loc[of_kind["method"] == LS, "n_texts"],
                of_kind.loc[of_kind["method"] == LS, "error"],
                of_kind.loc[of_kind["method"] == DIFFERENCE, "error"],
            ),
        }
    right = (verdicts["right"] * verdicts["n_cases"]).sum() / max(verdicts["n_cases"].sum(), 1)
    stated = (verdicts["mean_confidence"] * verdicts["n_cases"]).sum()
    found["verdicts"] = {
        "right": _rounded(right),
        "mean_confidence": _rounded(stated / max(verdicts["n_cases"].sum(), 1)),
    }
    found["parents_never_named"] = list(failing)
    return found


def _rounded(value: float) -> float | None:
    return None if np.isnan(value) else round(float(value), 3)


def _ratios(sizes: pd.Series, errors: pd.Series, better: pd.Series) -> dict[str, float | None]:
    """Return by number of texts how many the better method needs for the error of the other one.

    It is a share of the number of texts; None if the sizes do not contain that number.
    """
    needed = {
        size: size_for_error(sizes.tolist(), better.tolist(), error)
        for size, error in zip(sizes, errors, strict=True)
    }
    return {f"{size}": None if n is None else round(n / size, 2) for size, n in needed.items()}
