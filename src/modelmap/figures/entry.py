"""An entry of a catalogue of figures, and how the figures of a catalogue are drawn."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from matplotlib.figure import Figure

from modelmap.figures.inputs import Inputs, Read
from modelmap.figures.settings import FiguresSettings
from modelmap.figures.style import save_figure


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
    """Return the index of the figures written into `directory`, and of those skipped and why."""
    drawn, skipped = [], []
    for entry in entries:
        inputs = Inputs(read, entry.files)
        reason = entry.skip_reason(inputs)
        if reason is not None:
            skipped.append({"name": entry.name, "reason": reason})
            continue
        figure, caption = entry.drawing.draw(inputs), entry.drawing.caption(inputs)
        files = save_figure(figure, directory, entry.name, settings.formats, settings.png_dpi)
        drawn.append({"name": entry.name, "files": files, "caption": caption})
    return {"figures": drawn, "skipped": skipped}
