"""What figures and captions are made from: checked tables of one set of models."""

from dataclasses import dataclass

import pandas as pd

from modelmap.divergence.tables import CLUSTERS, KL
from modelmap.map.tables import MAP, SPECTRUM
from modelmap.matrix.file import read_matrix
from modelmap.matrix.tables import CATEGORY_BITS, MODELS
from modelmap.plumbing.errors import UserError, listed
from modelmap.plumbing.layout import Layout
from modelmap.plumbing.tables import read_table


@dataclass(frozen=True)
class Inputs:
    """The tables, and the numbers of the matrix that captions state."""

    models: pd.DataFrame
    category_bits: pd.DataFrame
    kl: pd.DataFrame
    clusters: pd.DataFrame
    places: pd.DataFrame
    spectrum: pd.DataFrame
    n_texts: int
    mean_bytes: float


def read_inputs(layout: Layout) -> Inputs:
    """Return every table. Raises UserError if one is missing or of other models."""
    matrix = read_matrix(layout.matrix)
    inputs = Inputs(
        read_table(layout.models, MODELS),
        read_table(layout.category_bits, CATEGORY_BITS),
        read_table(layout.kl, KL),
        read_table(layout.clusters, CLUSTERS),
        read_table(layout.map, MAP),
        read_table(layout.spectrum, SPECTRUM),
        matrix.n_texts,
        matrix.mean_bytes,
    )
    strangers = of_other_models(inputs, matrix.models)
    if strangers:
        raise UserError(
            f"{listed(strangers)} and matrix.parquet are of different models: run `dvc repro`"
        )
    return inputs


def of_other_models(inputs: Inputs, models: list[str]) -> list[str]:
    """Return the names of tables that are not of exactly these models."""
    expected = set(models)
    fits = {
        "models.parquet": list(inputs.models["model"]) == models,
        "category_bits.parquet": set(inputs.category_bits["model"]) == expected,
        "kl.parquet": set(inputs.kl["model_a"]) | set(inputs.kl["model_b"]) == expected,
        "clusters.parquet": len(inputs.clusters) == len(models) - 1,
        "map.parquet": set(inputs.places["model"]) == expected,
    }
    return [name for name, fit in fits.items() if not fit]
