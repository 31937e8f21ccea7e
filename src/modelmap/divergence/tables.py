"""Schemas of divergences, neighbours and clusters."""

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
            "float", "its standard error, for that population, by document", AT_LEAST_0, FINITE
        ),
        "low_bits_per_byte": column(
            "float", "low end of its confidence interval, for that population", AT_LEAST_0, FINITE
        ),
        "high_bits_per_byte": column(
            "float", "high end of its confidence interval, for that population", AT_LEAST_0, FINITE
        ),
    },
    unique=["model_a", "model_b"],
)

NEIGHBOURS = table(
    "Each model's nearest models.",
    {
        "model": column("text", "name"),
        "rank": column("int", "1 is the nearest", AT_LEAST_1),
        "neighbour": column("text", "the near model"),
        "kl_bits_per_byte": column("float", "how near", AT_LEAST_0),
    },
    unique=["model", "rank"],
)

CLUSTERS = table(
    "Hierarchical clustering: one merge a row, as scipy's linkage.",
    {
        "merge": column("int", "0..K-2, in order of height", AT_LEAST_0),
        "left": column("int", "model 0..K-1, or K + an earlier merge", AT_LEAST_0),
        "right": column("int", "likewise", AT_LEAST_0),
        "height_bits_per_byte": column("float", "KL at which the two merge", AT_LEAST_0),
        "size": column("int", "models below", AT_LEAST_1),
    },
    unique=["merge"],
)
