"""The authors' texts: a JSONL file with one text per line."""

from pathlib import Path
from typing import Annotated

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from modelmap.corpus.jsonl import parsed_lines
from modelmap.models.spec import Label
from modelmap.plumbing.errors import UserError, listed

MIN_TEXTS = 2


class Line(BaseModel):
    """A line of the file, which has exactly these keys."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    index: Annotated[int, Field(ge=0, lt=2**31)]
    pile_idx: Annotated[int, Field(ge=0, lt=2**31)]
    chunk_idx: Annotated[int, Field(ge=0, lt=2**31)]
    pile_set_name: Label
    text: Annotated[str, Field(min_length=1)]


def read_texts(path: Path) -> pd.DataFrame:
    """Return the texts table, with the columns of TEXTS, in the order of `index`.

    The document of a text is `pile_idx`, its category is `pile_set_name`. Raises UserError that
    lists the wrong lines, or the values from 0 to N - 1 that `index` lacks or repeats.
    """
    lines = parsed_lines(path, lambda row, number: (number, _line(row)))
    lines.sort(key=lambda pair: pair[1].index)
    _check_indices([line.index for _, line in lines], path.name)
    return pd.DataFrame([_row(line, path.name, number) for number, line in lines])


def _line(row: object) -> Line:
    try:
        return Line.model_validate(row)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ValueError(f"{where}: {first['msg']}" if where else first["msg"]) from error


def _check_indices(indices: list[int], name: str) -> None:
    found = pd.Series(indices, dtype="int64")
    repeated = found[found.duplicated()].tolist()
    missing = np.setdiff1d(np.arange(len(found)), found).tolist()
    if len(found) < MIN_TEXTS:
        raise UserError(f"{name} has {len(found)} texts: a map needs at least {MIN_TEXTS}")
    if repeated or missing:
        raise UserError(
            f"{name}: index must have each value from 0 to {len(found) - 1} once; repeated: "
            f"{listed(repeated) or 'none'}; missing: {listed(missing) or 'none'}"
        )


def _row(line: Line, name: str, number: int) -> dict[str, object]:
    return {
        "text_id": line.index,
        "text": line.text,
        "category": line.pile_set_name,
        "source": name,
        "source_version": "",
        "source_path": f"#{number}",
        "document_id": str(line.pile_idx),
        "chunk_index": line.chunk_idx,
        "n_bytes": len(line.text.encode("utf-8")),
    }
