"""Stage figures: tables become figures with captions, and an index of them."""

from modelmap.figures.catalogue import draw_all, entries
from modelmap.figures.folder import replaced
from modelmap.figures.inputs import read_inputs
from modelmap.figures.settings import Figures
from modelmap.files import write_json
from modelmap.layout import Layout
from modelmap.maps.settings import MapSettings
from modelmap.section import read_section


def run(layout: Layout) -> None:
    """Replace reports/figures: every figure that can be drawn, and index.json."""
    settings = read_section(layout, "figures", Figures)
    map_settings = read_section(layout, "map", MapSettings)
    inputs = read_inputs(layout)
    with replaced(layout.figures) as directory:
        index = draw_all(entries(inputs, map_settings), settings, directory)
        write_json(directory / "index.json", index)
