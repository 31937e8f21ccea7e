"""A score file is taken for its own model only, and as it was written."""

import shutil
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from helpers.score_project import text_table
from helpers.tables import score_table

from modelmap.matrix import stage
from modelmap.matrix.rows import read_rows
from modelmap.models.file import roster_text
from modelmap.models.spec import ModelSpec
from modelmap.plumbing.errors import UserError
from modelmap.plumbing.layout import Layout
from modelmap.plumbing.tables import write_table
from modelmap.score.identity import Identity
from modelmap.score.store import read_scores, write_index, write_scores
from modelmap.texts.tables import TEXTS as TEXTS_SCHEMA
from modelmap.texts.text_set import text_set_hash

TEXTS = text_table(4)
SPECS = [
    ModelSpec(name=name, source="directory", location=name, family=name, kind="base")
    for name in ("a", "b", "c", "d")
]


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    """Return a project with scores of four models."""
    made = Layout(tmp_path)
    write_made_up(made, {})
    return made


def write_made_up(made: Layout, changed: Mapping[str, pd.DataFrame]) -> None:
    """Write the scores of four models, some of them changed."""
    fingerprints = {}
    for i, spec in enumerate(SPECS):
        text_set = text_set_hash(TEXTS["text"])
        identity = Identity(
            "files", spec.name, "t", "own", "float32", None, "auto", None, text_set, 2
        )
        frame = score_table(list(TEXTS["text"]), -1.0 * i - np.arange(4))
        facts: dict[str, object] = {"n_params": 9, "added_bos": True}
        frame = changed.get(spec.name, frame)
        write_scores(frame, made.scores / spec.file_name, identity, facts)
        fingerprints[spec.file_name] = identity.fingerprint
    write_index(made.scores, fingerprints)


def test_the_scores_of_each_model_are_a_row(layout: Layout) -> None:
    """In the order of the roster."""
    assert read_rows(SPECS[::-1], TEXTS, None, layout).loglik_nats[:, 0].tolist() == [-3, -2, -1, 0]


def test_another_models_file_in_a_models_place_is_refused(layout: Layout) -> None:
    """Its values are whole, and not those of this model."""
    shutil.copyfile(layout.scores / "a.parquet", layout.scores / "b.parquet")
    with pytest.raises(UserError, match="scores: b has those of another model; run `dvc repro"):
        read_rows(SPECS, TEXTS, None, layout)


def test_segments_that_are_refused_leave_all_tables_of_the_stage(layout: Layout) -> None:
    """The earlier results of the stage matrix stay, byte by byte."""
    write_table(TEXTS, TEXTS_SCHEMA, layout.texts)
    layout.roster.write_text(roster_text(SPECS))
    layout.resolved.write_text("{matrix: {clip_quantile: 0.02}, imported: {}}")
    stage.run(layout)
    files = (layout.matrix, layout.segments, layout.segment_table, layout.models)
    before = [path.read_bytes() for path in files]
    frame, _ = read_scores(layout.scores / "c.parquet")
    write_made_up(layout, {"c": frame.assign(loglik_nats=frame["loglik_nats"] - 1)})
    with pytest.raises(UserError, match="scores of c: segments do not add up to texts 0, 1, 2, 3"):
        stage.run(layout)
    assert [path.read_bytes() for path in files] == before


@pytest.mark.parametrize("key", ["facts", "identity", "fingerprint"])
def test_edited_metadata_is_refused(layout: Layout, key: str) -> None:
    """The digest covers what is recorded of the scores, not only their values."""
    path = layout.scores / "a.parquet"
    table = pq.read_table(path)
    metadata = dict(table.schema.metadata)
    metadata[key.encode()] = metadata[key.encode()].replace(b"9", b"8").replace(b"a", b"b")
    pq.write_table(table.replace_schema_metadata(metadata), path)
    with pytest.raises(UserError, match=r"a\.parquet is not as it was written"):
        read_scores(path)
