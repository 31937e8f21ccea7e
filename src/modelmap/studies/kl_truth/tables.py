"""Schema of KL divergences by simulation and by estimate."""

from modelmap.plumbing.columns import AT_LEAST_0, AT_LEAST_1, FINITE, column, table

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
