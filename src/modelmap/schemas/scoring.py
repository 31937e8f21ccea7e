"""Schemas of texts, scores and models."""

import pandera.pandas as pa

from modelmap.schemas.columns import AT_LEAST_0, AT_LEAST_1, FINITE, column, table

ISO_DATE = r"^\d{4}-\d{2}-\d{2}$"

TEXTS = table(
    "The texts every model is scored on.",
    {
        "text_id": column("int", "0..N-1, the order of every other table", AT_LEAST_0),
        "text": column("text", "the text itself"),
        "category": column("text", "what kind of text it is"),
        "source": column("text", "package, file or data set it was read from"),
        "source_version": column("text", "version or revision of the source"),
        "source_path": column("text", "where in the source"),
        "document_id": column("text", "the document it was cut from"),
        "chunk_index": column("int", "which piece of the document", AT_LEAST_0),
        "n_bytes": column("int", "UTF-8 bytes", AT_LEAST_1),
    },
    unique=["text_id"],
)

SCORES = table(
    "One model's log-likelihood vector.",
    {
        "text_id": column("int", "as in the texts table", AT_LEAST_0),
        "loglik_nats": column("float", "sum of the scored tokens' log-probabilities", FINITE),
        "n_tokens": column("int", "how many tokens were scored", AT_LEAST_0),
        "truncated": column("bool", "whether the text was cut at the model's maximum length"),
        "lossless": column("bool", "whether the tokens decode to the text exactly"),
    },
    unique=["text_id"],
)

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
