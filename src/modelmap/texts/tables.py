"""Schema of the table of texts."""

from modelmap.plumbing.columns import AT_LEAST_0, AT_LEAST_1, LABEL, column, table

TEXTS = table(
    "The texts that every model is scored on.",
    {
        "text_id": column(
            "int", "number of the text, 0..N-1, which other tables refer to", AT_LEAST_0
        ),
        "text": column("text", "the text itself"),
        "category": column("text", "kind of document that the text was cut from", LABEL),
        "source": column("text", "package, file or data set it was read from"),
        "source_version": column("text", "version or revision of the source"),
        "source_path": column("text", "location in the source"),
        "document_id": column("text", "the document it was cut from", LABEL),
        "chunk_index": column("int", "position of the text in the document", AT_LEAST_0),
        "n_bytes": column("int", "number of UTF-8 bytes of the text", AT_LEAST_1),
    },
    unique=["text_id"],
)
