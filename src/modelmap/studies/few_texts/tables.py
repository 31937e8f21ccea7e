"""Schemas of the errors of KL divergences from few texts, and of differences by category."""

import pandera.pandas as pa

from modelmap.plumbing.columns import AT_LEAST_0, AT_LEAST_1, SHARE, column, table

FEW_TEXTS = table(
    "Errors of a model's KLs to all others from samples of texts, compared with all texts.",
    {
        "model": column("text", "a pretrained model, or one that is made from it"),
        "estimate": column("text", "mixture or papers"),
        "draws": column(
            "text", "simple random, or with replacement by the size measure LS of the second paper"
        ),
        "d": column("int", "unique texts (their mean, for draws with replacement)", AT_LEAST_1),
        "relative_error": column(
            "float", "of the KLs to all other models: root mean square over samples", AT_LEAST_0
        ),
        "nearest_kept": column(
            "float", "share of samples in which the nearest model is the same as from all", SHARE
        ),
        "coverage": pa.Column(
            float,
            pa.Check.in_range(0, 1),
            nullable=True,
            description="share of 95% intervals that contain the KL from all texts (mixture)",
        ),
    },
    unique=["model", "estimate", "draws", "d"],
)

FEW_TEXTS_CATEGORIES = table(
    "How every two pretrained models differ on the texts of each category, from all texts.",
    {
        "model": column("text", "name"),
        "other": column("text", "name of the other model"),
        "category": column("text", "of the texts"),
        "n_texts": column("int", "number of texts of the category", AT_LEAST_1),
        "more_bits_per_byte": column("float", "bits per byte of other minus those of model"),
        "low_more_bits_per_byte": column("float", "lower end of its 95% interval"),
        "high_more_bits_per_byte": column("float", "upper end of its 95% interval"),
        "kl_bits_per_byte": column("float", "mixture estimate on these texts", AT_LEAST_0),
        "low_kl_bits_per_byte": column("float", "lower end of its 95% interval", AT_LEAST_0),
        "high_kl_bits_per_byte": column("float", "upper end of its 95% interval", AT_LEAST_0),
    },
    unique=["model", "other", "category"],
)
