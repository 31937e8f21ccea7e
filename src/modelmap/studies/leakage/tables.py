"""Schema of the signals of models that were fine-tuned with and without leaked texts."""

import pandera.pandas as pa

from modelmap.plumbing.columns import AT_LEAST_0, AT_LEAST_1, SHARE, column, table

LEAKAGE = table(
    "Signals of fine-tuned models, half of which were fine-tuned on texts that they are scored on.",
    {
        "family": column("text", "family of the base model"),
        "run": column("int", "number of the seed, from 1", AT_LEAST_1),
        "arm": column(
            "text",
            "leaked: fine-tuned on some of the texts it is scored on; honest: on other texts",
            pa.Check.isin(["leaked", "honest"]),
        ),
        "steps": column("int", "number of steps of fine-tuning", AT_LEAST_1),
        "nearest": column("text", "the nearest known model, by KL"),
        "kl_bits_per_byte": column("float", "KL to it, mixture estimate", AT_LEAST_0),
        "gain": column("float", "bits per byte less than those of the nearest known model"),
        "gain_over_kl": column("float", "gain divided by the KL to that model"),
        "gain_beyond_kl": column(
            "float", "t statistic over texts of the gain less the KL (placing/gain.py)"
        ),
        "one_sided": column(
            "float",
            "absolute mean of tanh(Delta / 2) with the nearest model, as in kl.parquet",
            SHARE,
        ),
        "uneven_gain": column(
            "float", "standard deviation over texts of the gain, divided by the root of the KL"
        ),
        "known_texts": column(
            "float", "mean gain of the leaked texts less that of the others, which no user knows"
        ),
    },
    unique=["family", "run", "arm", "steps"],
)
