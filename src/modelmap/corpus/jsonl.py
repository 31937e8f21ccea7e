"""The file source: any JSONL file with a `text` field."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

from modelmap.corpus.document import Document
from modelmap.plumbing.errors import UserError, listed
from modelmap.plumbing.files import exists, parse_json

T = TypeVar("T")

CATEGORY_KEYS = ("category", "pile_set_name")
DOCUMENT_KEYS = ("document_id", "pile_idx")

# A file of another kind may have a bad line every few bytes.
MAX_BAD_LINES = 1000


def read_documents(path: Path) -> Iterator[Document]:
    """Yield one document per line of a JSONL file.

    `category` (or the papers' `pile_set_name`) and `document_id` (or `pile_idx`) are used where
    a line has them, and not null; otherwise the category is the file's name and each line its
    own document.
    Raises UserError that lists the lines that are not objects with a `text`, or whose category
    or document is no text or number.
    """
    if not exists(path) or not path.is_file():
        raise UserError(
            f"no texts at data/raw/{path.name}: put the file there, or change corpus.path"
        )
    yield from parsed_lines(path, lambda row, number: _document(row, path.name, number))


def parsed_lines(path: Path, parse: Callable[[object, int], T]) -> list[T]:
    """Return what `parse` makes of every line's JSON and number, from 1.

    Raises UserError that lists the lines which are no JSON in UTF-8, or whose `parse` raises
    ValueError with what they do wrong.
    """
    made: list[T] = []
    bad: list[str] = []
    with path.open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            try:
                made.append(parse(parse_json(line), number))
            except ValueError as error:
                bad.append(f"line {number} {error}")
            if len(bad) == MAX_BAD_LINES:
                break
    if bad:
        reached = f" up to line {number}" if len(bad) == MAX_BAD_LINES else ""
        raise UserError(f"{path.name}: {listed(bad)}{reached}; mend or remove these lines")
    return made


def _document(row: object, name: str, number: int) -> Document:
    """Return a line's document. Raises ValueError that says what the line does wrong."""
    if not isinstance(row, dict) or not isinstance(row.get("text"), str):
        raise ValueError("has no text")

    def first(keys: tuple[str, ...], otherwise: str) -> str:
        return next((_word(row[key], key) for key in keys if row.get(key) is not None), otherwise)

    document_id = first(DOCUMENT_KEYS, f"{name}#{number}")
    category = first(CATEGORY_KEYS, name)
    return Document(document_id, category, name, "", f"#{number}", row["text"])


def _word(value: object, key: str) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError(f"has a {key} that is no text or number")
    return str(value)
