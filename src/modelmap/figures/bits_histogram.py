"""How many models have how many bits per byte."""

from matplotlib.figure import Figure

from modelmap.figures.inputs import Inputs, counts
from modelmap.figures.style import axes_at, new_figure, style

WIDTH, HEIGHT = 4.2, 2.6
LEFT, BOTTOM, MARGIN = 0.55, 0.42, 0.1


def draw(inputs: Inputs) -> Figure:
    """Return the histogram of the models' mean bits per byte over categories."""
    bits = inputs.table("category_bits.parquet", "model", "bits_per_byte")
    with style():
        figure = new_figure(WIDTH, HEIGHT)
        axes = axes_at(figure, LEFT, BOTTOM, WIDTH - LEFT - MARGIN, HEIGHT - BOTTOM - MARGIN)
        axes.hist(bits.groupby("model")["bits_per_byte"].mean(), bins="auto", color="#0072B2")
        axes.set(xlabel="bits per byte", ylabel="models")
        return figure


def caption(inputs: Inputs) -> str:
    """Return the caption of the histogram."""
    return f"Number of models by their mean bits per byte over categories ({counts(inputs)})."
