"""Schemas of the tables of KL divergences, neighbours and clusters."""

from pathlib import Path

import numpy as np
import pandera.pandas as pa

from modelmap.plumbing.arrays import Vector
from modelmap.plumbing.columns import AT_LEAST_0, AT_LEAST_1, FINITE, column, table
from modelmap.plumbing.tables import read_table

ONE_FAMILY, TWO_FAMILIES = "one family", "two families"
"""The column `relation` of KL for models of which none was made from the other."""


def _estimate(which: str, describes: str, nullable: bool = False) -> dict[str, pa.Column]:
    """Return the columns of an estimate, its standard error and the ends of its interval."""
    titles = {
        "kl": describes,
        "se": "its standard error for the population of documents",
        "low": "lower end of the confidence interval for it",
        "high": "upper end of the confidence interval for it",
    }
    return {
        f"{name}_{which}bits_per_byte": pa.Column(
            float, [AT_LEAST_0, FINITE], nullable=nullable, description=title
        )
        for name, title in titles.items()
    }


KL = table(
    "The estimated KL divergence of every pair of models, each pair once. If divergence.estimate "
    "is papers, the models are those with all texts.",
    {
        "model_a": column("text", "the model that comes first in the matrix"),
        "model_b": column("text", "the other model"),
        **_estimate(
            "",
            "the estimate that divergence.estimate names, over the population of documents that "
            "the texts come from",
        ),
        "n_texts": column(
            "int",
            "number of texts that it is estimated from, which both models have",
            AT_LEAST_1,
        ),
        "warning": column(
            "text",
            "empty; or one-sided: the texts are like draws from one of the models, and the "
            "estimate may be about 1.5 times too large",
        ),
        "relation": column(
            "text",
            "the kind of the model that was made from the other one, such as finetune; or one "
            "family, or two families",
        ),
        **_estimate(
            "papers_",
            "the estimate of Oyama et al. 2025 (ACL), Equation 5; null unless both models have all "
            "texts",
            nullable=True,
        ),
    },
    unique=["model_a", "model_b"],
)

TEXT_IMPORTANCE = table(
    "How much each text adds to the error of the mixture estimates of a sample of texts.",
    {
        "text_id": column("int", "as in the texts table", AT_LEAST_0),
        "relative_residual": column(
            "float",
            "residual of the text's terms, divided by the terms of all texts: the root mean square "
            "over pairs",
            AT_LEAST_0,
        ),
    },
    unique=["text_id"],
)

NEIGHBOURS = table(
    "The nearest other models of each model.",
    {
        "model": column("text", "name"),
        "rank": column("int", "1 is the nearest", AT_LEAST_1),
        "neighbour": column("text", "name of the neighbour"),
        "kl_bits_per_byte": column(
            "float", "estimated KL divergence of the two models", AT_LEAST_0
        ),
    },
    unique=["model", "rank"],
)

CLUSTERS = table(
    "Hierarchical clustering: one merge per row, numbered as in scipy's linkage matrix.",
    {
        "merge": column("int", "0..K-2, in order of height", AT_LEAST_0),
        "left": column(
            "int",
            "first cluster: a model (0..K-1), or K plus the number of an earlier merge",
            AT_LEAST_0,
        ),
        "right": column("int", "second cluster, numbered in the same way", AT_LEAST_0),
        "height_bits_per_byte": column(
            "float", "KL divergence at which the two are merged", AT_LEAST_0
        ),
        "size": column("int", "number of models in the merged cluster", AT_LEAST_1),
    },
    unique=["merge"],
)


def read_importance(path: Path) -> Vector:
    """Return `relative_residual` of the table TEXT_IMPORTANCE, shape (N,); empty for the papers."""
    table = read_table(path, TEXT_IMPORTANCE)
    importance: Vector = table["relative_residual"].to_numpy(dtype=np.float64)
    return importance
