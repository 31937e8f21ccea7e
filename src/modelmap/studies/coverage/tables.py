"""Schema of the table of the intervals' coverage."""

from modelmap.plumbing.columns import AT_LEAST_0, FINITE, SHARE, column, table

COVERAGE = table(
    "How often intervals contain the KL of finite populations made of the project's documents.",
    {
        "model_a": column("text", "the model that comes first in the matrix"),
        "model_b": column("text", "the other model"),
        "kl_bits_per_byte": column("float", "the estimate from all texts", AT_LEAST_0, FINITE),
        "coverage": column(
            "float", "share of the intervals as in kl.parquet that contain the KL", SHARE
        ),
        "coverage_normal": column(
            "float", "the same for KL +- z SE, with the SE from documents", SHARE
        ),
        "coverage_by_text": column(
            "float", "the same for KL +- z SE, with texts taken for independent", SHARE
        ),
        "too_low": column(
            "float", "share of the intervals as in kl.parquet that are below the KL", SHARE
        ),
        "mean_width_bits_per_byte": column(
            "float", "mean width of those intervals", AT_LEAST_0, FINITE
        ),
        "largest_document": column("text", "document with the largest share of the KL's variance"),
        "largest_share": column("float", "its share of the variance", SHARE),
        "largest_absent": column("float", "share of the samples that it is not in", SHARE),
    },
    unique=["model_a", "model_b"],
)
