"""A GGUF file in parts: fetched as pinned wheels, joined in order, and checked before use."""

from pathlib import Path
from zipfile import ZipFile

import pytest
from helpers.archives import pin_of, use_index, write_wheel
from helpers.damage import check_line
from helpers.tiny_gguf import write_gguf

from modelmap.models.prepare import prepared_directory
from modelmap.models.source import check_unchanged, local_files, revisions
from modelmap.models.spec import ModelSpec
from modelmap.plumbing.archives import sha256
from modelmap.plumbing.errors import UserError
from modelmap.plumbing.layout import Layout

pytestmark = pytest.mark.remote

PACKAGES = ("first", "second", "third")


@pytest.fixture
def entry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
    """Return the entry of a tiny GGUF file in three parts; the index has a wheel of each."""
    use_index(tmp_path / "index", monkeypatch)
    write_gguf(tmp_path / "whole.gguf")
    content = (tmp_path / "whole.gguf").read_bytes()
    third = len(content) // 3
    pieces = (content[:third], content[third : 2 * third], content[2 * third :])
    parts = []
    for name, piece in zip(PACKAGES, pieces, strict=True):
        wheel = write_wheel(tmp_path / "index", name, files={f"{name}/data/part.bin": piece})
        parts.append({"location": f"{name}:{name}/data/part.bin", **pin_of(wheel).model_dump()})
    return {
        **{"name": "tiny", "source": "gguf", "location": "joined.gguf", "family": "tiny"},
        **{"kind": "base", "sha256": sha256(tmp_path / "whole.gguf"), "parts": parts},
    }


def parts_of(entry: dict[str, object]) -> list[dict[str, str]]:
    """Return the parts of an entry, to change them."""
    parts = entry["parts"]
    assert isinstance(parts, list)
    return parts


def refused(entry: dict[str, object], layout: Layout) -> str:
    """Return the one line that the parts are refused with; no joined file is left."""
    with pytest.raises(UserError) as caught:
        local_files(ModelSpec.model_validate(entry), layout)
    check_line(str(caught.value))
    assert list(layout.archives.rglob("*.gguf")) == []
    assert list(layout.archives.rglob("*.part")) == []
    return str(caught.value)


def test_parts_are_joined_in_the_order_of_the_entry(
    tmp_path: Path, entry: dict[str, object]
) -> None:
    """The joined file is the whole one, and is loaded under its sha256 as any GGUF is."""
    spec, layout = ModelSpec.model_validate(entry), Layout(tmp_path)
    joined = local_files(spec, layout)
    assert joined.name == "joined.gguf"
    assert joined.read_bytes() == (tmp_path / "whole.gguf").read_bytes()
    revision, tokenizer = revisions(spec, layout)
    assert revision == tokenizer == entry["sha256"]
    assert (prepared_directory(spec, revision, layout) / "model.safetensors").is_file()


def test_a_joined_file_needs_its_packages_no_longer(
    tmp_path: Path, entry: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without archives and without an index it is used; its sha256 is checked each time."""
    spec, layout = ModelSpec.model_validate(entry), Layout(tmp_path)
    joined = local_files(spec, layout)
    for wheel in layout.archives.glob("*.whl"):
        wheel.unlink()
    use_index(tmp_path / "nothing", monkeypatch)
    assert local_files(spec, layout) == joined
    check_unchanged(spec, *revisions(spec, layout), layout)
    joined.write_bytes(joined.read_bytes()[:-1])
    with pytest.raises(UserError, match=r"^cannot download packages: first "):
        local_files(spec, layout)


def test_a_damaged_joined_file_is_joined_again(tmp_path: Path, entry: dict[str, object]) -> None:
    """Cut short or changed in one byte, as the archives are fetched again."""
    spec, layout = ModelSpec.model_validate(entry), Layout(tmp_path)
    joined = local_files(spec, layout)
    whole = joined.read_bytes()
    for damaged in (whole[:-10], b"", whole[:-1] + b"?"):
        joined.write_bytes(damaged)
        assert local_files(spec, layout).read_bytes() == whole


def test_parts_that_join_to_another_file_are_refused(
    tmp_path: Path, entry: dict[str, object]
) -> None:
    """In another order, with one left out, or with another sha256 of the joined file."""
    first, second, third = parts_of(entry)
    for change in (
        {"parts": [second, first, third]},
        {"parts": [first, third]},
        {"sha256": "0" * 64},
    ):
        wrong = {**entry, **change}
        told = refused(wrong, Layout(tmp_path))
        assert told.startswith(f"model tiny: its {len(parts_of(wrong))} parts joined have the sha")
        assert told.endswith(f", not {wrong['sha256']}; correct its entry in conf/models")


def test_a_package_without_the_part_is_told(tmp_path: Path, entry: dict[str, object]) -> None:
    """By the name of the model, of the package and of the file."""
    parts_of(entry)[1]["location"] = "second:second/data/gone.bin"
    assert refused(entry, Layout(tmp_path)) == (
        "model tiny: package second 1.0 has no file second/data/gone.bin; correct its entry in "
        "conf/models"
    )


def test_a_damaged_part_is_told(tmp_path: Path, entry: dict[str, object]) -> None:
    """A wheel that was published with a damaged file has the pinned sha256 all the same."""
    wheel = tmp_path / "index" / "second-1.0-py3-none-any.whl"
    content = bytearray(wheel.read_bytes())
    with ZipFile(wheel) as archive:
        place = archive.getinfo("second/data/part.bin").header_offset + 100
    content[place] ^= 1
    wheel.write_bytes(content)
    parts_of(entry)[1]["sha256"] = sha256(wheel)
    assert refused(entry, Layout(tmp_path)) == (
        "model tiny: package second 1.0: second/data/part.bin is damaged; correct its entry in "
        "conf/models"
    )


def test_all_packages_that_cannot_be_had_are_told(tmp_path: Path, entry: dict[str, object]) -> None:
    """One with another sha256 than the pinned one, one that the index does not have."""
    parts_of(entry)[0]["sha256"] = "0" * 64
    (tmp_path / "index" / "third-1.0-py3-none-any.whl").unlink()
    assert refused(entry, Layout(tmp_path)).startswith(
        "cannot download packages: first 1.0 (another sha256 than the pinned one); third 1.0 (the "
        "package index has no such wheel); check the network"
    )


def test_an_index_out_of_reach_is_told(
    tmp_path: Path, entry: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One line for all parts."""
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.delenv("PIP_FIND_LINKS")
    # No service listens on this port.
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    assert refused(entry, Layout(tmp_path)).startswith(
        "cannot download packages: first 1.0, second 1.0, third 1.0 (the package index cannot be "
        "reached); check the network"
    )
