"""The log-likelihoods of segments of models that the study has scored on all texts."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from modelmap.matrix.segments import segment_rows
from modelmap.matrix.segments_file import SegmentLogliks, read_segments
from modelmap.matrix.tables import SEGMENTS
from modelmap.models.spec import ModelSpec
from modelmap.plumbing.layout import Layout
from modelmap.plumbing.tables import read_table


def with_all_texts(
    added: Sequence[ModelSpec], others: Sequence[str], layout: Layout
) -> SegmentLogliks:
    """Return the log-likelihoods of models on all texts: `others`, and then `added`.

    Those of `others` are in data/segments.safetensors, and those of `added` in data/few_texts,
    where the study few_texts has written them.
    """
    segments = read_segments(layout.segments, layout.segment_table).of(others)
    table = read_table(layout.segment_table, SEGMENTS)
    rows = [row[None] for row in segment_rows(added, table, None, layout.few_texts)]
    return replace(
        segments,
        loglik_nats=np.concatenate([segments.loglik_nats, *rows]),
        models=[*others, *(spec.name for spec in added)],
    )
