"""Schema of simulated KL divergences and their approximations."""

from modelmap.plumbing.columns import AT_LEAST_0, AT_LEAST_1, FINITE, column, table

KL_TRUTH = table(
    "Simulated KL and its approximations, for every pair of zoo models that share a tokenizer.",
    {
        "model_a": column("text", "the model that comes first in the matrix"),
        "model_b": column("text", "the other model"),
        "tokenizer": column("text", "the tokenizer of both"),
        "n_texts": column("int", "texts drawn from each model, and of the project", AT_LEAST_1),
        "kind_a": column("text", "kind of the first model"),
        "kind_b": column("text", "kind of the other"),
        "relation": column(
            "text", "kind of the one made from the other, or how their families relate"
        ),
        "estimate_bits_per_byte": column(
            "float", "the estimate G / (2 N B ln 2) from all texts", AT_LEAST_0
        ),
        "truth_bits_per_byte": column("float", "simulated KL, mean of both directions", FINITE),
        "low_bits_per_byte": column("float", "lower end of its 95% interval", AT_LEAST_0),
        "high_bits_per_byte": column("float", "upper end of its 95% interval", FINITE),
        "a_to_b_bits_per_byte": column(
            "float", "simulated KL(a || b), on texts drawn from a", FINITE
        ),
        "b_to_a_bits_per_byte": column(
            "float", "simulated KL(b || a), on texts drawn from b", FINITE
        ),
        "own_variance_bits_per_byte": column(
            "float",
            "half the variance of log p_a - log p_b over texts drawn from a, and from b: the mean",
            FINITE,
        ),
        "like_length_bits_per_byte": column(
            "float", "the same variance between texts of similar length alone", AT_LEAST_0, FINITE
        ),
        "on_texts_bits_per_byte": column(
            "float",
            "sums as of the simulated KL on texts of the project, mean of both directions",
            FINITE,
        ),
        "half_squares_bits_per_byte": column(
            "float",
            "sums of half the squared token differences on the same texts",
            AT_LEAST_0,
            FINITE,
        ),
    },
    unique=["model_a", "model_b"],
)
