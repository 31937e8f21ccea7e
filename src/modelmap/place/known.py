"""The models of a map, and their log-likelihoods of segments of the first texts of the plan."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from modelmap.divergence.mixture import Floats
from modelmap.map.tables import MAP
from modelmap.matrix.segments_file import SegmentLogliks, read_segments
from modelmap.matrix.tables import MODELS
from modelmap.plan.tables import PLAN
from modelmap.plumbing.arrays import Indices, Matrix
from modelmap.plumbing.errors import UserError
from modelmap.plumbing.layout import Layout
from modelmap.plumbing.section import read_section
from modelmap.plumbing.tables import read_table
from modelmap.score.rule import Rule
from modelmap.score.settings import ScoreSettings
from modelmap.texts.tables import TEXTS
from modelmap.texts.text_set import check_text_set

MAX_TEXTS = 1_000
"""The most texts of the plan whose log-likelihoods are read: with more, nothing gets better."""
FEWEST_MODELS = 3


@dataclass(frozen=True)
class KnownModels:
    """K models of a map, with the M first texts of the plan, in the order of the plan."""

    models: pd.DataFrame
    """Columns model, family, parent, kind; one row for each row of `loglik_nats`."""
    places: Matrix
    """Shape (K, 2): the places on the map."""
    loglik_nats: Floats
    """Shape (K, W): log-likelihoods of the W segments of the M texts; NaN where not scored."""
    first: Indices
    """Shape (M,): the first segment of each text."""
    n_bytes: Indices
    """Shape (W,): the bytes of each segment."""
    texts: pd.DataFrame
    """Columns text_id, text, category, n_bytes; one row for each of the M texts."""
    rule: Rule
    """The rule by which the models were scored."""


def read_project(layout: Layout) -> KnownModels:
    """Return the models of the map in a project. Raises UserError if a file is missing."""
    texts = read_table(layout.texts, TEXTS)
    segments = read_segments(layout.segments, layout.segment_table)
    check_text_set(texts["text"], segments.text_set, "segments.safetensors")
    rank = read_table(layout.plan, PLAN).set_index("text_id")["rank"]
    rule = read_section(layout, "score", ScoreSettings).rule
    models, places = read_table(layout.models, MODELS), read_table(layout.map, MAP)
    return known_models(
        models, places, segments, texts.assign(rank=rank[texts["text_id"]].to_numpy()), rule
    )


def known_models(
    models: pd.DataFrame,
    places: pd.DataFrame,
    segments: SegmentLogliks,
    texts: pd.DataFrame,
    rule: Rule,
) -> KnownModels:
    """Return the known models from tables that fit one another.

    `texts` are the texts of `segments`, in their order, with a column `rank` from the plan. Raises
    UserError if fewer than FEWEST_MODELS models have log-likelihoods of segments.
    """
    if len(segments.models) < FEWEST_MODELS:
        raise UserError(
            f"the map has {len(segments.models)} models with log-likelihoods of segments, and at "
            f"least {FEWEST_MODELS} are needed: imported log-likelihoods of whole texts have none"
        )
    order = np.argsort(texts["rank"].to_numpy(), kind="stable")[:MAX_TEXTS]
    ends = np.append(segments.first[1:], segments.loglik_nats.shape[1])
    parts = [np.arange(segments.first[text], ends[text]) for text in order]
    columns = np.concatenate(parts)
    first = np.concatenate([[0], np.cumsum([len(part) for part in parts])[:-1]])
    about = models.set_index("model").loc[segments.models].reset_index()
    return KnownModels(
        about[["model", "family", "parent", "kind"]],
        places.set_index("model").loc[segments.models, ["x", "y"]].to_numpy(dtype=np.float64),
        np.asarray(segments.loglik_nats[:, columns]),
        first.astype(np.int64),
        segments.n_bytes[columns],
        texts.iloc[order][["text_id", "text", "category", "n_bytes"]].reset_index(drop=True),
        rule,
    )
