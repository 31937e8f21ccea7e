"""Schema of a score file."""

from modelmap.plumbing.columns import AT_LEAST_0, FINITE, column, table

SCORES = table(
    "One model's log-likelihood vector.",
    {
        "text_id": column("int", "as in the texts table", AT_LEAST_0),
        "loglik_nats": column("float", "sum of the scored tokens' log-probabilities", FINITE),
        "n_tokens": column("int", "how many tokens were scored", AT_LEAST_0),
        "truncated": column("bool", "whether the text was cut at the model's maximum length"),
        "lossless": column("bool", "whether the tokens decode to the text exactly"),
        "scored_from": column("int", "number of bytes before the first scored byte", AT_LEAST_0),
        "scored_to": column("int", "number of bytes up to the last scored byte", AT_LEAST_0),
        "segments_nats": column(
            "floats", "log-likelihood of each segment of the text, spread over bytes; float32"
        ),
    },
    unique=["text_id"],
)
