"""On the command line damaged input ends in one line, status 1, and every file as it was."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from helpers.damage import check_line, damaged, fuzzed, with_odd_values
from helpers.tables import score_table
from hypothesis import given
from hypothesis import strategies as st

from modelmap.__main__ import main
from modelmap.plumbing.layout import Layout
from modelmap.plumbing.tables import read_table
from modelmap.score.identity import Identity
from modelmap.score.store import write_index, write_scores
from modelmap.texts.text_set import text_set_hash

NAMES = ["a", "org/b", "c", "d"]
ENTRY = {"source": "directory", "location": "m", "family": "f", "kind": "base"}
SECTIONS: dict[str, Any] = {
    "corpus": {
        **{"source": "jsonl", "path": "mine.jsonl", "min_bytes": 1, "max_bytes": 64},
        "train_share": 0.0,
    },
    "texts": {"n_texts": "all", "seed": 1},
    "imported": {},
    "matrix": {"clip_quantile": 0.02},
    "divergence": {
        **{"estimate": "mixture", "n_neighbours": 2, "linkage": "average", "confidence": 0.95}
    },
}
ROSTER: dict[str, Any] = {"models": [{**ENTRY, "name": name} for name in NAMES]}
INPUTS = {
    "corpus": ["resolved.yaml", "data/raw/mine.jsonl"],
    "texts": ["resolved.yaml", "data/corpus.parquet"],
    "matrix": ["resolved.yaml", "roster.yaml", "data/texts.parquet", "data/scores/a.parquet"],
    "divergence": [
        *("resolved.yaml", "data/matrix.parquet", "data/models.parquet"),
        *("data/segments.safetensors", "data/segments.parquet"),
    ],
}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a project of four models and twelve texts, with every file up to divergence."""
    root = tmp_path_factory.mktemp("project")
    layout = Layout(root)
    layout.resolved.write_text(yaml.safe_dump(SECTIONS))
    layout.roster.write_text(yaml.safe_dump(ROSTER))
    layout.raw.mkdir(parents=True)
    rows = [{"text": f"text {i} é", "document_id": i // 2, "category": "c"} for i in range(12)]
    (layout.raw / "mine.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    for stage in ("corpus", "texts"):
        assert main(["--root", str(root), "run", stage]) == 0
    write_made_up_scores(layout)
    for stage in ("matrix", "divergence"):
        assert main(["--root", str(root), "run", stage]) == 0
    return root


def write_made_up_scores(layout: Layout) -> None:
    """Write a score file for each model."""
    from modelmap.texts.tables import TEXTS

    texts = read_table(layout.texts, TEXTS)
    text_set = text_set_hash(texts["text"])
    rng = np.random.default_rng(0)
    fingerprints = {}
    for name in NAMES:
        frame = score_table(texts["text"].tolist(), -20 - rng.random(len(texts)))
        identity = Identity("files", name, "t", "own", "float32", None, "sdpa", None, text_set, 1)
        path = layout.scores / f"{name.replace('/', '__')}.parquet"
        write_scores(frame, path, identity, {"n_params": 9, "added_bos": True})
        fingerprints[path.name] = identity.fingerprint
    write_index(layout.scores, fingerprints)


def all_files(root: Path) -> dict[str, bytes]:
    """Return the bytes of every file, temporary ones too."""
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }


def check_run(root: Path, stage: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Run a stage, and where it fails check its line and that nothing was written."""
    before = all_files(root)
    capsys.readouterr()
    status = main(["--root", str(root), "run", stage])
    message = capsys.readouterr().err
    after = all_files(root)
    assert set(after) == set(before)
    if status:
        assert status == 1
        assert message.startswith(f"modelmap run {stage}: ")
        assert message.count("\n") == 1
        assert "unexpected" not in message
        check_line(message.rstrip("\n"))
        assert after == before


@fuzzed(40)
@given(data=st.data())
def test_damaged_input_ends_in_one_line_and_writes_nothing(
    project: Path, capsys: pytest.CaptureFixture[str], data: st.DataObject
) -> None:
    """Each stage's every input, with bytes changed, cut and put in."""
    stage = data.draw(st.sampled_from(list(INPUTS)))
    path = project / data.draw(st.sampled_from(INPUTS[stage]))
    before = all_files(project)
    path.write_bytes(data.draw(damaged(path.read_bytes()) | st.binary(max_size=16)))
    try:
        check_run(project, stage, capsys)
    finally:
        restore(project, before)


@fuzzed(40)
@given(data=st.data())
def test_odd_sections_end_in_one_line_and_write_nothing(
    project: Path, capsys: pytest.CaptureFixture[str], data: st.DataObject
) -> None:
    """Right YAML of other values in any place of resolved.yaml and roster.yaml."""
    stage = data.draw(st.sampled_from(list(INPUTS)))
    before = all_files(project)
    file, right = data.draw(st.sampled_from([("resolved.yaml", SECTIONS), ("roster.yaml", ROSTER)]))
    content = data.draw(with_odd_values(right))
    (project / file).write_text(yaml.safe_dump(content), encoding="utf-8")
    try:
        check_run(project, stage, capsys)
    finally:
        restore(project, before)


def restore(root: Path, files: dict[str, bytes]) -> None:
    """Write back what changed."""
    now = all_files(root)
    for name, content in files.items():
        if now.get(name) != content:
            (root / name).write_bytes(content)


def test_a_category_of_terminal_commands_is_told_in_plain_letters(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What names in a file hold reaches no terminal."""
    before = all_files(project)
    row = json.dumps({"text": "x" * 9, "category": "\x1b[2J\nb\u202e", "document_id": "a"})
    (project / "data/raw/mine.jsonl").write_text(row + "\n")
    assert main(["--root", str(project), "run", "corpus"]) == 1
    check_line(capsys.readouterr().err.rstrip("\n"))
    shares = {**SECTIONS, "texts": {"n_texts": 2, "seed": 1, "shares": {"c\n\x1b[2J": 1.0}}}
    (project / "resolved.yaml").write_text(yaml.safe_dump(shares))
    try:
        assert main(["--root", str(project), "run", "texts"]) == 1
        check_line(capsys.readouterr().err.rstrip("\n"))
    finally:
        restore(project, before)
