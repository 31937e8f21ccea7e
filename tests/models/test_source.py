"""Where the files of a model are looked for, and that what is no file is never opened."""

import os
from pathlib import Path

import pytest
from helpers.damage import check_line

from modelmap.models.source import content_hashes, local_files
from modelmap.models.spec import ModelSpec
from modelmap.plumbing.errors import UserError
from modelmap.plumbing.layout import Layout

KEYS = {"name": "mine", "family": "f", "kind": "base"}


@pytest.mark.parametrize(
    ("source", "there", "wanted"),
    [
        ("gguf", "pipe", "a file"),
        ("gguf", "folder", "a file"),
        ("directory", "pipe", "a directory"),
        ("directory", "file", "a directory"),
    ],
)
def test_a_location_of_another_kind_is_refused(
    tmp_path: Path, source: str, there: str, wanted: str
) -> None:
    """A pipe would be waited for without end, and a folder's hash is not that of a file."""
    path = tmp_path / "model"
    if there == "pipe":
        os.mkfifo(path)
    elif there == "folder":
        path.mkdir()
    else:
        path.touch()
    spec = ModelSpec.model_validate({**KEYS, "source": source, "location": "model"})
    with pytest.raises(UserError) as caught:
        local_files(spec, Layout(tmp_path))
    assert str(caught.value) == (
        f"model mine: model is not {wanted}; correct its location in conf/models"
    )


@pytest.mark.parametrize(
    "name", ["model.safetensors", "config.json", "tokenizer.json", "model.safetensors.index.json"]
)
def test_a_pipe_in_a_directory_is_refused(tmp_path: Path, name: str) -> None:
    """Whatever its name, it is not opened, because reading it might never end."""
    os.mkfifo(tmp_path / name)
    with pytest.raises(
        UserError, match=f"has entries that are not files: {name}; remove"
    ) as caught:
        content_hashes(tmp_path)
    check_line(str(caught.value))
