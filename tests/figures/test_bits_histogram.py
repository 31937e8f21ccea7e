"""The histogram of bits per byte."""

import pandas as pd
from helpers.figure_tables import inputs_of

from modelmap.figures.bits_histogram import draw


def test_every_model_is_counted_once() -> None:
    """The bars' heights add up to the number of models, whatever the number of categories."""
    bits = pd.DataFrame({"model": list("aabbcc"), "bits_per_byte": [1, 2, 1, 3, 2, 2.0]})
    (axes,) = draw(inputs_of({"category_bits.parquet": bits})).axes
    assert sum(bar.get_height() for bar in axes.patches) == 3
