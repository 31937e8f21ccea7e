"""How many weights a model's files hold."""

import json
import os
from pathlib import Path

import pytest
from helpers.tiny_models import ARCHITECTURES, tiny_model

from modelmap.models.weights import count_weights
from modelmap.zoo.settings import Architecture


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_weights_are_counted_in_the_headers(architecture: Architecture, tmp_path: Path) -> None:
    """Of a saved model as many as the model has, whatever their dtype."""
    model = tiny_model(architecture)
    model.half().save_pretrained(tmp_path)
    assert count_weights(tmp_path) == model.num_parameters()


def test_files_that_tell_nothing_count_by_their_size(tmp_path: Path) -> None:
    """Pickled and damaged files have two bytes a weight, a GGUF 1.5 weights a byte; never none."""
    assert count_weights(tmp_path) == 1
    (tmp_path / "pytorch_model.bin").write_bytes(bytes(600))
    assert count_weights(tmp_path) == 300
    (tmp_path / "model.safetensors").write_bytes(b"\xff" * 400)
    assert count_weights(tmp_path) == 500
    (tmp_path / "model.safetensors").write_bytes((2**45).to_bytes(8, "little") + b"{}" * 196)
    assert count_weights(tmp_path) == 500
    (tmp_path / "small.gguf").write_bytes(bytes(1000))
    assert count_weights(tmp_path / "small.gguf") == 1500


def test_what_is_no_file_is_not_opened(tmp_path: Path) -> None:
    """A hidden pipe is no part of the model's hash, and would be waited for without end."""
    for name in (".hidden.safetensors", ".hidden.bin"):
        os.mkfifo(tmp_path / name)
    assert count_weights(tmp_path) == 1


def test_a_wild_shape_counts_as_many_weights_as_the_file_can_hold(tmp_path: Path) -> None:
    """At four bits each: a number of any size would stop the scoring of all models."""
    shape = [2**62] * 30
    header = json.dumps({"a": {"dtype": "F32", "shape": shape, "data_offsets": [0, 8]}}).encode()
    content = len(header).to_bytes(8, "little") + header + bytes(8)
    (tmp_path / "model.safetensors").write_bytes(content)
    assert count_weights(tmp_path) == 2 * len(content)
