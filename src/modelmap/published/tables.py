"""Schema of the texts of a bundle."""

import pandera.pandas as pa

from modelmap.plumbing.columns import column, table
from modelmap.texts.tables import TEXTS

BUNDLE_TEXTS = table(
    "The texts of a bundle. A text that its licence withholds is empty; its sha256 identifies it.",
    {
        **TEXTS.columns,
        "text": column("text", "the text itself, empty if it is withheld"),
        "sha256": column(
            "text", "of the text's UTF-8 bytes", pa.Check.str_matches("^[0-9a-f]{64}$")
        ),
        "licence": column("text", "SPDX expression, or unknown (conf/licences.yaml)"),
        "withheld": column("bool", "whether the text is withheld"),
    },
    unique=["text_id"],
)
