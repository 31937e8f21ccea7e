"""Published files and bundles are read, or told in one line by their file."""

import json
import pickle
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from helpers.damage import ODD_VALUES, damaged, fuzzed, read_or_refused, with_odd_values
from hypothesis import given
from hypothesis import strategies as st

from modelmap.matrix.segments import segment_table
from modelmap.matrix.segments_file import read_segments, write_segments
from modelmap.matrix.tables import SEGMENTS
from modelmap.plumbing.tables import write_table
from modelmap.published.manifest import FILES, copy_files, read_manifest
from modelmap.published.models import model_table, read_metadata
from modelmap.published.texts import read_texts
from modelmap.published.vectors import read_vectors, stacked

VECTORS = {"org/a": np.arange(-3.0, 0), "b": np.arange(-3, 0, dtype=np.float32), "c": [-1.0] * 3}
METADATA = [
    {"model_name": "org/a", "model_type": "llama", "created_at": datetime(2024, 1, 2)},
    {"model_name": "b", "model_size": np.float64(1.5), "created_at": "2024-01-02T03:04:05Z"},
]
LINES = [
    {"index": i, "pile_idx": i, "chunk_idx": 0, "pile_set_name": "Pile-CC", "text": "é" * (i + 1)}
    for i in range(3)
]
MANIFEST: dict[str, Any] = {
    **{
        "format": 2,
        "n_segment_texts": 2,
        "values": "own",
        "unit": "nats",
        "n_models": 4,
        "n_texts": 3,
    },
    **{"n_withheld": 0, "mean_bytes": 9.5, "clip_threshold_nats": -9.0, "text_set": "0" * 64},
    **{"by_category": False, "max_bytes": 1024, "max_document_bytes": None},
    "analysis": {
        "matrix": {"clip_quantile": 0.02},
        "divergence": {"estimate": "mixture"},
        "map": {
            **{"seed": 1, "metric": "sqeuclidean", "algorithm": "exact", "max_iter": 2000},
            **{"early_exaggeration": 12.0, "max_perplexity": 30.0},
        },
        "plan": {"seed": 1, "size_measure": "kl", "even_share": 0.1},
    },
    "sha256": dict.fromkeys(FILES, "0" * 64),
    "file_bytes": dict.fromkeys(FILES, 1000),
}
PROTOCOLS = st.sampled_from([2, 3, 4, 5])


def write_pickle(data: st.DataObject, right: object, path: Path) -> None:
    """Write a pickle of what is right, of odd values in its place, or damaged."""
    content = data.draw(st.just(right) | with_odd_values(right) | ODD_VALUES)
    pickled = pickle.dumps(content, data.draw(PROTOCOLS))
    path.write_bytes(data.draw(st.just(pickled) | damaged(pickled)))


@fuzzed(40)
@given(data=st.data())
def test_damaged_or_odd_vectors_are_read_or_told(tmp_path: Path, data: st.DataObject) -> None:
    """The dict of log-likelihoods, with other bytes or other values in any place."""
    path = tmp_path / "vectors.pkl"
    write_pickle(data, VECTORS, path)
    vectors = read_or_refused(lambda: read_vectors(path))
    if vectors is not None:
        matrix = read_or_refused(lambda: stacked(vectors, 3, path.name), path.name)
        assert matrix is None or (np.isfinite(matrix).all() and matrix.shape == (len(vectors), 3))


@fuzzed(40)
@given(data=st.data())
def test_damaged_or_odd_metadata_is_read_or_told(tmp_path: Path, data: st.DataObject) -> None:
    """The list of models, with other bytes or other values in any place."""
    path = tmp_path / "metadata.pkl"
    write_pickle(data, METADATA, path)
    metadata = read_or_refused(lambda: read_metadata(path))
    if metadata:
        assert len(model_table(list(metadata), metadata)) == len(metadata)


@fuzzed(40)
@given(data=st.data())
def test_damaged_or_odd_texts_are_read_or_told(tmp_path: Path, data: st.DataObject) -> None:
    """The texts, with other bytes or other values in any place."""
    rows = data.draw(st.just(LINES) | with_odd_values(LINES))
    right = "".join(json.dumps(row) + "\n" for row in rows).encode()
    path = tmp_path / "texts.jsonl"
    path.write_bytes(data.draw(st.just(right) | damaged(right)))
    texts = read_or_refused(lambda: read_texts(path), "texts.jsonl")
    assert texts is None or texts["text_id"].tolist() == list(range(len(texts)))


@fuzzed(40)
@given(data=st.data())
def test_a_damaged_or_odd_manifest_is_read_or_told(tmp_path: Path, data: st.DataObject) -> None:
    """What a bundle says of itself; whatever it says, only its own files are copied."""
    right = json.dumps(data.draw(st.just(MANIFEST) | with_odd_values(MANIFEST))).encode()
    (tmp_path / "manifest.json").write_bytes(data.draw(st.just(right) | damaged(right)))
    manifest = read_or_refused(lambda: read_manifest(tmp_path), "manifest.json")
    if manifest is not None:
        assert read_or_refused(lambda: copy_files(tmp_path, manifest, tmp_path), "missing") is None


@fuzzed(60)
@given(data=st.data())
def test_a_damaged_file_of_segments_is_read_or_told(tmp_path: Path, data: st.DataObject) -> None:
    """Of models and segments as its header says, or told by the file's name."""
    path, table = tmp_path / "segments.safetensors", tmp_path / "segments.parquet"
    texts = pd.DataFrame({"text_id": [0, 1], "text": ["one two", "three"]})
    write_table(segment_table(texts), SEGMENTS, table)
    write_segments(np.zeros((2, 3), dtype=np.float32), ["a", "b"], 3, "0" * 64, path)
    path.write_bytes(data.draw(damaged(path.read_bytes())))
    found = read_or_refused(lambda: read_segments(path, table), path.name)
    assert found is None or np.asarray(found.loglik_nats).shape == (len(found.models), 3)


@pytest.mark.parametrize("name", ["../x.parquet", "/etc/passwd", "texts.parquet/../../x", "a\n"])
def test_a_manifest_of_other_files_is_told(tmp_path: Path, name: str) -> None:
    """A file's name is one of seven: no path leads out of the bundle."""
    content = {**MANIFEST, "sha256": {**MANIFEST["sha256"], name: "0" * 64}}
    (tmp_path / "manifest.json").write_text(json.dumps(content))
    assert read_or_refused(lambda: read_manifest(tmp_path), "manifest.json") is None
