"""Content of an interactive map of made-up models, as large as a test needs."""

from typing import Any

import numpy as np
import pandas as pd

from helpers.figure_tables import made_up_models
from helpers.tables import kl_table
from modelmap.matrix.segments import segment_table
from modelmap.page.content import page_content
from modelmap.page.kl_rows import nearest_rows
from modelmap.page.page_texts import chosen_texts, encoded_texts

TEXTS = ("The sea was calm.", "def add(a, b): return a", "In the beginning was <b>bold</b> & more")


def made_up_page(
    models: pd.DataFrame,
    places: np.ndarray,
    pairs: pd.DataFrame,
    n_kls: int = 250_000,
    n_segment_values: int = 900_000,
    texts: tuple[str, ...] = TEXTS,
) -> dict[str, Any]:
    """Return the content of a page; a model's log-likelihoods of segments are random."""
    names = models["model"].tolist()
    rng = np.random.default_rng(3)
    bits = pd.DataFrame(
        [(name, category, 10, 2.5) for category in ("bible", "code") for name in names],
        columns=["model", "category", "n_texts", "bits_per_byte"],
    )
    near = nearest_rows(pairs, names, 5 * len(names))
    named = np.array(names)
    neighbours = pd.DataFrame({"model": named[near["model"]], "neighbour": named[near["other"]]})
    neighbours["rank"] = neighbours.groupby("model").cumcount() + 1
    ellipses = np.full((len(names), 3), np.nan)
    ellipses[0] = [2.0, 1.0, 30.0]
    content = page_content(models, places, ellipses, bits, pairs, neighbours, n_kls)
    frame = pd.DataFrame({"text_id": range(len(texts)), "text": texts, "category": "code"})
    frame = frame.assign(rank=range(len(texts)), withheld=False)
    segments = segment_table(frame)
    counts = segments.groupby("text_id").size().to_numpy()
    chosen = chosen_texts(frame, counts, n_segment_values, len(names))
    columns = np.flatnonzero(segments["text_id"].isin(chosen))
    values = -rng.gamma(2, 2, (len(names), len(columns))).astype(np.float32)
    content["text_differences"] = encoded_texts(
        frame.iloc[chosen], segments.iloc[columns], values, np.arange(len(names))
    )
    return {**content, "confidence": 0.95}


def small_page(names: dict[str, str] | None = None) -> dict[str, Any]:
    """Return the content of a page of 3 families of 4 models, renamed by `names`."""
    models = made_up_models({"ash": 4, "birch": 4, "cedar": 4})
    places = np.array([[i // 4 * 10 + i % 4, i % 4 * (i // 4 - 1)] for i in range(12)], float)
    kl = ((places[:, None] - places[None]) ** 2).sum(axis=2) / 100
    models = models.replace({"model": names, "parent": names} if names else {})
    return made_up_page(models, places, kl_table(kl, models["model"].tolist()))


def large_models(n_models: int) -> tuple[pd.DataFrame, np.ndarray]:
    """Return that many models of families of 20, with long names, and their places."""
    rng = np.random.default_rng(7)
    sizes = {f"organisation-{i}/language-model-{i}": 20 for i in range(-(-n_models // 20))}
    models = made_up_models(sizes).iloc[:n_models]
    centres = rng.normal(0, 10, (len(sizes), 2))
    places = np.repeat(centres, 20, axis=0)[:n_models] + rng.normal(0, 0.6, (n_models, 2))
    return models, places


def nearest_pairs(models: pd.DataFrame, places: np.ndarray, n_near: int) -> pd.DataFrame:
    """Return the pairs of each model with its nearest on the map, with the columns of kl.parquet
    that the page reads."""
    from scipy.spatial import KDTree

    found, others = KDTree(places).query(places, k=n_near + 1)
    kl = 0.01 + found[:, 1:].ravel() ** 2 / 100
    ends = np.stack([np.repeat(np.arange(len(models)), n_near), others[:, 1:].ravel()], axis=1)
    ends, kept = np.unique(np.sort(ends, axis=1), axis=0, return_index=True)
    names, kl = models["model"].to_numpy()[ends], kl[kept]
    return pd.DataFrame(
        {
            **{"model_a": names[:, 0], "model_b": names[:, 1], "kl_bits_per_byte": kl},
            **{"low_bits_per_byte": 0.8 * kl, "high_bits_per_byte": kl / 0.8, "warning": ""},
        }
    )
