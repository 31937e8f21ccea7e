"""Schema of the coverage of intervals."""

from modelmap.plumbing.columns import AT_LEAST_0, FINITE, SHARE, column, table

COVERAGE = table(
    "How often intervals hold the KL of finite populations made of the project's documents.",
    {
        "model_a": column("text", "the model that comes first in the matrix"),
        "model_b": column("text", "the other model"),
        "kl_bits_per_byte": column("float", "the estimate from all texts", AT_LEAST_0, FINITE),
        "coverage": column("float", "of the intervals of kl.parquet", SHARE),
        "coverage_normal": column("float", "of KL +- z SE, by document", SHARE),
        "coverage_by_text": column(
            "float", "of KL +- z SE with texts taken for independent", SHARE
        ),
        "too_low": column("float", "share of intervals as in kl.parquet below the truth", SHARE),
        "mean_width_bits_per_byte": column("float", "of those intervals", AT_LEAST_0, FINITE),
        "largest_document": column("text", "the one with most of the KL's variance"),
        "largest_share": column("float", "its share of the variance", SHARE),
        "largest_absent": column("float", "share of the samples it is not in", SHARE),
    },
    unique=["model_a", "model_b"],
)
