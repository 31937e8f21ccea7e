"""Study interpolation: the log-likelihood vectors of mixtures of three models' weights."""

from collections.abc import Sequence
from itertools import product

import numpy as np
import pandas as pd

from modelmap.divergence.kl import LN2
from modelmap.models.prepare import prepared_directory
from modelmap.models.source import revisions
from modelmap.plumbing.arrays import Matrix
from modelmap.plumbing.files import write_json
from modelmap.plumbing.hardware import load_hardware
from modelmap.plumbing.layout import Layout
from modelmap.plumbing.parallel import in_workers
from modelmap.plumbing.section import read_section
from modelmap.plumbing.seeds import named_rng
from modelmap.plumbing.tables import empty_table, write_csv
from modelmap.score.settings import ScoreSettings
from modelmap.studies.interpolation.grid import Point, scored
from modelmap.studies.interpolation.plane import joined, places, share_intervals
from modelmap.studies.interpolation.settings import InterpolationSettings
from modelmap.studies.interpolation.tables import INTERPOLATION
from modelmap.studies.made_models.scores import Scores, first_and_bytes, first_texts
from modelmap.zoo.recipes import pretrained_recipes
from modelmap.zoo.settings import PretrainedFamily, ZooSettings

N_DECIMALS = 6
"""Of lengths: rounding errors of models that lie in the plane would differ between machines."""
LEVELS = {"text": True, "segment": False}
"""Whether vectors are centred. Segments are not, as in the mixture estimate."""


def run(layout: Layout) -> None:
    """Write reports/studies/interpolation.csv and interpolation.json."""
    settings = read_section(layout, "interpolation", InterpolationSettings)
    pretrained = read_section(layout, "zoo", ZooSettings).pretrained
    if pretrained is None or len(pretrained.finetunes) < 2:
        reason = "needs a pretrained model of the zoo with two fine-tunes"
        _write(layout, empty_table(INTERPOLATION), {"skipped": reason})
        return
    texts = first_texts(layout, settings.n_texts)
    weights = np.array(list(product(settings.weights, repeat=2)))
    points = _points(layout, pretrained, texts, weights)
    scores = in_workers(scored, points, load_hardware(layout.conf).n_workers, "interpolation")
    blocks = blocks_by_level(scores, texts)
    parts = [
        _places_table(level, blocks[level], weights, is_centred)
        for level, is_centred in LEVELS.items()
    ]
    bits = -np.array([one.loglik_nats.sum() for one in scores]) / (texts["n_bytes"].sum() * LN2)
    table = pd.concat([part.assign(bits_per_byte=bits) for part in parts], ignore_index=True)
    _write(layout, table, _summary(blocks, weights, settings, pretrained))


def _points(
    layout: Layout, pretrained: PretrainedFamily, texts: pd.DataFrame, weights: Matrix
) -> list[Point]:
    spec = pretrained.base
    base = prepared_directory(spec, revisions(spec, layout)[0], layout)
    rule = read_section(layout, "score", ScoreSettings).rule
    names = [one.name for one in pretrained_recipes(pretrained) if one.kind == "finetune"]
    folders = layout.zoo / names[0], layout.zoo / names[1]
    return [Point(base, folders, spec, texts, rule, float(a), float(b)) for a, b in weights]


def blocks_by_level(scores: Sequence[Scores], texts: pd.DataFrame) -> dict[str, list[Matrix]]:
    """Return for each level a block of columns per text: shape (models, 1), or its segments.

    Segments that are not wholly scored are left out.
    """
    first, _ = first_and_bytes(texts)
    totals = np.stack([one.loglik_nats for one in scores])
    segments = np.stack([one.segments_nats for one in scores]).astype(np.float64)
    is_scored = ~np.isnan(segments).any(axis=0)
    n_scored = np.add.reduceat(is_scored.astype(np.int64), first)
    divided = np.split(segments[:, is_scored], np.cumsum(n_scored)[:-1], axis=1)
    return {
        "text": [totals[:, [text]] for text in range(len(texts))],
        "segment": divided,
    }


def _places_table(
    level: str, blocks: Sequence[Matrix], weights: Matrix, is_centred: bool
) -> pd.DataFrame:
    """Return the columns of INTERPOLATION but bits_per_byte."""
    found = places(joined(blocks, is_centred), weights)
    unit = np.sqrt(len(blocks))
    return pd.DataFrame(
        {
            "level": level,
            "a": weights[:, 0],
            "b": weights[:, 1],
            "x_nats": found.in_plane[:, 0] / unit,
            "y_nats": found.in_plane[:, 1] / unit,
            "expected_x_nats": found.expected[:, 0] / unit,
            "expected_y_nats": found.expected[:, 1] / unit,
            "off_plane_nats": found.off_plane / unit,
        }
    ).round(N_DECIMALS)


def _summary(
    blocks: dict[str, list[Matrix]],
    weights: Matrix,
    settings: InterpolationSettings,
    pretrained: PretrainedFamily,
) -> dict[str, object]:
    # Not <= 1: sums of decimal fractions are not exact.
    within = weights.sum(axis=1) < 1 + 1e-9
    chosen = {"all": np.ones(len(weights), dtype=bool), "within_triangle": within}
    return {
        "base": pretrained.base.name,
        "finetunes": pretrained.finetunes[:2],
        "n_texts": len(blocks["text"]),
        "n_models": {name: int(mask.sum()) for name, mask in chosen.items()},
        "shares_of_variance": {
            level: {
                name: share_intervals(
                    blocks[level],
                    weights,
                    mask,
                    is_centred,
                    settings.n_bootstrap,
                    named_rng(settings.seed, "interpolation", level, name),
                )
                for name, mask in chosen.items()
            }
            for level, is_centred in LEVELS.items()
        },
    }


def _write(layout: Layout, table: pd.DataFrame, summary: dict[str, object]) -> None:
    write_csv(table, INTERPOLATION, layout.study("interpolation", "csv"))
    write_json(layout.study("interpolation", "json"), summary)
