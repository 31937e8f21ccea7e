"""Schemas of the models and their code lengths."""

import pandera.pandas as pa

from modelmap.plumbing.columns import AT_LEAST_0, AT_LEAST_1, FINITE, column, table

ISO_DATE = r"^\d{4}-\d{2}-\d{2}$"

MODELS = table(
    "The models of the matrix, in its order.",
    {
        "model": column("text", "name"),
        "family": column("text", "the base run or lineage it belongs to"),
        "parent": pa.Column(str, nullable=True, description="the model it was made from"),
        "kind": column(
            "text",
            "base, checkpoint, finetune, merge, quantised, pretrained; published: imported, its "
            "kind not known",
        ),
        "created": pa.Column(
            str, pa.Check.str_matches(ISO_DATE), nullable=True, description="date, if it is known"
        ),
        "n_params": column(
            "int", "parameters, tied ones once; 0 where it is not known", AT_LEAST_0
        ),
        "dtype": column("text", "what it was run in, or unknown"),
        "revision": column("text", "commit, or hash of its files, or unknown"),
        "added_bos": column(
            "bool", "whether BOS stood before every text; false where it is not known"
        ),
    },
    unique=["model"],
)

CATEGORY_BITS = table(
    "Mean code length by model and category.",
    {
        "model": column("text", "name"),
        "category": column("text", "category of texts"),
        "n_texts": column("int", "texts of the category", AT_LEAST_1),
        "bits_per_byte": column("float", "minus the log-likelihood per byte, in bits", FINITE),
    },
    unique=["model", "category"],
)
