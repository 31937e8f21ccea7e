"""Schema of the table of models on maps of resampled texts."""

import pandera.pandas as pa

from modelmap.plumbing.columns import AT_LEAST_0, AT_LEAST_1, FINITE, column, table

STABILITY = table(
    "Places of models on maps of resampled texts, which are aligned to the model map.",
    {
        "setting": column(
            "text",
            "method and draws as a share of N; same_texts: all texts, models in other orders",
        ),
        "method": column("text", "sampling method; none: all texts, each once"),
        "n_draws": column("int", "number of draws; N for same_texts", AT_LEAST_1),
        "model": column("text", "name"),
        "mean_x": column("float", "mean of x over runs", FINITE),
        "mean_y": column("float", "mean of y over runs", FINITE),
        "cov_xx": column("float", "variance of x over runs, ddof 1", AT_LEAST_0, FINITE),
        "cov_xy": column("float", "covariance of x and y over runs, ddof 1", FINITE),
        "cov_yy": column("float", "variance of y over runs, ddof 1", AT_LEAST_0, FINITE),
        "displacement": column(
            "float", "mean distance from the place on the model map", AT_LEAST_0, FINITE
        ),
        "ellipse_width": column(
            "float", "longer axis of the ellipse of 1 standard deviation", AT_LEAST_0, FINITE
        ),
        "ellipse_height": column("float", "shorter axis of this ellipse", AT_LEAST_0, FINITE),
        "ellipse_angle_degrees": column(
            "float", "angle from the x axis to the longer axis", pa.Check.in_range(0, 180)
        ),
    },
    unique=["setting", "model"],
)
