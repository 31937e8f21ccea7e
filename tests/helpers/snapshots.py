"""Made-up revisions of a map, in memory and as the tables of a project."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from helpers.tables import map_table
from modelmap.map.tables import MAP
from modelmap.matrix.clip_centre import clip_threshold
from modelmap.matrix.file import LogLikelihoods, write_matrix
from modelmap.models.file import roster_text
from modelmap.models.spec import ModelSpec
from modelmap.plumbing.arrays import Values
from modelmap.plumbing.layout import Layout
from modelmap.plumbing.tables import write_parquet, write_table
from modelmap.review.snapshot import Snapshot

N_TEXTS, MEAN_BYTES = 40, 900.0


def vectors(names: str) -> dict[str, Values]:
    """Return a log-likelihood vector for each letter of `names`, the same whenever it is asked."""
    return {
        name: -700 + 50 * np.random.default_rng(ord(name)).standard_normal(N_TEXTS)
        for name in names
    }


def spec(name: str) -> ModelSpec:
    """Return the entry of a model of the zoo."""
    return ModelSpec(name=name, source="zoo", location=name, family="f", kind="base")


def matrix(by_name: Mapping[str, Values], text_set: str = "made up") -> LogLikelihoods:
    """Return a matrix of vectors, clipped at its own 2% quantile."""
    values = np.stack(list(by_name.values()))
    return LogLikelihoods(values, list(by_name), clip_threshold(values, 0.02), MEAN_BYTES, text_set)


def places(names: str) -> pd.DataFrame:
    """Return a map: each letter has one place, the same whenever it is asked."""
    rows = [np.random.default_rng(ord(name)).standard_normal(2) for name in names]
    return map_table(list(names), np.array(rows).reshape(-1, 2))


def snapshot(names: str) -> Snapshot:
    """Return a revision that has everything."""
    return Snapshot(
        {name: spec(name) for name in names},
        dict.fromkeys(names, "0" * 40),
        matrix(vectors(names)),
        places(names),
    )


def write_snapshot(layout: Layout, made: Snapshot) -> None:
    """Write a snapshot as roster.yaml and the tables of a project."""
    assert made.revisions is not None
    assert made.matrix is not None
    assert made.places is not None
    layout.roster.write_text(roster_text(list(made.specs.values())))
    write_parquet(
        pd.DataFrame({"model": list(made.revisions), "revision": list(made.revisions.values())}),
        layout.models,
        None,
    )
    write_matrix(made.matrix, layout.matrix)
    write_table(made.places, MAP, layout.map)
