"""A bundle is taken whole and unchanged, by its manifest, or refused in one line."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from modelmap.plumbing.errors import UserError
from modelmap.published.manifest import (
    FILES,
    Manifest,
    copy_files,
    described_files,
    read_manifest,
    write_manifest,
)

CONTENT: dict[str, Any] = {
    "format": 3,
    "values": "own",
    "unit": "nats",
    "rule": "prefixed",
    "n_models": 5,
    "n_texts": 7,
    "n_withheld": 1,
    "n_segment_texts": 3,
    "mean_bytes": 900.1,
    "clip_threshold_nats": -1412.3424912643432,
    "text_set": "0" * 64,
    "by_category": False,
    "max_bytes": 1024,
    "max_document_bytes": None,
    "analysis": {
        "matrix": {"clip_quantile": 0.02},
        "divergence": {"estimate": "mixture"},
        "map": {
            **{"seed": 42, "metric": "sqeuclidean", "algorithm": "exact"},
            **{"early_exaggeration": 12.0, "max_perplexity": 30.0, "max_iter": 2000},
        },
        "plan": {"seed": 42, "size_measure": "kl", "even_share": 0.1},
    },
}


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """Return a bundle of tables that hold nothing of sense."""
    folder = tmp_path / "bundle"
    folder.mkdir()
    for name in FILES:
        (folder / name).write_text(name)
    write_manifest(Manifest(**{**CONTENT, **described_files(folder)}), folder)
    return folder


def take(bundle: Path, target: Path) -> None:
    """Read a bundle's manifest and copy its tables."""
    copy_files(bundle, read_manifest(bundle), target)


def told_by(bundle: Path, target: Path | None = None) -> str:
    """Return the one line that a bundle is refused with."""
    with pytest.raises(UserError) as caught:
        take(bundle, target or bundle)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def changed(bundle: Path, **changes: object) -> Path:
    """Change keys of a bundle's manifest, away with those that are None."""
    path = bundle / "manifest.json"
    content = {**json.loads(path.read_text()), **changes}
    kept = {key: value for key, value in content.items() if key not in changes or value is not None}
    path.write_text(json.dumps(kept))
    return bundle


def test_a_manifest_comes_back_with_every_digit(bundle: Path, tmp_path: Path) -> None:
    """And the files are copied byte by byte."""
    manifest = read_manifest(bundle)
    assert manifest.model_dump(exclude={"sha256", "file_bytes"}) == CONTENT
    (tmp_path / "copy").mkdir()
    copy_files(bundle, manifest, tmp_path / "copy")
    assert {path.name: path.read_text() for path in (tmp_path / "copy").iterdir()} == {
        name: name for name in FILES
    }


def test_the_same_bundle_has_the_same_manifest(bundle: Path) -> None:
    """Keys are sorted and there is no time in it."""
    before = (bundle / "manifest.json").read_bytes()
    write_manifest(read_manifest(bundle), bundle)
    assert (bundle / "manifest.json").read_bytes() == before
    keys = list(json.loads(before))
    assert keys == sorted(keys)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"extra": 1}, "bundle/manifest.json: extra: Extra inputs are not permitted"),
        ({"unit": "bits"}, "bundle/manifest.json: unit: Input should be 'nats'"),
        (
            {"format": 4},
            "bundle/manifest.json has format 4, and this version of modelmap reads formats up",
        ),
        ({"format": 0}, "bundle/manifest.json: format: Input should be 1, 2 or 3"),
        ({"n_texts": None}, "bundle/manifest.json: n_texts: Field required"),
        ({"text_set": "x"}, "bundle/manifest.json: text_set: String should match pattern"),
        ({"n_models": -4}, "bundle/manifest.json: n_models: Input should be greater than"),
        ({"n_texts": -7}, "bundle/manifest.json: n_texts: Input should be greater than"),
        ({"n_withheld": -1}, "bundle/manifest.json: n_withheld: Input should be greater than"),
        ({"mean_bytes": -900.1}, "bundle/manifest.json: mean_bytes: Input should be greater than"),
        ({"mean_bytes": -(10**400)}, "bundle/manifest.json: mean_bytes: Input should be a"),
        ({"clip_threshold_nats": 5}, "bundle/manifest.json: clip_threshold_nats: Input should"),
        ({"max_bytes": -1}, "bundle/manifest.json: max_bytes: Input should be greater than"),
        ({"max_document_bytes": -1}, "bundle/manifest.json: max_document_bytes: Input should"),
        ({"analysis": {"models": []}}, "bundle/manifest.json: analysis.matrix: Field required"),
        ({"analysis": {"map": 7}}, "bundle/manifest.json: analysis.matrix: Field required"),
        ({"analysis": []}, "bundle/manifest.json: analysis: Input should be a valid dict"),
    ],
)
def test_wrong_keys_are_told(bundle: Path, changes: dict[str, object], told: str) -> None:
    """Unknown ones, missing ones and those of another kind."""
    assert told_by(changed(bundle, **changes)).startswith(told)


