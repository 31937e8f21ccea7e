"""Stage figures: tables become figures with captions, and an index of them."""

from modelmap.figures.catalogue import draw_all, entries
from modelmap.figures.catalogue_resampling import resampling_entries
from modelmap.figures.inputs import read_inputs
from modelmap.figures.resampling_inputs import read_resampling_inputs
from modelmap.figures.settings import FiguresSettings
from modelmap.map.settings import MapSettings
from modelmap.plumbing.files import write_json
from modelmap.plumbing.folders import replaced
from modelmap.plumbing.layout import Layout
from modelmap.plumbing.section import read_section
from modelmap.predict.settings import PredictSettings
from modelmap.resample.settings import ResampleSettings
from modelmap.stability.settings import StabilitySettings


def run(layout: Layout) -> None:
    """Replace reports/figures: every figure that can be drawn, and index.json."""
    settings = read_section(layout, "figures", FiguresSettings)
    inputs, resampling = read_inputs(layout), read_resampling_inputs(layout)
    figures = [
        *entries(inputs, read_section(layout, "map", MapSettings)),
        *resampling_entries(
            inputs,
            resampling,
            read_section(layout, "resample", ResampleSettings),
            read_section(layout, "stability", StabilitySettings),
            read_section(layout, "predict", PredictSettings),
        ),
    ]
    with replaced(layout.figures) as directory:
        index = draw_all(figures, settings, directory)
        write_json(directory / "index.json", index)
