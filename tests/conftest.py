"""What several tests share."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from modelmap.divergence.kl import bits_per_byte, nats_per_text, squared_distances
from modelmap.divergence.neighbours import nearest, pair_table
from modelmap.divergence.tables import KL, NEIGHBOURS
from modelmap.map.tables import MAP
from modelmap.matrix.clip_centre import clip_threshold
from modelmap.matrix.file import LogLikelihoods, write_matrix
from modelmap.matrix.tables import MODELS
from modelmap.plumbing.layout import Layout
from modelmap.plumbing.tables import write_table

N_MODELS, N_TEXTS = 6, 40


@pytest.fixture
def small_tables(tmp_path: Path) -> Layout:
    """Return a project with the tables of six made-up models, in two families, on forty texts."""
    rng = np.random.default_rng(0)
    layout = Layout(tmp_path)
    (tmp_path / "dvc.yaml").touch()
    names = [f"m{i}" for i in range(N_MODELS)]
    values = -700 + 50 * rng.standard_normal((N_MODELS, N_TEXTS))
    matrix = LogLikelihoods(values, names, clip_threshold(values, 0.02), 900.0, "made up")
    write_matrix(matrix, layout.matrix)
    models = pd.DataFrame(
        {
            "model": names,
            "family": ["m0"] * 3 + ["m3"] * 3,
            "parent": [None, "m0", "m0", None, "m3", "m3"],
            "kind": ["base", "finetune", "quantised"] * 2,
            "created": None,
            "n_params": 1000,
            "dtype": "float32",
            "revision": "0" * 64,
            "added_bos": True,
        }
    ).astype({"parent": "str", "created": "str"})
    write_table(models, MODELS, layout.models)
    distances = squared_distances(matrix.coordinates())
    kl = bits_per_byte(nats_per_text(distances, N_TEXTS), matrix.mean_bytes)
    write_table(pair_table(kl, kl / 10, (kl * 0.8, kl * 1.25), names), KL, layout.kl)
    write_table(nearest(kl, names, 2), NEIGHBOURS, layout.neighbours)
    places = pd.DataFrame(rng.standard_normal((N_MODELS, 2)), columns=["x", "y"])
    places.insert(0, "model", names)
    write_table(places, MAP, layout.map)
    return layout
