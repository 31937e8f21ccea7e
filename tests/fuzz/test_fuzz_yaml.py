"""Configuration from outside is right, or told in one line by its file."""

import shutil
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml
from helpers import ROOT
from helpers.damage import ODD_VALUES, damaged, fuzzed, read_or_refused, with_odd_values
from hypothesis import given
from hypothesis import strategies as st

from modelmap.figures.settings import FiguresSettings
from modelmap.models.roster import read_pins
from modelmap.plumbing.errors import UserError
from modelmap.plumbing.files import MAX_YAML_BYTES, checked, read_yaml
from modelmap.plumbing.hardware import Hardware, load_hardware
from modelmap.plumbing.layout import Layout
from modelmap.plumbing.section import read_section
from modelmap.resolve import stage as stage
from modelmap.resolve.configuration import Resolved, as_yaml, compose_configuration, resolve
from modelmap.review.verify import Tolerances

PARAMS = (ROOT / "params.yaml").read_bytes()
COMMIT = "0f" * 20
COMPOSED = compose_configuration(ROOT, "micro")
BOMB = "a: &a [x, x]\n" + "".join(
    f"{chr(98 + i)}: &{chr(98 + i)} [{', '.join([f'*{chr(97 + i)}'] * 9)}]\n" for i in range(20)
)
HOSTILE: dict[str, str | bytes] = {
    "aliases of aliases": BOMB,
    "an alias of itself": "a: &a [*a]",
    "a merge of an alias": "a: &a {b: 1}\nc: {<<: *a}",
    "nested lists": "a: " + "[" * 3000,
    "nested maps": "a: " + "{a: " * 3000,
    "nested blocks": "".join(" " * i + "a:\n" for i in range(1000)),
    "a class": "a: !!python/object:os.system {}",
    "a call": "a: !!python/object/apply:os.system [id]",
    "a tag of one's own": "a: !x 1",
    "no date": "a: 2024-13-45",
    "no time": "a: 2024-01-01T99:00:00Z",
    "a tag that does not fit a date": "a: !!timestamp x",
    "a tag that does not fit yes": "a: !!bool x",
    "a tag that does not fit a number": "a: !!int x",
    "a number of 5,000 digits": "a: " + "9" * 5000,
    "a number of no digits": "a: 0b_",
    "a doubled key": "a: 1\nb: {c: 1, c: 2}",
    "a key that is a map": "? {a: 1}\n: 2",
    "a zero byte": "a: \0",
    "half a character": b"a: \xed\xa0\x80",
    "half a character, escaped": 'a: ["\\ud800"]',
    "half a character, escaped, in a key": '"\\udfff": 1',
    "UTF-16": "a: 1".encode("utf-16"),
    "Latin-1": "a: é".encode("latin-1"),
    "more than a configuration": b"a: " + b"x" * 50_000_000,
    "many lines": b"- a\n" * (MAX_YAML_BYTES // 4 + 1),
    "two documents": "a: 1\n---\nb: 2\n",
}


@pytest.fixture(scope="module")
def resolved() -> dict[str, Any]:
    """Return the micro experiment, resolved."""
    made: dict[str, Any] = yaml.safe_load(as_yaml(resolve(COMPOSED, "micro", {})))
    return made


def test_a_merge_conflict_is_told_with_its_line(tmp_path: Path) -> None:
    """The message says what it is, not what is wrong with the YAML."""
    path = tmp_path / "conf.yaml"
    path.write_text("a: 1\n<<<<<<< HEAD\nb: 2\n=======\nb: 3\n>>>>>>> other\n")
    with pytest.raises(UserError, match=r"conf\.yaml has a merge conflict in line 2: edit it"):
        read_yaml(path)


@pytest.mark.parametrize("name", list(HOSTILE))
def test_hostile_yaml_is_told(tmp_path: Path, name: str) -> None:
    """Bombs, depths, code, tags that do not fit and other encodings: each in one line."""
    content = HOSTILE[name]
    path = tmp_path / "conf.yaml"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    assert read_or_refused(lambda: read_yaml(path), "conf.yaml") is None


def test_a_byte_order_mark_is_no_matter(tmp_path: Path) -> None:
    """As some editors write it."""
    (tmp_path / "a.yaml").write_bytes(b"\xef\xbb\xbfa: 1\n")
    assert read_yaml(tmp_path / "a.yaml") == {"a": 1}


def test_what_is_no_file_is_told(tmp_path: Path) -> None:
    """A directory, and a device without end behind a link."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "endless").symlink_to("/dev/zero")
    for name in ("folder", "endless"):
        assert read_or_refused(partial(read_yaml, tmp_path / name), name) is None


@fuzzed(50)
@given(
    content=damaged(PARAMS)
    | st.binary(max_size=64)
    | st.text().map(lambda text: text.encode("utf-8", "replace"))
)
def test_damaged_yaml_is_read_or_told(tmp_path: Path, content: bytes) -> None:
    """Any bytes give a mapping or one line."""
    path = tmp_path / "params.yaml"
    path.write_bytes(content)
    found = read_or_refused(lambda: read_yaml(path), "params.yaml")
    assert found is None or isinstance(found, dict)


SECTIONS = {
    key: field.annotation
    for key, field in Resolved.model_fields.items()
    if hasattr(field.annotation, "model_validate")
}


@fuzzed(50)
@given(data=st.data())
def test_odd_values_in_a_section_are_told_by_its_name(
    resolved: dict[str, Any], data: st.DataObject
) -> None:
    """A section is as it stands in resolved.yaml, with numbers that are numbers, or told."""
    key = data.draw(st.sampled_from(list(SECTIONS)))
    content = data.draw(with_odd_values({key: resolved[key]})).get(key)
    kind: Any = SECTIONS[key]
    kept = read_or_refused(lambda: checked(kind, content, f"resolved.yaml {key}"), key)
    assert kept is None or no_odd_number(kept.model_dump(), content)


@fuzzed(20)
@given(content=ODD_VALUES)
def test_a_section_of_any_value_is_read_or_told(tmp_path: Path, content: object) -> None:
    """Through the file as well."""
    layout = Layout(tmp_path)
    layout.resolved.write_text(yaml.safe_dump({"figures": content}), encoding="utf-8")
    read_or_refused(lambda: read_section(layout, "figures", FiguresSettings), "resolved.yaml")


def no_odd_number(kept: Any, given: Any) -> bool:
    """Return whether every number kept is finite and was not given as yes or no."""
    if isinstance(kept, dict):
        return all(no_odd_number(kept[key], given[key]) for key in kept if key in (given or {}))
    if isinstance(kept, list | tuple):
        return all(no_odd_number(one, other) for one, other in zip(kept, given, strict=True))
    if isinstance(kept, bool) or not isinstance(kept, int | float):
        return True
    return abs(kept) < 2**63 and not isinstance(given, bool)


@fuzzed(50)
@given(data=st.data())
def test_odd_values_in_a_composed_configuration_are_told(data: st.DataObject) -> None:
    """What Hydra composed gives every section or one line, and what is right can be written."""
    content = data.draw(with_odd_values(COMPOSED))
    kept = read_or_refused(lambda: resolve(content, "micro", {}))
    assert kept is None or yaml.safe_load(as_yaml(kept))["experiment"] == "micro"


@fuzzed(8)
@given(data=st.data())
def test_a_damaged_configuration_leaves_the_earlier_one(project: Path, data: st.DataObject) -> None:
    """Where params.yaml or a file of conf/ is damaged, what is made is whole, new or old."""
    name = data.draw(
        st.sampled_from(["params.yaml", "conf/corpus/micro.yaml", "conf/zoo/micro.yaml"])
    )
    right = (ROOT / name).read_bytes()
    (project / name).write_bytes(data.draw(damaged(right)))
    for written in ("resolved.yaml", "roster.yaml"):
        (project / written).write_text("earlier")
    try:
        read_or_refused(lambda: stage.run(Layout(project)))
    finally:
        (project / name).write_bytes(right)
    for written, key in (("resolved.yaml", "figures"), ("roster.yaml", "models")):
        text = (project / written).read_text()
        assert text == "earlier" or yaml.safe_load(text)[key]
    assert not list(project.glob(".*.part"))


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return a project of configuration alone, set to the micro experiment."""
    shutil.copytree(
        ROOT / "conf", tmp_path / "conf", ignore=shutil.ignore_patterns("local", "pins*")
    )
    (tmp_path / "params.yaml").write_bytes(PARAMS)
    return tmp_path


@pytest.mark.parametrize(
    "line",
    [
        "  n_texts: ${texts.n_texts}",
        "  n_texts: ${oc.decode:${oc.decode:[}}",
        "  n_texts: " + "${" * 500 + "}" * 500,
        "  n_texts: ${texts}",
        "  n_texts: ${nothing.at.all}",
        "  n_texts: ${oc.env:NO_SUCH_VARIABLE}",
        "  n_texts: !!timestamp x",
        "  n_texts: 2024-13-45",
    ],
)
def test_interpolations_without_end_or_aim_are_told(project: Path, line: str) -> None:
    """What only Hydra finds is one line too."""
    text = PARAMS.decode().replace("  n_texts: 640", line)
    assert text != PARAMS.decode()
    (project / "params.yaml").write_text(text)
    assert read_or_refused(lambda: compose_and_resolve(project)) is None


def compose_and_resolve(root: Path) -> Resolved:
    """Return the embedded experiment, which takes n_texts from params.yaml."""
    return resolve(compose_configuration(root, "embedded"), "embedded", {})


@fuzzed(50)
@given(content=ODD_VALUES)
def test_odd_pins_tolerances_and_hardware_are_told(tmp_path: Path, content: object) -> None:
    """The small files of configuration, with any value in any place."""
    path = tmp_path / "pins.yaml"
    path.write_text(yaml.safe_dump({"org/model": COMMIT, "org/other": content}), encoding="utf-8")
    found = read_or_refused(lambda: read_pins(path), "pins.yaml")
    assert found is None or found["org/other"] == content
    for key in ("relative", "absolute"):
        read_or_refused(partial(checked, Tolerances, {key: content}, "t.yaml"), "t.yaml")
    right = Hardware(
        device="cpu", workers=1, batch_tokens=9, logits_mb=1, shard_tflop=1
    ).model_dump()
    for key in right:
        kept = read_or_refused(
            partial(checked, Hardware, {**right, key: content}, "h.yaml"), "h.yaml"
        )
        assert kept is None or kept.token_budget(10, 10) >= 1


def test_hardware_that_no_file_describes_is_told(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A path out of conf/ is no choice, and a broken file is told by its place."""
    for chosen in ("../experiment/micro", "/etc/passwd", "cpu\n", ""):
        monkeypatch.setenv("MODELMAP_HARDWARE", chosen)
        assert read_or_refused(lambda: load_hardware(project / "conf"), "MODELMAP_HARDWARE") is None
    monkeypatch.setenv("MODELMAP_HARDWARE", "cpu")
    for broken in ("[" * 2000, "a: !!timestamp x", "a: 2024-13-45", BOMB, "\0"):
        (project / "conf/hardware/cpu.yaml").write_text(broken)
        assert read_or_refused(lambda: load_hardware(project / "conf"), "conf/hardware") is None


def test_dates_stand_as_they_are(tmp_path: Path) -> None:
    """A bare date is a date, not text."""
    (tmp_path / "a.yaml").write_text("a: 2024-10-31\n")
    assert read_yaml(tmp_path / "a.yaml") == {"a": date(2024, 10, 31)}
