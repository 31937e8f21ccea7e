"""Schema of the models between three corners."""

from modelmap.plumbing.columns import AT_LEAST_0, SHARE, column, table

INTERPOLATION = table(
    "Models whose weights are mixtures of three models, and their places in the plane through "
    "the log-likelihood vectors of these three. Lengths are in nats per text: the length of a "
    "vector divided by the square root of the number of texts.",
    {
        "level": column(
            "text", "what vectors have an element for: text (centred, as the papers' Q) or segment"
        ),
        "a": column("float", "weight of the first fine-tune", SHARE),
        "b": column("float", "weight of the second; that of the base is 1 - a - b", SHARE),
        "x_nats": column("float", "place in the plane, along the line to the first fine-tune"),
        "y_nats": column("float", "place in the plane, across this line"),
        "expected_x_nats": column("float", "x that the weights a and b say"),
        "expected_y_nats": column("float", "y that the weights a and b say"),
        "off_plane_nats": column("float", "distance from the plane", AT_LEAST_0),
        "bits_per_byte": column("float", "of the texts under this model", AT_LEAST_0),
    },
    unique=["level", "a", "b"],
)
