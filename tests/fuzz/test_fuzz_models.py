"""Models from outside are known, or told in one line, before anything long or large begins."""

import struct
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers.damage import ODD_VALUES, check_line, damaged, fuzzed, read_or_refused
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from modelmap.models.gguf import convert_gguf
from modelmap.models.gguf_header import check_gguf
from modelmap.models.load import load_model
from modelmap.models.source import local_files
from modelmap.models.spec import Models, ModelSpec
from modelmap.plumbing.errors import UserError
from modelmap.plumbing.files import checked
from modelmap.plumbing.layout import Layout
from modelmap.zoo.settings import Descendants

NAMES = st.one_of(
    st.text(max_size=12),
    st.sampled_from(
        ["..", "../a", "/a", "a/..", "a/../b", "a//b", ".a", "a\n", "a\0", "a__b", "x" * 300]
    ),
    st.text("a./_-", max_size=8),
)
SPEC = {"source": "directory", "location": "m", "family": "f", "kind": "base"}


@pytest.fixture(scope="module")
def gguf(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Return a small right GGUF: keys of many kinds and two tensors."""
    from gguf import GGUFWriter

    path = tmp_path_factory.mktemp("gguf") / "right.gguf"
    writer = GGUFWriter(path, "llama")
    writer.add_uint32("llama.block_count", 1)
    writer.add_float32("llama.rope.freq_base", 1e4)
    writer.add_bool("tokenizer.ggml.add_bos_token", True)
    writer.add_array("tokenizer.ggml.tokens", ["a", "b", "é"])
    writer.add_array("tokenizer.ggml.scores", [0.5, 1.5, 2.5])
    writer.add_tensor("token_embd.weight", np.arange(96, dtype=np.float32).reshape(3, 32))
    writer.add_tensor("blk.0.ssm_d.weight", np.ones(32, np.float16))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path.read_bytes()


def passes(path: Path) -> bool:
    """Return that a file's header was checked and found right."""
    check_gguf(path)
    return True


def test_a_right_gguf_passes(tmp_path: Path, gguf: bytes) -> None:
    """What is damaged below is right before."""
    (tmp_path / "m.gguf").write_bytes(gguf)
    check_gguf(tmp_path / "m.gguf")


@pytest.mark.parametrize(
    ("place", "kind", "value", "message"),
    [
        (0, "4s", b"GGML", "does not begin with GGUF"),
        (4, "I", 1, "version 1"),
        (4, ">I", 3, "version 50331648"),
        (8, "Q", 2**60, "cut short"),
        (16, "Q", 2**60, "cut short"),
        (24, "Q", 2**63, "cut short"),
    ],
)
def test_a_wild_number_in_a_gguf_is_told(
    tmp_path: Path, gguf: bytes, place: int, kind: str, value: Any, message: str
) -> None:
    """Magic, version, the number of tensors and of keys, and a text's length."""
    changed = bytearray(gguf)
    form = kind if kind.startswith(">") else f"<{kind}"
    struct.pack_into(form, changed, place, value)
    path = tmp_path / "m.gguf"
    path.write_bytes(changed)
    pattern = r"^m\.gguf is not a complete GGUF file \(.*" + message
    with pytest.raises(UserError, match=pattern) as caught:
        check_gguf(path)
    check_line(str(caught.value))


def test_a_gguf_cut_anywhere_is_told_and_converts_to_nothing(tmp_path: Path, gguf: bytes) -> None:
    """Header, keys, names and tensors: no beginning of the file passes for it."""
    path = tmp_path / "m.gguf"
    for length in range(0, len(gguf) - 64, 31):
        path.write_bytes(gguf[:length])
        assert read_or_refused(lambda: passes(path), "m.gguf") is None
    assert read_or_refused(lambda: convert_gguf(path, tmp_path / "target"), "m.gguf") is None
    assert [item.name for item in tmp_path.iterdir()] == ["m.gguf"]


@fuzzed(50)
@given(data=st.data())
def test_a_damaged_gguf_is_checked_or_told(
    tmp_path: Path, gguf: bytes, data: st.DataObject
) -> None:
    """Whatever passes can be read whole by the reader that transformers uses, or is refused."""
    from gguf import GGUFReader

    path = tmp_path / "m.gguf"
    path.write_bytes(data.draw(damaged(gguf)))
    if read_or_refused(lambda: passes(path), "m.gguf"):
        try:
            tensors = GGUFReader(path).tensors
        except (ValueError, KeyError, IndexError, TypeError):
            return
        assert sum(tensor.data.nbytes for tensor in tensors) <= path.stat().st_size * len(tensors)


def test_a_gguf_of_no_known_model_is_told_and_leaves_nothing(tmp_path: Path, gguf: bytes) -> None:
    """Its header is right, but there is no model of one tensor."""
    pytest.importorskip("torch")
    (tmp_path / "m.gguf").write_bytes(gguf)
    assert (
        read_or_refused(lambda: convert_gguf(tmp_path / "m.gguf", tmp_path / "t"), "m.gguf") is None
    )
    assert [item.name for item in tmp_path.iterdir()] == ["m.gguf"]


@pytest.mark.parametrize(
    "files",
    [
        {},
        {"config.json": b"{"},
        {"config.json": b'{"model_type": "no such kind"}'},
        {"config.json": b"[1]"},
        {"config.json": b'{"model_type": "llama"}', "tokenizer.json": b"[]"},
        {
            "config.json": b'{"model_type": "llama"}',
            "tokenizer.json": b'{"model": {"type": "BPE"}}',
        },
        {"config.json": b'{"model_type": "gpt2"}', "model.safetensors": b"\xff" * 64},
        {
            "config.json": b'{"model_type": "x", "auto_map": {"AutoConfig": "code.C"}}',
            "code.py": b"raise SystemExit('this ran')",
        },
    ],
)
def test_a_broken_model_directory_is_told_and_its_code_not_run(
    tmp_path: Path, files: dict[str, bytes]
) -> None:
    """Files that are torn, of another kind, or ask for code of their own."""
    pytest.importorskip("torch")
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    spec = ModelSpec.model_validate({**SPEC, "name": "mine"})
    assert read_or_refused(lambda: load_model(tmp_path, spec, "cpu"), "mine") is None


@fuzzed(50)
@given(name=NAMES)
def test_a_models_file_lies_in_its_folder(name: str) -> None:
    """No name leads out of data/scores, or to a name that no file can have."""
    models = read_or_refused(lambda: checked(Models, [{**SPEC, "name": name}], "models"), "models")
    if models is not None:
        file = models.root[0].file_name
        assert Path(file).name == file
        assert file.isprintable()
        assert len(file.encode()) <= 255


@fuzzed(50)
@given(category=NAMES)
def test_a_finetunes_directory_lies_in_the_zoo(category: str) -> None:
    """A category that names a directory is part of a name, not of a path."""
    content = {"finetunes": [category]}
    below = read_or_refused(lambda: checked(Descendants, content, "conf/zoo"), "conf/zoo")
    assert below is None or Path(f"base-{category}").name == f"base-{category}"


@fuzzed(50)
@given(location=st.text(max_size=8) | st.text("./:~a\0", max_size=2000))
def test_any_location_is_found_or_told(tmp_path: Path, location: str) -> None:
    """Directories, files in packages, and places that cannot be."""
    for source in ("directory", "gguf", "zoo"):
        entry = {**SPEC, "name": "mine", "source": source, "location": location, "version": "1"}
        specs = read_or_refused(partial(checked, Models, [entry], "models"), "models")
        if specs is not None:
            (spec,) = specs.root
            read_or_refused(partial(local_files, spec, Layout(tmp_path)), "mine")


@fuzzed(50)
@given(entry=st.dictionaries(st.sampled_from(list(ModelSpec.model_fields)), ODD_VALUES))
def test_odd_entries_of_models_are_told(entry: dict[str, Any]) -> None:
    """Any value in any key of a model."""
    content = [{**SPEC, "name": "mine", **entry}]
    models = read_or_refused(lambda: checked(Models, content, "models"), "models")
    assert models is None or TypeAdapter(Models).dump_json(models)
