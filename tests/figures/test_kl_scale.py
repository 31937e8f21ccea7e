"""The scale of divergences: which pairs are in which row, and what the caption says."""

import numpy as np
from helpers.figure_tables import inputs_of, made_up_contents

from modelmap.figures import kl_scale
from modelmap.figures.kl_scale import MIXTURE, PAPERS, ROWS

CONTENTS = made_up_contents({"a": 4, "b": 2}, ["code", "news"])
"""A base, a fine-tune, a quantised copy and a merge; and a base with a fine-tune."""


def test_every_pair_is_in_one_row() -> None:
    """By its relation, in the order of the rows."""
    axes = kl_scale.draw(inputs_of(CONTENTS)).axes[0]
    labels = [label.get_text() for label in axes.get_yticklabels()]
    relations = ("finetune", "merge", "quantised", "one family", "two families")
    assert labels == [ROWS[relation] for relation in relations]
    points = [len(np.asarray(drawn.get_offsets())) for drawn in axes.collections[::2]]
    # Two fine-tunes; a merge and a copy; three pairs of descendants; 4 x 2 pairs between families.
    assert points[::2] == [2, 1, 1, 3, 8]


def test_an_unknown_kind_has_a_row_of_its_own() -> None:
    """Before the rows of pairs without a parent."""
    kl = CONTENTS["kl.parquet"]
    kl = kl.assign(relation=kl["relation"].replace("merge", "distilled"))
    axes = kl_scale.draw(inputs_of({**CONTENTS, "kl.parquet": kl})).axes[0]
    labels = [label.get_text() for label in axes.get_yticklabels()]
    assert labels[2:] == ["distilled and its parent", ROWS["one family"], ROWS["two families"]]


def test_the_caption_has_the_medians_of_both_estimates() -> None:
    """By hand for the fine-tunes; without an estimate there are no brackets."""
    kl = CONTENTS["kl.parquet"].assign(**{MIXTURE: 0.5, PAPERS: 2.0})
    caption = kl_scale.caption(inputs_of({**CONTENTS, "kl.parquet": kl}))
    assert "fine-tune and its base 0.5 (2); merge and its parent 0.5 (2);" in caption
    kl = kl.assign(**{PAPERS: np.nan})
    caption = kl_scale.caption(inputs_of({**CONTENTS, "kl.parquet": kl}))
    assert "fine-tune and its base 0.5; merge" in caption


def test_identical_models_are_not_drawn() -> None:
    """There is no logarithm of 0."""
    kl = CONTENTS["kl.parquet"].assign(**{MIXTURE: 0.0})
    assert kl_scale.skip_reason(inputs_of({**CONTENTS, "kl.parquet": kl})) is not None
    assert kl_scale.skip_reason(inputs_of(CONTENTS)) is None
