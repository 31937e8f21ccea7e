"""The file source: any JSONL file with a `text` field."""

import json
from collections.abc import Iterator
from pathlib import Path

from modelmap.errors import UserError, listed
from modelmap.texts.document import Document

CATEGORY_KEYS = ("category", "pile_set_name")
DOCUMENT_KEYS = ("document_id", "pile_idx")


def read_documents(path: Path) -> Iterator[Document]:
    """Yield one document per line of a JSONL file.

    `category` (or the papers' `pile_set_name`) and `document_id` (or `pile_idx`) are used where
    a line has them, and not null; otherwise the category is the file's name and each line its
    own document.
    Raises UserError that lists the lines that are not objects with a `text`.
    """
    if not path.is_file():
        raise UserError(
            f"no texts at data/raw/{path.name}: put the file there, or change corpus.path"
        )
    documents: list[Document] = []
    bad: list[str] = []
    for number, line in enumerate(path.read_bytes().splitlines(), start=1):
        try:
            row = json.loads(line.decode("utf-8"))
            # JSON can spell half a surrogate pair, which no later file could hold.
            json.dumps(row, ensure_ascii=False).encode("utf-8")
        except ValueError:
            bad.append(f"line {number} is not JSON in UTF-8")
            continue
        if not isinstance(row, dict) or not isinstance(row.get("text"), str):
            bad.append(f"line {number} has no text")
            continue
        documents.append(_document(row, path.name, number))
    if bad:
        raise UserError(f"{path.name}: {listed(bad)}; mend or remove these lines")
    yield from documents


def _document(row: dict[str, object], name: str, number: int) -> Document:
    def first(keys: tuple[str, ...], otherwise: str) -> str:
        return next((str(row[key]) for key in keys if row.get(key) is not None), otherwise)

    document_id = first(DOCUMENT_KEYS, f"{name}#{number}")
    category = first(CATEGORY_KEYS, name)
    return Document(document_id, category, name, "", f"#{number}", str(row["text"]))
