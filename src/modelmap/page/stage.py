"""Stage page: write the interactive map as one HTML file."""

from typing import Any

import numpy as np

from modelmap.divergence.tables import KL, NEIGHBOURS
from modelmap.figures.inputs import ESTIMATES
from modelmap.map.tables import ELLIPSE, MAP
from modelmap.matrix.segments_file import read_segments
from modelmap.matrix.tables import CATEGORY_BITS, MODELS, SEGMENTS
from modelmap.page.content import page_content
from modelmap.page.html import page
from modelmap.page.page_texts import chosen_texts, encoded_texts
from modelmap.page.settings import PageSettings
from modelmap.plan.tables import PLAN
from modelmap.plumbing.files import checked, json_object, read_bytes, read_yaml, write_text
from modelmap.plumbing.layout import Layout
from modelmap.plumbing.section import read_section
from modelmap.plumbing.tables import check_models, read_models, read_table
from modelmap.published.licences import Licences, licensed_texts
from modelmap.texts.tables import TEXTS


def run(layout: Layout) -> None:
    """Write reports/map.html."""
    settings = read_section(layout, "page", PageSettings)
    models = read_table(layout.models, MODELS)
    names = models["model"].tolist()
    placed = read_models(layout.map, MAP, names)
    places, ellipses = placed[["x", "y"]].to_numpy(), placed[list(ELLIPSE)].to_numpy()
    bits = read_table(layout.category_bits, CATEGORY_BITS)
    pairs, neighbours = read_table(layout.kl, KL), read_table(layout.neighbours, NEIGHBOURS)
    check_models(neighbours["model"], names, layout.neighbours.name)
    check_models({*pairs["model_a"], *pairs["model_b"]}, names, layout.kl.name)
    missing = "divergence.json is missing: run `dvc repro`"
    metrics = json_object(read_bytes(layout.metrics("divergence"), missing), "divergence.json")
    content = page_content(models, places, ellipses, bits, pairs, neighbours, settings.n_kls)
    content["confidence"] = metrics["confidence"]
    content["text_differences"] = _texts(layout, names, settings.n_segment_values)
    summary = (
        f"{len(names)} language models and {metrics['n_texts']} texts. Models that are near each "
        "other give similar probabilities to the same texts. Distances between models are KL "
        f"divergences in bits per byte, by {ESTIMATES[metrics['estimate']]}; the directions of the "
        "map have no meaning."
    )
    write_text(layout.page, page(content, summary))


def _texts(layout: Layout, names: list[str], n_values: int) -> dict[str, Any]:
    """Return the texts of the page: the first of the plan that licences allow to be given away."""
    licences = checked(
        Licences, read_yaml(layout.licences, "conf/licences.yaml"), "conf/licences.yaml"
    )
    texts = licensed_texts(read_table(layout.texts, TEXTS), licences)
    texts = texts.merge(read_table(layout.plan, PLAN)[["text_id", "rank"]], on="text_id")
    table = read_table(layout.segment_table, SEGMENTS)
    found = read_segments(layout.segments, layout.segment_table)
    n_segments = np.diff(np.append(found.first, len(table)))
    chosen = chosen_texts(texts, n_segments, n_values, len(found.models))
    columns = np.concatenate(
        [np.arange(found.first[i], found.first[i] + n_segments[i], dtype=np.int64) for i in chosen]
        or [np.empty(0, dtype=np.int64)]
    )
    known = {name: i for i, name in enumerate(found.models)}
    rows = np.array([known.get(name, -1) for name in names], dtype=np.int64)
    values = np.asarray(found.loglik_nats[:, columns])
    return encoded_texts(texts.iloc[chosen], table.iloc[columns], values, rows)
