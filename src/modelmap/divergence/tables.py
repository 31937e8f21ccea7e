"""Schemas of the tables of KL divergences, neighbours and clusters."""

from modelmap.plumbing.columns import AT_LEAST_0, AT_LEAST_1, FINITE, column, table

KL = table(
    "The estimated KL divergence of every pair of models, each pair once.",
    {
        "model_a": column("text", "the model that comes first in the matrix"),
        "model_b": column("text", "the other model"),
        "kl_bits_per_byte": column(
            "float",
            "the estimate of the KL over the population of documents the texts come from; "
            "over the N texts themselves it is exact",
            AT_LEAST_0,
            FINITE,
        ),
        "se_bits_per_byte": column(
            "float",
            "standard error of the estimate for that population, by document",
            AT_LEAST_0,
            FINITE,
        ),
        "low_bits_per_byte": column(
            "float", "lower end of the confidence interval for that population", AT_LEAST_0, FINITE
        ),
        "high_bits_per_byte": column(
            "float", "upper end of the confidence interval for that population", AT_LEAST_0, FINITE
        ),
    },
    unique=["model_a", "model_b"],
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
