"""Every figure of the project: its name, when it is skipped, how it is drawn and captioned."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from modelmap.figures import (
    captions,
    category_bits,
    category_table,
    kl_heatmap,
    model_map,
    pca_spectrum,
)
from modelmap.figures.inputs import Inputs
from modelmap.figures.settings import FiguresSettings
from modelmap.figures.style import save_figure
from modelmap.map.settings import MapSettings


@dataclass(frozen=True)
class Entry:
    """One figure, ready to be drawn, or the reason why it is not."""

    name: str
    skip_reason: str | None
    draw: Callable[[], Figure]
    caption: Callable[[], str]


def entries(inputs: Inputs, map_settings: MapSettings) -> list[Entry]:
    """Return the figures in the order of the index."""
    return [
        Entry(
            "model_map",
            None,
            lambda: model_map.draw(inputs.models, inputs.places),
            lambda: captions.model_map(inputs, map_settings),
        ),
        Entry(
            "kl_heatmap",
            None,
            lambda: kl_heatmap.draw(inputs.kl, inputs.clusters, inputs.models),
            lambda: captions.kl_heatmap(inputs),
        ),
        Entry(
            "category_bits",
            category_table.skip_reason(inputs.category_bits),
            lambda: category_bits.draw(inputs.category_bits, inputs.models),
            lambda: captions.category_bits(inputs),
        ),
        Entry(
            "pca_spectrum",
            pca_spectrum.skip_reason(inputs.spectrum),
            lambda: pca_spectrum.draw(inputs.spectrum),
            lambda: captions.pca_spectrum(inputs),
        ),
    ]


def draw_all(
    figures: Sequence[Entry], settings: FiguresSettings, directory: Path
) -> dict[str, Any]:
    """Return the index of the figures written into `directory`, and of those skipped and why."""
    drawn, skipped = [], []
    for entry in figures:
        if entry.skip_reason is not None:
            skipped.append({"name": entry.name, "reason": entry.skip_reason})
            continue
        files = save_figure(entry.draw(), directory, entry.name, settings.formats, settings.png_dpi)
        drawn.append({"name": entry.name, "files": files, "caption": entry.caption()})
    return {"figures": drawn, "skipped": skipped}
