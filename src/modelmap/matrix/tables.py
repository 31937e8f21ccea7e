"""Schemas of the tables of models, of their bits per byte by category, and of segments."""

import pandera.pandas as pa

from modelmap.plumbing.columns import AT_LEAST_0, AT_LEAST_1, FINITE, LABEL, column, table

ISO_DATE = r"^\d{4}-\d{2}-\d{2}$"

MODELS = table(
    "All models, in the order of the roster.",
    {
        "model": column("text", "name"),
        "family": column(
            "text", "group of related models, such as a base model and its descendants", LABEL
        ),
        "parent": pa.Column(str, nullable=True, description="the model it was made from, if any"),
        "kind": column(
            "text",
            "base, checkpoint, finetune, merge, quantised, layers or pretrained; published: "
            "imported, and of unknown kind",
            LABEL,
        ),
        "created": pa.Column(
            str,
            pa.Check.str_matches(ISO_DATE),
            nullable=True,
            description="date of creation, if known",
        ),
        "n_params": column(
            "int", "number of parameters, tied ones counted once; 0 if unknown", AT_LEAST_0
        ),
        "dtype": column("text", "data type it was run in, or unknown", LABEL),
        "revision": column("text", "commit or hash of its files, or unknown", LABEL),
        "added_bos": column("bool", "whether BOS was put before every text; false if unknown"),
        "n_texts": column(
            "int", "number of texts it was scored on; matrix.parquet has those on all", AT_LEAST_1
        ),
    },
    unique=["model"],
)
IMPORTED_MODELS = MODELS.remove_columns(["n_texts"])
IMPORTED_MODELS.description = (
    "The models of a bundle or an import. Those of an import are scored on all texts."
)

CATEGORY_BITS = table(
    "Bits per byte by model and category.",
    {
        "model": column("text", "name"),
        "category": column("text", "category of texts"),
        "n_texts": column(
            "int", "number of texts of the category that the model was scored on", AT_LEAST_0
        ),
        "bits_per_byte": pa.Column(
            float,
            FINITE,
            nullable=True,
            description="negative log-likelihood per byte, in bits; null without texts",
        ),
    },
    unique=["model", "category"],
)

SEGMENTS = table(
    "The segments of all texts, in the order of the columns of segments.safetensors.",
    {
        "text_id": column("int", "as in the texts table", AT_LEAST_0),
        "segment": column("int", "position of the segment in its text", AT_LEAST_0),
        "text": column("text", "the segment itself"),
        "n_bytes": column("int", "number of UTF-8 bytes of the segment", AT_LEAST_1),
    },
    unique=["text_id", "segment"],
)
