"""A card for each model: its properties, bits per byte by category and nearest models."""

from typing import Any
from urllib.parse import urlencode

import pandas as pd

from modelmap.divergence.neighbours import both_ways


def model_cards(
    models: pd.DataFrame, bits: pd.DataFrame, neighbours: pd.DataFrame, pairs: pd.DataFrame
) -> list[dict[str, Any]]:
    """Return a card for each model, in the order of the models table.

    The arguments are the tables models, category_bits, neighbours and kl. The link of a card opens
    the model on the interactive map.
    """
    by_category = dict(iter(bits[bits["n_texts"] > 0].groupby("model", sort=False)))
    nearest = dict(iter(nearest_with_intervals(neighbours, pairs).groupby("model", sort=False)))
    return [
        {
            "name": row["model"],
            "link": "map.html#" + urlencode({"model": row["model"]}),
            "properties": [
                (key.replace("_", " "), value)
                for key, value in row.items()
                if key != "model" and not pd.isna(value)
            ],
            "bits": _records(by_category.get(row["model"])),
            "nearest": _records(nearest.get(row["model"])),
        }
        for row in models.to_dict("records")
    ]


def nearest_with_intervals(neighbours: pd.DataFrame, pairs: pd.DataFrame) -> pd.DataFrame:
    """Return the neighbours table with the ends of the interval of each KL divergence."""
    ends = ["low_bits_per_byte", "high_bits_per_byte", "warning"]
    both = both_ways(pairs[["model_a", "model_b", *ends]]).rename(columns={"other": "neighbour"})
    return neighbours.merge(both, how="left", on=["model", "neighbour"])


def _records(frame: pd.DataFrame | None) -> list[dict[str, Any]]:
    return [] if frame is None else frame.to_dict("records")