@pytest.mark.parametrize("name", ["../../secret.parquet", "/etc/passwd", "a/../texts.parquet"])
def test_names_that_lead_elsewhere_are_refused(bundle: Path, name: str) -> None:
    """A manifest names the files of a bundle and nothing else."""
    digests = json.loads((bundle / "manifest.json").read_text())["sha256"]
    told = told_by(changed(bundle, sha256={**digests, name: "0" * 64}))
    assert f"sha256.{name}" in told
    assert "Input should be 'map.parquet'" in told


def test_a_missing_digest_is_told(bundle: Path) -> None:
    """No table goes unchecked."""
    digests = json.loads((bundle / "manifest.json").read_text())["sha256"]
    del digests["plan.parquet"]
    assert "sha256: Value error, has no plan.parquet" in told_by(changed(bundle, sha256=digests))


def test_links_missing_and_changed_tables_are_all_listed(bundle: Path, tmp_path: Path) -> None:
    """Even a link to the right bytes, which may change after they are checked."""
    (bundle / "map.parquet").rename(tmp_path / "elsewhere")
    (bundle / "map.parquet").symlink_to(tmp_path / "elsewhere")
    (bundle / "models.parquet").unlink()
    (bundle / "plan.parquet").write_text("plan.parque")
    assert told_by(bundle, tmp_path) == (
        "bundle: map.parquet is a link, models.parquet is missing, plan.parquet does not have "
        "the sha256 in manifest.json; copy the files of the bundle again"
    )


def test_files_of_segments_are_listed_if_there_are_some(bundle: Path) -> None:
    """Both, and none of them without a number of texts; each with its size."""
    content = json.loads((bundle / "manifest.json").read_text())
    digests, sizes = content["sha256"], content["file_bytes"]
    told = told_by(changed(bundle, n_segment_texts=0))
    assert "sha256: Value error, has segments.parquet, segments.safetensors, and n_segm" in told
    assert "file_bytes: Value error, has segments.parquet, segments.safetensors, and n_segm" in told
    del digests["segments.parquet"], sizes["segments.safetensors"]
    told = told_by(changed(bundle, n_segment_texts=3, sha256=digests, file_bytes=sizes))
    assert "sha256: Value error, has no segments.parquet" in told
    assert "file_bytes: Value error, has no segments.safetensors" in told


def test_a_wrong_size_is_told(bundle: Path, tmp_path: Path) -> None:
    """Though the digest is right: it would be written on the card."""
    sizes = json.loads((bundle / "manifest.json").read_text())["file_bytes"]
    changed(bundle, file_bytes={**sizes, "segments.safetensors": 7})
    assert told_by(bundle, tmp_path) == (
        "bundle: segments.safetensors does not have the size in manifest.json; copy the files of "
        "the bundle again"
    )


@pytest.mark.parametrize("content", ["", "{", "[1]", '{"a": 1, "a": 2}'])
def test_a_manifest_that_is_no_json_object_is_told(bundle: Path, content: str) -> None:
    """Torn, or of another kind."""
    (bundle / "manifest.json").write_text(content)
    assert told_by(bundle).startswith("bundle/manifest.json")


def test_a_manifest_that_is_a_link_is_told(bundle: Path, tmp_path: Path) -> None:
    """Wherever it leads, as a table that is a link."""
    (bundle / "manifest.json").rename(tmp_path / "elsewhere")
    (bundle / "manifest.json").symlink_to(tmp_path / "elsewhere")
    assert told_by(bundle) == ("bundle/manifest.json is a link: copy the files of the bundle again")


def test_a_manifest_that_is_a_pipe_is_not_waited_for(bundle: Path) -> None:
    """Reading it would never end."""
    (bundle / "manifest.json").unlink()
    os.mkfifo(bundle / "manifest.json")
    assert told_by(bundle) == "bundle is not a bundle: it has no manifest.json"


def test_a_folder_without_a_manifest_is_no_bundle(tmp_path: Path) -> None:
    """It is said so."""
    (tmp_path / "x").mkdir()
    assert told_by(tmp_path / "x") == "x is not a bundle: it has no manifest.json"
