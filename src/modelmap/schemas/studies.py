"""Schemas of the longer studies' results."""

import pandera.pandas as pa

from modelmap.schemas.columns import AT_LEAST_0, AT_LEAST_1, FINITE, SHARE, column, table

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

KL_TRUTH = table(
    "KL by simulation and by estimate, for every two models of one tokenizer trained here.",
    {
        "model_a": column("text", "the model that comes first in the matrix"),
        "model_b": column("text", "the other model"),
        "tokenizer": column("text", "the tokenizer both have"),
        "n_texts": column("int", "texts drawn from each model, and of the project", AT_LEAST_1),
        "kind_a": column("text", "kind of the first model"),
        "kind_b": column("text", "kind of the other"),
        "relation": column("text", "the kind of one made from the other, or the kin of both"),
        "estimate_bits_per_byte": column("float", "G / (2 N B ln 2), of all texts", AT_LEAST_0),
        "truth_bits_per_byte": column("float", "by simulation, mean of both directions", FINITE),
        "low_bits_per_byte": column("float", "low end of its 95% interval", AT_LEAST_0),
        "high_bits_per_byte": column("float", "high end of its 95% interval", FINITE),
        "a_to_b_bits_per_byte": column("float", "KL(a || b), on texts drawn from a", FINITE),
        "b_to_a_bits_per_byte": column("float", "KL(b || a), on texts drawn from b", FINITE),
        "own_variance_bits_per_byte": column(
            "float",
            "half the variance of log p_a - log p_b over the texts drawn from a, and from b: mean",
            FINITE,
        ),
        "like_length_bits_per_byte": column(
            "float", "the same variance between texts of like length alone", AT_LEAST_0, FINITE
        ),
        "on_texts_bits_per_byte": column(
            "float", "the same sums on texts of the project, mean of both directions", FINITE
        ),
        "half_squares_bits_per_byte": column(
            "float", "halves of squared token differences on the same texts", AT_LEAST_0, FINITE
        ),
    },
    unique=["model_a", "model_b"],
)

TEXT_COUNT = table(
    "What parts of the texts say, by their number of texts.",
    {
        "n_texts": column("int", "texts of the part", AT_LEAST_1),
        "error_to_all": pa.Column(
            float, nullable=True, description="relative error against a far larger text set"
        ),
        "bootstrap_error": column("float", "what the part expects that error to be"),
        "ls_ratio": pa.Column(
            float, nullable=True, description="unique texts of LS over uniform, at the baseline"
        ),
        "plan_texts": column("float", "texts a plan needs for the error asked for"),
        "plan_share": column("float", "the same over n_texts"),
    },
    unique=["n_texts"],
)
