"""Schemas of simulated KL divergences, and of what each part of the estimate contributes."""

import pandera.pandas as pa

from modelmap.plumbing.columns import AT_LEAST_0, AT_LEAST_1, FINITE, column, table


def _optional(describes: str) -> pa.Column:
    """Return the schema of a column of numbers that may be missing."""
    return pa.Column(float, checks=[FINITE], nullable=True, description=describes)


ESTIMATE_COLUMNS = {
    "kl_bits_per_byte": column("float", "mixture estimate", AT_LEAST_0),
    "kl_papers_bits_per_byte": column("float", "papers' estimate", AT_LEAST_0),
}

KL_TRUTH = table(
    "Simulated KL and both estimates, for every pair of zoo models.",
    {
        "model_a": column("text", "the model that comes first in the roster"),
        "model_b": column("text", "the other model"),
        "kind_a": column("text", "kind of the first model"),
        "kind_b": column("text", "kind of the other"),
        "relation": column(
            "text", "kind of the one made from the other, or how their families relate"
        ),
        "one_tokenizer": column("bool", "whether both have the same tokenizer"),
        "truth_bits_per_byte": _optional(
            "simulated KL of token sequences, mean of both directions; for one tokenizer only"
        ),
        "truth_se_bits_per_byte": _optional("its standard error"),
        "truth_a_to_b_bits_per_byte": _optional("KL(a || b), on texts drawn from a"),
        "truth_se_a_to_b_bits_per_byte": _optional("its standard error"),
        "truth_b_to_a_bits_per_byte": _optional("KL(b || a), on texts drawn from b"),
        "truth_se_b_to_a_bits_per_byte": _optional("its standard error"),
        "string_truth_bits_per_byte": column(
            "float", "simulated KL of the strings of these sequences, mean of both directions"
        ),
        "string_truth_se_bits_per_byte": column("float", "its standard error", AT_LEAST_0),
        "string_truth_a_to_b_bits_per_byte": column("float", "KL(a || b) of strings drawn from a"),
        "string_truth_se_a_to_b_bits_per_byte": column("float", "its standard error", AT_LEAST_0),
        "string_truth_b_to_a_bits_per_byte": column("float", "KL(b || a) of strings drawn from b"),
        "string_truth_se_b_to_a_bits_per_byte": column("float", "its standard error", AT_LEAST_0),
        "drawn_mixture_bits_per_byte": column(
            "float", "mixture estimate on the drawn strings, mean of both models'", AT_LEAST_0
        ),
        **ESTIMATE_COLUMNS,
        "warning": column("bool", "whether kl.parquet warns of the mixture estimate"),
    },
    unique=["model_a", "model_b"],
)

KL_PRETRAINED = table(
    "Simulated KL and both estimates, for pairs with a pretrained model.",
    {
        "model_a": column("text", "the pretrained model"),
        "model_b": column(
            "text", "the other model; a rounded copy of model_a has its name and int8 or int4"
        ),
        "texts": column(
            "text",
            "natural texts, with the exact KL of next tokens (descendants); or continuations of "
            "their first halves, drawn from both models and scored as strings",
        ),
        "n_texts": column("int", "number of texts, for each model", AT_LEAST_1),
        "truth_bits_per_byte": column("float", "the KL on these texts, mean of both directions"),
        "truth_se_bits_per_byte": column("float", "its standard error", AT_LEAST_0),
        "truth_a_to_b_bits_per_byte": column("float", "KL(a || b)"),
        "truth_se_a_to_b_bits_per_byte": column("float", "its standard error", AT_LEAST_0),
        "truth_b_to_a_bits_per_byte": column("float", "KL(b || a)"),
        "truth_se_b_to_a_bits_per_byte": column("float", "its standard error", AT_LEAST_0),
        "drawn_mixture_bits_per_byte": column(
            "float", "mixture estimate on the same texts", AT_LEAST_0
        ),
        **{name: _optional(str(one.description)) for name, one in ESTIMATE_COLUMNS.items()},
    },
    unique=["model_a", "model_b"],
)

KL_INGREDIENTS = table(
    "How truth and estimate compare for other segments, bounded forms and means taken out.",
    {
        "truth": column("text", "token_sequences (pairs of one tokenizer) or strings (all pairs)"),
        "segments": column("text", "what log-likelihoods are added up over"),
        "form": column("text", "the function of their difference; all agree for small ones"),
        "mean_out": column("float", "share of a text's mean difference that is taken out"),
        "n_pairs": column("int", "number of pairs", AT_LEAST_1),
        "q5": column("float", "5th percentile of truth over estimate"),
        "median": column("float", "its median"),
        "q95": column("float", "its 95th percentile"),
        **{
            f"within_{factor}": column("float", f"share of pairs within a factor of {factor}")
            for factor in ("1.35", "1.5", "2")
        },
        "rank_correlation": _optional("Spearman's correlation of truth and estimate"),
    },
    unique=["truth", "segments", "form", "mean_out"],
)
