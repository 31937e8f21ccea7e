"""Schema of the table of the corpus."""

import pandera.pandas as pa

from modelmap.plumbing.columns import AT_LEAST_0, column, table

SAMPLING, TRAINING = "sampling", "training"

CORPUS = table(
    "Documents cut into texts, without duplicates, in two pools that share no document.",
    {
        "document_id": column(
            "text", "id of the document, which has one row for each of its texts"
        ),
        "chunk_index": column("int", "position of the text in the document", AT_LEAST_0),
        "category": column("text", "kind of document"),
        "source": column("text", "package, file or data set it was read from"),
        "source_version": column("text", "version or revision of the source"),
        "source_path": column("text", "location in the source"),
        "licence": column("text", "licence that the metadata of the source state, or unknown"),
        "pool": column(
            "text",
            "sampling: texts that models may be scored on; training: texts for training the zoo",
            pa.Check.isin([SAMPLING, TRAINING]),
        ),
        "text": column(
            "text", "the text; empty if a training document consists of duplicates only"
        ),
    },
    unique=["source", "source_path", "document_id", "chunk_index"],
)
