"""The metrics of the stage divergence: median KL by relation, and median width of intervals."""

import pandas as pd

from modelmap.divergence.tables import ONE_FAMILY, TWO_FAMILIES


def kl_metrics(
    pairs: pd.DataFrame, neighbours: pd.DataFrame, models: pd.DataFrame
) -> dict[str, object]:
    """Return median KLs in bits per byte, and the share of nearest models of the same family.

    There is a median of the pairs within families, one of the pairs between families, and for each
    kind of model, such as fine-tunes, one of the pairs of a model and its parent.
    """
    family = models.set_index("model")["family"]
    within = pairs["model_a"].map(family) == pairs["model_b"].map(family)
    nearest = neighbours[neighbours["rank"] == 1]
    same = nearest["model"].map(family).to_numpy() == nearest["neighbour"].map(family).to_numpy()
    kl = pairs["kl_bits_per_byte"]
    return {
        "median_kl_within_family": _median(kl[within], 4),
        "median_kl_between_families": _median(kl[~within], 4),
        "nearest_in_family_share": round(float(same.mean()), 3),
        **{
            f"median_kl_{kind}_bits_per_byte": _median(values, 4)
            for kind, values in kl[~pairs["relation"].isin([ONE_FAMILY, TWO_FAMILIES])].groupby(
                pairs["relation"]
            )
        },
    }


def interval_metrics(pairs: pd.DataFrame) -> dict[str, object]:
    """Return the median standard error and half width of intervals, relative to KL if above 0."""
    rows = pairs[pairs["kl_bits_per_byte"] > 0]
    kl, width = rows["kl_bits_per_byte"], rows["high_bits_per_byte"] - rows["low_bits_per_byte"]
    return {
        "median_relative_standard_error": _median(rows["se_bits_per_byte"] / kl, 3),
        "median_relative_half_width": _median(width / 2 / kl, 3),
    }


def _median(values: pd.Series, digits: int) -> float | None:
    """Return the rounded median, or None if there are no values, as with a single family."""
    return None if values.empty else round(float(values.median()), digits)
