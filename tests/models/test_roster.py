"""A plain list of hub ids as a roster: what each model's entry is, and what is refused."""

import shutil
import time
from pathlib import Path

import pytest
import yaml
from helpers import ROOT
from hypothesis import given
from hypothesis import strategies as st

from modelmap.models.roster import Roster, default_family, read_ids, roster_models, with_listed
from modelmap.models.spec import ModelSpec
from modelmap.plumbing.errors import UserError
from modelmap.zoo.settings import ZooSettings

PAPERS = ROOT.parent / "shared" / "data" / "models_1018.yaml"
IDS = ["01-ai/Yi-1.5-6B", "EleutherAI/pythia-70m", "42dot/42dot_LLM-PLM-1.3B"]
HUB = {"source": "hub", "family": "b", "kind": "base"}
COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return a project with a list of three models."""
    (tmp_path / "conf" / "lists").mkdir(parents=True)
    (tmp_path / "conf" / "lists" / "three.yaml").write_text("".join(f"- {i}\n" for i in IDS))
    return tmp_path


def entries(section: dict[str, object], root: Path, pins: dict[str, str]) -> list[ModelSpec]:
    """Return the checked models of a section `roster`."""
    roster = Roster.model_validate(with_listed(section, root))
    made = roster_models(roster, ZooSettings(seed=0, families=[]), pins)
    return [ModelSpec.model_validate(entry) for entry in made]


def test_each_listed_model_is_a_hub_model(root: Path) -> None:
    """A list alone makes base models in float16, in its order, at their pins."""
    made = entries({"list": "three.yaml"}, root, dict.fromkeys(IDS, COMMIT))
    assert [(m.name, m.location) for m in made] == [(i, i) for i in IDS]
    assert {(m.source, m.kind, m.dtype, m.revision) for m in made} == {
        ("hub", "base", "float16", COMMIT)
    }
    assert [m.family for m in made] == ["yi", "pythia", "42dot"]


def test_each_sets_what_all_share_and_models_one_by_one(root: Path) -> None:
    """An entry's own keys go before `each`, which goes before the defaults; others come last."""
    section: dict[str, object] = {
        "list": "three.yaml",
        "each": {"dtype": "bfloat16", "family": "hub", "max_length": 99},
        "models": {
            "mine": {"source": "directory", "family": "mine", "kind": "base"},
            IDS[1]: {"family": "pythia", "max_length": 77},
        },
    }
    made = entries(section, root, {})
    assert [m.name for m in made] == [*IDS, "mine"]
    assert [m.dtype for m in made] == ["bfloat16"] * 3 + ["float32"]
    assert [m.family for m in made] == ["hub", "pythia", "hub", "mine"]
    assert [m.max_length for m in made] == [99, 77, 99, None]


def test_a_listed_model_may_come_from_elsewhere(root: Path) -> None:
    """An entry may put a directory in place of a model that has left the hub."""
    gone = {"source": "directory", "location": "data/models/yi"}
    made = entries({"list": "three.yaml", "models": {IDS[0]: gone}}, root, {})
    assert (made[0].source, made[0].location, made[0].revision) == (*gone.values(), None)


def test_pins_do_not_reach_models_whose_code_runs(root: Path) -> None:
    """A pin that nobody read is no leave to run code: the entry must name the commit itself."""
    trusting: dict[str, object] = {"models": {"a/b": {**HUB, "trust_remote_code": True}}}
    with pytest.raises(ValueError, match="needs `revision` in the same entry"):
        entries(trusting, root, {"a/b": COMMIT})


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("- a/b\n- c d\n- 7\n", "conf/lists/three.yaml: 1: String should match pattern"),
        ("- a/b\n- c/d\n- a/b\n", "conf/lists/three.yaml names models twice: a/b"),
        ("a: b\n", "conf/lists/three.yaml: value: Input should be a valid list"),
        ("- a: [\n", "conf/lists/three.yaml line 2 is not valid YAML"),
    ],
)
def test_a_list_that_is_none_is_told(root: Path, content: str, told: str) -> None:
    """Wrong ids, doubled ones and other YAML stop in one line with the file's name."""
    (root / "conf" / "lists" / "three.yaml").write_text(content)
    with pytest.raises(UserError) as caught:
        with_listed({"list": "three.yaml"}, root)
    assert str(caught.value).startswith(told)


def test_a_list_of_many_models_is_read_soon(root: Path) -> None:
    """The time grows with the number of ids, not with its square."""
    ids = [f"org/model-{i}" for i in range(60_000)]
    path = root / "conf" / "lists" / "three.yaml"
    path.write_text("".join(f"- {one}\n" for one in ids))
    began = time.monotonic()
    assert read_ids(path, "three.yaml") == ids
    assert time.monotonic() - began < 30


@pytest.mark.parametrize(
    ("section", "told"),
    [
        ({"list": "four.yaml"}, "conf/lists/four.yaml is missing: put the list of hub ids there"),
        ({"list": "../three.yaml"}, "conf/models: list: String should match pattern"),
        ({"each": {"kind": "base"}}, "name the list"),
    ],
)
def test_a_section_that_does_not_fit_is_told(
    root: Path, section: dict[str, object], told: str
) -> None:
    """A list that is not there or outside conf/lists, and keys for no list, stop in one line."""
    with pytest.raises(UserError) as caught:
        with_listed(section, root)
    assert told in str(caught.value)


@given(
    st.from_regex(
        r"[A-Za-z0-9][A-Za-z0-9._-]{0,20}(/[A-Za-z0-9][A-Za-z0-9._-]{0,20})?", fullmatch=True
    )
)
def test_every_id_has_a_family(hub_id: str) -> None:
    """The default family is a part of the model's own name, in lower case, and never empty."""
    family = default_family(hub_id)
    assert family
    assert family in hub_id.rpartition("/")[2].lower()


@pytest.mark.skipif(not PAPERS.is_file(), reason="the papers' list is not part of the project")
def test_the_papers_list_is_a_roster(root: Path) -> None:
    """All 1,018 of the authors' models become entries with names of files of their own."""
    shutil.copy(PAPERS, root / "conf" / "lists" / "models_1018.yaml")
    written = yaml.safe_load(PAPERS.read_text())
    made = entries({"list": "models_1018.yaml"}, root, dict.fromkeys(written, COMMIT))
    assert [m.name for m in made] == written
    assert len({m.file_name.lower() for m in made}) == len(written) == 1018
