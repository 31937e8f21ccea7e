"""Schemas of divergences and maps."""

from modelmap.schemas.columns import AT_LEAST_0, AT_LEAST_1, FINITE, column, table

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

MAP = table(
    "The model map.",
    {
        "model": column("text", "name"),
        "x": column("float", "first coordinate", FINITE),
        "y": column("float", "second coordinate", FINITE),
    },
    unique=["model"],
)

SPECTRUM = table(
    "The principal components of Q.",
    {
        "component": column("int", "1 is the largest", AT_LEAST_1),
        "variance_share": column("float", "of the total variance", AT_LEAST_0),
        "cumulative_share": column("float", "of this and all larger ones", AT_LEAST_0),
    },
    unique=["component"],
)

STABILITY = table(
    "Where models lie on maps of resampled texts, aligned to the model map.",
    {
        "setting": column(
            "text", "method and draws as a share of N; same_texts: models in another order only"
        ),
        "method": column("text", "uniform, ls or kl; none: all texts, each once"),
        "n_draws": column("int", "draws, or N", AT_LEAST_1),
        "model": column("text", "name"),
        "mean_x": column("float", "mean place over runs", FINITE),
        "mean_y": column("float", "mean place over runs", FINITE),
        "cov_xx": column("float", "variance of x over runs, ddof 1", AT_LEAST_0, FINITE),
        "cov_xy": column("float", "covariance of x and y over runs, ddof 1", FINITE),
        "cov_yy": column("float", "variance of y over runs, ddof 1", AT_LEAST_0, FINITE),
        "displacement": column(
            "float", "mean distance to the place on the model map", AT_LEAST_0, FINITE
        ),
    },
    unique=["setting", "model"],
)
