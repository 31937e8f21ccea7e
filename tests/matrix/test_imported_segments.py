"""Imported log-likelihoods of segments are rows of data/segments.safetensors, if they are right."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from helpers.score_project import text_table
from safetensors.numpy import save_file

from modelmap.matrix.segments import segment_rows, segment_table
from modelmap.matrix.segments_file import SegmentLogliks, read_segments, write_segments
from modelmap.matrix.tables import SEGMENTS
from modelmap.models.spec import ModelSpec
from modelmap.plumbing.errors import UserError
from modelmap.plumbing.layout import Layout
from modelmap.plumbing.tables import write_table
from modelmap.score.identity import Identity
from modelmap.score.store import write_scores

TEXTS = text_table(3)
TABLE = segment_table(TEXTS)
FIRST = np.flatnonzero(TABLE["segment"] == 0)


def model(name: str, source: str) -> ModelSpec:
    """Return a model of a source."""
    entry = {"name": name, "source": source, "location": name, "family": "f", "kind": "base"}
    return ModelSpec.model_validate(entry)


def write_own_scores(path: Path) -> None:
    """Write a score file in which every segment has a log-likelihood of -2 nats."""
    lengths = np.diff(FIRST, append=len(TABLE))
    frame = pd.DataFrame(
        {
            "text_id": TEXTS["text_id"],
            "loglik_nats": -2.0 * lengths,
            "n_tokens": lengths,
            "truncated": False,
            "lossless": True,
            "scored_from": 0,
            "scored_to": TEXTS["n_bytes"],
            "segments_nats": [np.full(n, -2, dtype=np.float32) for n in lengths],
        }
    )
    identity = Identity("files", "r", "t", "own", "float32", None, "auto", None, "0" * 64, 3)
    write_scores(frame, path, identity, {"n_params": 9, "added_bos": True})


def test_imported_and_own_models_may_alternate(tmp_path: Path) -> None:
    """Each row is its model's own, in the order of the roster."""
    layout = Layout(tmp_path)
    own = model("own", "directory")
    write_own_scores(layout.scores / own.file_name)
    brought = -np.arange(2 * len(TABLE), dtype=np.float32).reshape(2, -1)
    imported = SegmentLogliks(brought, ["x", "y"], FIRST, TABLE["n_bytes"].to_numpy(), "0" * 64)
    specs = [model("y", "imported"), own, model("x", "imported")]
    rows = np.stack(list(segment_rows(specs, TABLE, imported, layout.scores)))
    np.testing.assert_array_equal(rows, np.stack([brought[1], np.full(len(TABLE), -2), brought[0]]))


VALUES = np.zeros((1, len(TABLE)), dtype=np.float32)
WRONG_FILES: dict[str, tuple[dict[str, np.ndarray], dict[str, str] | None]] = {
    "another tensor": ({"values": VALUES}, {"models": '["a"]', "text_set": "x"}),
    "a second tensor": ({"a": VALUES, "loglik_nats": VALUES}, {"models": '["a"]', "text_set": "x"}),
    "other numbers": (
        {"loglik_nats": VALUES.astype(np.float64)},
        {"models": '["a"]', "text_set": "x"},
    ),
    "no metadata": ({"loglik_nats": VALUES}, None),
    "no models": ({"loglik_nats": VALUES}, {"text_set": "x"}),
    "models that are no list": ({"loglik_nats": VALUES}, {"models": '{"a": 1}', "text_set": "x"}),
    "models that are no names": ({"loglik_nats": VALUES}, {"models": "[1]", "text_set": "x"}),
    "models nested too deep": (
        {"loglik_nats": VALUES},
        {"models": "[" * 100_000, "text_set": "x"},
    ),
}


@pytest.mark.parametrize("name", list(WRONG_FILES))
def test_a_file_of_another_kind_is_refused(tmp_path: Path, name: str) -> None:
    """A file of segments has one tensor of float32, the names of models and a text set."""
    layout = Layout(tmp_path)
    write_table(TABLE, SEGMENTS, layout.segment_table)
    tensors, metadata = WRONG_FILES[name]
    save_file(tensors, layout.segments, metadata)
    with pytest.raises(UserError) as caught:
        read_segments(layout.segments, layout.segment_table)
    assert str(caught.value) == "segments.safetensors is damaged: run `dvc repro matrix`"


def test_a_file_of_fewer_models_than_rows_is_refused(tmp_path: Path) -> None:
    """Names would be those of other rows."""
    layout = Layout(tmp_path)
    write_table(TABLE, SEGMENTS, layout.segment_table)
    save_file(
        {"loglik_nats": np.repeat(VALUES, 2, axis=0)},
        layout.segments,
        {"models": json.dumps(["a"]), "text_set": "x"},
    )
    with pytest.raises(UserError, match=r"is not of the segments of segments\.parquet"):
        read_segments(layout.segments, layout.segment_table)


def test_a_file_without_models_or_segments_has_no_values(tmp_path: Path) -> None:
    """It cannot be mapped into memory, and need not be."""
    layout = Layout(tmp_path)
    write_table(TABLE, SEGMENTS, layout.segment_table)
    write_segments([], [], len(TABLE), "x", layout.segments)
    assert read_segments(layout.segments, layout.segment_table).loglik_nats.shape[0] == 0
    write_table(TABLE.iloc[:0], SEGMENTS, layout.segment_table)
    write_segments(VALUES[:, :0], ["a"], 0, "x", layout.segments)
    assert read_segments(layout.segments, layout.segment_table).loglik_nats.shape == (1, 0)
