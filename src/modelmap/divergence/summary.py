"""The metrics of the stage divergence: medians of KL by relation, and of interval widths."""

from collections.abc import Iterator

import pandas as pd


def kl_metrics(
    pairs: pd.DataFrame, neighbours: pd.DataFrame, models: pd.DataFrame
) -> dict[str, object]:
    """Return median KLs in bits per byte, and how many nearest models are of the same family.

    Medians are of pairs within a family, of pairs between families, and for each kind of model,
    such as fine-tunes, of the pairs of a model and its parent.
    """
    family = models.set_index("model")["family"]
    within = pairs["model_a"].map(family) == pairs["model_b"].map(family)
    first = neighbours[neighbours["rank"] == 1]
    same = first["model"].map(family).to_numpy() == first["neighbour"].map(family).to_numpy()
    kl = pairs["kl_bits_per_byte"]
    return {
        "median_kl_within_family": _median(kl[within], 4),
        "median_kl_between_families": _median(kl[~within], 4),
        "nearest_in_family_share": round(float(same.mean()), 3),
        **{
            f"median_kl_{kind}_bits_per_byte": _median(values, 4)
            for kind, values in _kl_to_parents(pairs, models)
        },
    }


def interval_metrics(pairs: pd.DataFrame) -> dict[str, object]:
    """Return the median relative standard error and half width of the intervals, of KLs above 0."""
    apart = pairs[pairs["kl_bits_per_byte"] > 0]
    kl, width = apart["kl_bits_per_byte"], apart["high_bits_per_byte"] - apart["low_bits_per_byte"]
    return {
        "median_relative_standard_error": _median(apart["se_bits_per_byte"] / kl, 3),
        "median_relative_half_width": _median(width / 2 / kl, 3),
    }


def _median(values: pd.Series, digits: int) -> float | None:
    """Return a rounded median, and None of no values: there may be only one family or kind."""
    return None if values.empty else round(float(values.median()), digits)


def _kl_to_parents(pairs: pd.DataFrame, models: pd.DataFrame) -> Iterator[tuple[str, pd.Series]]:
    """Yield each kind of model with the KLs between its members and their parents."""
    related = models.dropna(subset="parent")[["model", "parent", "kind"]]
    swapped = related.rename(columns={"model": "parent", "parent": "model"})
    both = pd.concat([related, swapped]).rename(columns={"model": "model_a", "parent": "model_b"})
    for kind, rows in pairs.merge(both, on=["model_a", "model_b"]).groupby("kind"):
        yield str(kind), rows["kl_bits_per_byte"]
