"""Schema of the corpus."""

import pandera.pandas as pa

from modelmap.plumbing.columns import AT_LEAST_0, column, table

SAMPLING, TRAINING = "sampling", "training"

CORPUS = table(
    "Documents cut into texts, duplicates removed, in two pools that share no document.",
    {
        "document_id": column("text", "the document, one row for each text cut from it"),
        "chunk_index": column("int", "position of the text in the document", AT_LEAST_0),
        "category": column("text", "kind of document"),
        "source": column("text", "package, file or data set it was read from"),
        "source_version": column("text", "version or revision of the source"),
        "source_path": column("text", "location in the source"),
        "licence": column("text", "as the source's metadata state it, or unknown"),
        "pool": column(
            "text",
            "sampling: texts that models may be scored on; training: texts of the zoo",
            pa.Check.isin([SAMPLING, TRAINING]),
        ),
        "text": column("text", "the text; empty where all of a training document is duplicated"),
    },
    unique=["source", "source_path", "document_id", "chunk_index"],
)
