"""Stage figures: tables become figures with captions, and an index of them."""

from modelmap.figures.catalogue import draw_all, entries
from modelmap.figures.catalogue_resampling import resampling_entries
from modelmap.figures.inputs import read_inputs
from modelmap.figures.resampling_inputs import read_resampling_inputs
from modelmap.figures.settings import Figures
from modelmap.files import write_json
from modelmap.folders import replaced
from modelmap.layout import Layout
from modelmap.maps.settings import MapSettings, Stability
from modelmap.predict.settings import Predict
from modelmap.resample.settings import Resample
from modelmap.section import read_section


def run(layout: Layout) -> None:
    """Replace reports/figures: every figure that can be drawn, and index.json."""
    settings = read_section(layout, "figures", Figures)
    inputs, resampling = read_inputs(layout), read_resampling_inputs(layout)
    figures = [
        *entries(inputs, read_section(layout, "map", MapSettings)),
        *resampling_entries(
            inputs,
            resampling,
            read_section(layout, "resample", Resample),
            read_section(layout, "stability", Stability),
            read_section(layout, "predict", Predict),
        ),
    ]
    with replaced(layout.figures) as directory:
        index = draw_all(figures, settings, directory)
        write_json(directory / "index.json", index)
