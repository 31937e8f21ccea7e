"""The source `jsonl`: documents from a JSONL file whose lines have a field `text`."""

import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

from modelmap.corpus.document import Document
from modelmap.plumbing.errors import UserError, is_label, listed
from modelmap.plumbing.files import exists, parse_json

T = TypeVar("T")

CATEGORY_KEYS = ("category", "pile_set_name")
DOCUMENT_KEYS = ("document_id", "pile_idx")

MAX_BAD_LINES = 1000
"""Reading stops here: a file of another kind may have a bad line every few bytes."""


def read_documents(path: Path) -> Iterator[Document]:
    """Yield one document per line of a JSONL file.

    The category is the field `category` of a line, or `pile_set_name` as in the papers' file. The
    id is `document_id` or `pile_idx`. If a field is missing or null, the category is the name of
    the file, and the id is made from the number of the line.
    Raises UserError that lists the lines that are not objects with a `text`, or whose category or
    id is not a finite number or a text on one line.
    """
    if not exists(path) or not path.is_file():
        raise UserError(
            f"no texts at data/raw/{path.name}: put the file there, or change corpus.path"
        )
    if not is_label(path.name):
        raise UserError(f"{path.name} has control characters in its name: rename the file")
    yield from parsed_lines(path, lambda row, number: _document(row, path.name, number))


def parsed_lines(path: Path, parse: Callable[[object, int], T]) -> list[T]:
    """Return `parse(value, number)` for the JSON value of every line, numbered from 1.

    `parse` raises ValueError with the problem as the rest of a sentence, such as "has no text".
    Raises UserError that lists these lines and those that are not JSON in UTF-8.
    """
    parsed: list[T] = []
    bad: list[str] = []
    with path.open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            try:
                parsed.append(parse(parse_json(line), number))
            except ValueError as error:
                bad.append(f"line {number} {error}")
            if len(bad) == MAX_BAD_LINES:
                break
    if bad:
        reached = f" up to line {number}" if len(bad) == MAX_BAD_LINES else ""
        raise UserError(f"{path.name}: {listed(bad)}{reached}; correct or remove these lines")
    return parsed


def _document(row: object, name: str, number: int) -> Document:
    """Return the document of a line. Raises ValueError with the problem of the line."""
    if not isinstance(row, dict) or not isinstance(row.get("text"), str):
        raise ValueError("has no text")

    def first(keys: tuple[str, ...], otherwise: str) -> str:
        return next(
            (_as_text(row[key], key) for key in keys if row.get(key) is not None), otherwise
        )

    document_id = first(DOCUMENT_KEYS, f"{name}#{number}")
    category = first(CATEGORY_KEYS, name)
    return Document(document_id, category, name, "", f"#{number}", row["text"])


def _as_text(value: object, key: str) -> str:
    infinite = isinstance(value, float) and not math.isfinite(value)
    if isinstance(value, bool) or infinite or not isinstance(value, str | int | float):
        raise ValueError(f"has a {key} that is not a text or number")
    # An empty id would make one document of all texts that have it.
    if not is_label(str(value)):
        raise ValueError(f"has a {key} that is empty or has control characters")
    return str(value)
