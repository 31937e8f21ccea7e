"""Schemas of the model map and of the principal components of Q."""

from modelmap.plumbing.columns import AT_LEAST_0, AT_LEAST_1, FINITE, column, table

MAP = table(
    "The model map: the place of each model.",
    {
        "model": column("text", "name"),
        "x": column("float", "first coordinate", FINITE),
        "y": column("float", "second coordinate", FINITE),
        "x_papers": column(
            "float", "first coordinate on the map of the papers' estimates, from Q", FINITE
        ),
        "y_papers": column("float", "second coordinate on that map", FINITE),
    },
    unique=["model"],
)

PLACES = table(
    "The model map with 4 significant digits, sorted by name, in git so that changes can be seen.",
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
        "variance_share": column("float", "share of the total variance of Q", AT_LEAST_0),
        "cumulative_share": column(
            "float", "share of this component and all larger ones together", AT_LEAST_0
        ),
    },
    unique=["component"],
)
