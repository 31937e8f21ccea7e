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
from modelmap.matrix.file import read_matrix
from modelmap.matrix.rows import read_rows
from modelmap.matrix.segments_file import read_segments
from modelmap.matrix.tables import CATEGORY_BITS
from modelmap.models.file import roster_text
from modelmap.models.spec import ModelSpec
from modelmap.plumbing.errors import UserError
from modelmap.plumbing.layout import Layout
from modelmap.plumbing.tables import read_table, write_table
from modelmap.score.identity import Identity
from modelmap.score.store import read_index, read_scores, write_index, write_scores
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


def on_some_texts(layout: Layout, text_ids: list[int], number: int) -> list[ModelSpec]:
    """Return the specs, of which the last has `number` texts and scores of these ones."""
    spec = SPECS[3].model_copy(update={"texts": number})
    text_set = text_set_hash(TEXTS["text"][text_ids])
    identity = Identity("files", "d", "t", "own", "float32", None, "auto", None, text_set, 2)
    frame, _ = read_scores(layout.scores / "d.parquet")
    frame = frame[frame["text_id"].isin(text_ids)].reset_index(drop=True)
    facts: dict[str, object] = {"n_params": 9, "added_bos": True}
    write_scores(frame, layout.scores / "d.parquet", identity, facts)
    write_index(layout.scores, {**read_index(layout.scores), "d.parquet": identity.fingerprint})
    return [*SPECS[:3], spec]


def test_a_model_on_some_texts_has_no_value_on_the_others(layout: Layout) -> None:
    """Its row is NaN there, and the table of the models has its number of texts."""
    specs = on_some_texts(layout, [1, 3], 2)
    rows = read_rows(specs, TEXTS, None, layout)
    np.testing.assert_array_equal(rows.loglik_nats[3], [np.nan, -4, np.nan, -6])
    assert rows.models["n_texts"].tolist() == [4, 4, 4, 2]
    with pytest.raises(UserError, match="d was scored on other texts; run"):
        read_rows([*SPECS[:3], specs[3].model_copy(update={"texts": 3})], TEXTS, None, layout)
    with pytest.raises(UserError, match="d was scored on other texts; run"):
        read_rows(SPECS, TEXTS, None, layout)
    with pytest.raises(UserError, match="names no models with all texts"):
        read_rows(specs[3:], TEXTS, None, layout)


def test_the_matrix_has_the_models_with_all_texts(layout: Layout) -> None:
    """The other is in the segments, in the table of the models and in the bits per byte."""
    texts = TEXTS.assign(category=["a", "b", "a", "b"])
    write_table(texts, TEXTS_SCHEMA, layout.texts)
    layout.roster.write_text(roster_text(on_some_texts(layout, [1, 3], 2)))
    layout.resolved.write_text("{matrix: {clip_quantile: 0.02}, imported: {}}")
    stage.run(layout)
    assert read_matrix(layout.matrix).models == ["a", "b", "c"]
    found = read_segments(layout.segments, layout.segment_table)
    assert found.models == ["a", "b", "c", "d"]
    unscored = np.isnan(np.add.reduceat(found.loglik_nats[3], found.first))
    assert unscored.tolist() == [True, False, True, False]
    bits = read_table(layout.category_bits, CATEGORY_BITS).query("model == 'd'")
    assert bits["n_texts"].tolist() == [0, 2]
    n_bytes = texts["n_bytes"][[1, 3]].sum()
    assert bits["bits_per_byte"].tolist() == pytest.approx(
        [np.nan, 10 / (n_bytes * np.log(2))], nan_ok=True
    )


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
