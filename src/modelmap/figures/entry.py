"""An entry of a catalogue of figures, and how the figures of a catalogue are drawn."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from matplotlib.figure import Figure

from modelmap.figures.inputs import Inputs, Read
from modelmap.figures.settings import FiguresSettings
from modelmap.figures.style import save_figure
from modelmap.plumbing.files import write_text

MOST_ROWS = 5_000
"""Larger tables are not written as CSV: 5,000 rows are the pairs of 100 models."""


class Drawing(Protocol):
    """What a figure's module holds. It may also have skip_reason(inputs), a line or None."""

    def draw(self, inputs: Inputs, /) -> Figure:
        """Return the figure."""

    def caption(self, inputs: Inputs, /) -> str:
        """Return its caption, with all numbers read from tables and metrics."""


@dataclass(frozen=True)
class FigureEntry:
    """A figure's name, its module, and the names of the files that it reads."""

    name: str
    drawing: Drawing
    files: Sequence[str]

    def skip_reason(self, inputs: Inputs) -> str | None:
        """Return why the figure cannot be drawn from these inputs, or None."""
        ask = getattr(self.drawing, "skip_reason", None)
        return None if ask is None else ask(inputs)


def draw_all(
    entries: Sequence[FigureEntry], read: Read, settings: FiguresSettings, directory: Path
) -> dict[str, Any]:
    """Return the index of the figures written into `directory`, and of those skipped and why.

    The parquet tables that they show are written as CSV, with the columns that figures read.
    """
    drawn, skipped = [], []
    used: dict[str, set[str]] = {}
    for entry in entries:
        inputs = Inputs(read, entry.files)
        reason = entry.skip_reason(inputs)
        if reason is not None:
            skipped.append({"name": entry.name, "reason": reason})
            continue
        figure, caption = entry.drawing.draw(inputs), entry.drawing.caption(inputs)
        files = save_figure(figure, directory, entry.name, settings.formats, settings.png_dpi)
        drawn.append({"name": entry.name, "files": files, "caption": caption})
        for name, columns in inputs.used.items():
            used.setdefault(name, set()).update(columns)
    tables = write_tables(used, read, directory)
    return {"figures": drawn, "skipped": skipped, "tables": tables}


def write_tables(used: Mapping[str, set[str]], read: Read, directory: Path) -> list[str]:
    """Write the used columns of parquet tables as CSV, and return the paths of the files.

    Numbers have 4 significant digits. Tables of more than MOST_ROWS rows are left out, since the
    files are kept in git.
    """
    written = []
    for name, columns in sorted(used.items()):
        frame = read(name)
        if name.endswith(".parquet") and len(frame) <= MOST_ROWS:
            file = f"csv/{Path(name).stem}.csv"
            (directory / "csv").mkdir(exist_ok=True)
            shown = frame[[column for column in frame if column in columns]]
            write_text(directory / file, shown.to_csv(index=False, float_format="%.4g"))
            written.append(file)
    return written
