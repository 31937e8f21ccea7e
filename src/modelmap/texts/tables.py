"""Schema of the texts table."""

from modelmap.plumbing.columns import AT_LEAST_0, AT_LEAST_1, column, table

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
