"""Schemas of the model map and of the principal components of Q."""

import pandera.pandas as pa

from modelmap.plumbing.columns import AT_LEAST_0, AT_LEAST_1, FINITE, column, table


def _nullable(columns: dict[str, str], *checks: pa.Check) -> dict[str, pa.Column]:
    return {
        name: pa.Column(float, [FINITE, *checks], nullable=True, description=describes)
        for name, describes in columns.items()
    }


MAP = table(
    "The model map: the place of each model.",
    {
        "model": column("text", "name"),
        "x": column("float", "first coordinate", FINITE),
        "y": column("float", "second coordinate", FINITE),
        **_nullable(
            {
                "x_papers": "first coordinate on the map of the papers' estimates, from Q; null "
                "for models without all texts",
                "y_papers": "second coordinate on that map",
            }
        ),
        **_nullable(
            {
                "ellipse_width": "longer axis of the ellipse of 1 standard deviation of the place, "
                "with respect to all texts; null for models with all texts",
                "ellipse_height": "shorter axis of this ellipse",
                "ellipse_angle_degrees": "angle from the x axis to the longer axis, 0 to 180",
            },
            AT_LEAST_0,
        ),
    },
    unique=["model"],
)
ELLIPSE = ("ellipse_width", "ellipse_height", "ellipse_angle_degrees")
BUNDLE_MAP = MAP.remove_columns(list(ELLIPSE))
BUNDLE_MAP.description = "The map of a bundle."

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
