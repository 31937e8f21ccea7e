"""Models of the hub: pinned, fetched at their pins and scored, against a hub on the loopback."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.request import Request, urlopen

import pytest
from helpers.hub_project import (
    ROSTER,
    SENTENCES,
    TOKEN,
    Project,
    Run,
    commit,
    full_hub,
    new_project,
    one_line,
    write_families,
)
from helpers.hub_server import Asked, Repo, serving

from modelmap.plumbing.errors import UserError
from modelmap.plumbing.layout import Layout
from modelmap.plumbing.tables import read_table
from modelmap.resolve import stage
from modelmap.score.tables import SCORES

pytestmark = pytest.mark.remote

ENTRY = "  {}: {{source: hub, family: other, kind: base, revision: {}}}\n"
GPT2, OPT, QWEN = "openai-community/gpt2", "facebook/opt-350m", "Qwen/Qwen2.5-0.5B"
MISSING, GATED = "no-one/missing", "some-one/gated"


@pytest.fixture(scope="module")
def families(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Return a tiny model's directory for each family of the roster."""
    return write_families(tmp_path_factory.mktemp("families"))


@pytest.fixture
def project(tmp_path: Path, families: dict[str, Path]) -> Iterator[Project]:
    """Return an unpinned project whose hub has the whole roster."""
    with serving(full_hub(families)) as hub:
        yield new_project(tmp_path, hub)


@dataclass
class Scored:
    """What happened when the roster was scored: with two models that fail, then without them."""

    project: Project
    pinned: Run
    refused: Run
    kept: set[str]
    whole: Run
    asked_first: list[Asked]
    asked_then: list[Asked]


@pytest.fixture(scope="module")
def scored(tmp_path_factory: pytest.TempPathFactory, families: dict[str, Path]) -> Scored:
    """Return the roster pinned, then scored while the hub's main branches have moved on."""
    hub = full_hub(families)
    hub.repos[GATED] = Repo(families["opt"], [commit(GATED)], gated=True)
    with serving(hub):
        project = new_project(tmp_path_factory.mktemp("scored"), hub)
        roster = project.root / "conf" / "models" / "hub-small.yaml"
        own = roster.read_text()
        roster.write_text(own + "".join(ENTRY.format(n, commit(n)) for n in (GATED, MISSING)))
        pinned = project.modelmap("pin")
        stage.run(Layout(project.root))
        hub.asked.clear()
        for name, repo in hub.repos.items():
            repo.commits.append(commit(f"{name} later"))
        refused = project.modelmap("run", "score")
        kept, asked = finished(project), list(hub.asked)
        hub.asked.clear()
        roster.write_text(own)
        stage.run(Layout(project.root))
        whole = project.modelmap("run", "score")
    return Scored(project, pinned, refused, kept, whole, asked, list(hub.asked))


def finished(project: Project) -> set[str]:
    """Return the names of the models whose scores are in the store."""
    store = Layout(project.root).store / "scores"
    return {json.loads(path.read_text())["model"] for path in store.glob("*.json")}


def test_pin_writes_the_commits_of_the_hub(scored: Scored) -> None:
    """`modelmap pin` writes main's commit of every roster model, sorted, and says each."""
    assert scored.pinned.returncode == 0, scored.pinned.stderr
    assert scored.project.pins == {name: commit(name) for name in ROSTER}
    assert list(scored.project.pins) == sorted(ROSTER)
    told = [f"{name} {commit(name)}" for name in sorted(ROSTER)]
    assert scored.pinned.stdout.splitlines() == told


def test_the_whole_roster_is_scored(scored: Scored) -> None:
    """Every model of hub-small, of each of its architectures, gets a score of every text."""
    assert scored.whole.returncode == 0, scored.whole.stderr
    scores = Layout(scored.project.root).scores
    files = list(scores.glob("*.parquet"))
    assert {path.name for path in files} == {
        f"{name.replace('/', '__')}.parquet" for name in ROSTER
    }
    for path in files:
        assert (read_table(path, SCORES)["loglik_nats"] < 0).tolist() == [True] * len(SENTENCES)


def test_only_the_pinned_revision_is_asked_for(scored: Scored) -> None:
    """Scoring asks the hub for pinned commits alone, whatever its main branches have come to."""
    assert {(one.repo, one.revision) for one in scored.asked_first} == {
        (name, commit(name)) for name in (*ROSTER, GATED, MISSING)
    }


def test_only_needed_files_are_asked_for(scored: Scored) -> None:
    """Other frameworks' weights, folders, and pickles beside safetensors are not downloaded."""
    asked = {(one.repo, one.view) for one in scored.asked_first if one.repo in ROSTER}
    pickled = {repo for repo, view in asked if view == "pytorch_model.bin"}
    assert pickled == {name for name, entry in ROSTER.items() if entry["family"] == "opt"}
    assert not {view for _, view in asked if view.startswith(("flax", "onnx"))}


def test_refused_models_are_named_and_the_others_kept(scored: Scored) -> None:
    """A 404 and a 403 give one line with model and advice; the other models' scores are stored."""
    told = one_line(scored.refused)
    for name, status in ((MISSING, 404), (GATED, 403)):
        assert f"model {name}: the hub answered {status} for {name} at {commit(name)}" in told
    assert "hf auth login" in told
    assert scored.kept == set(ROSTER)


def test_a_finished_model_asks_the_hub_for_nothing(scored: Scored) -> None:
    """Once its scores are in the store a hub model is not looked for again."""
    assert scored.asked_then == []


def test_no_token_is_printed_or_kept(scored: Scored) -> None:
    """Neither what was printed nor any file of the project, failures included, holds the token."""
    for run in (scored.pinned, scored.refused, scored.whole):
        assert TOKEN not in run.stdout + run.stderr
    files = [path for path in scored.project.root.rglob("*") if path.is_file()]
    written = {"resolved.yaml", "roster.yaml", "pins.yaml", "error.txt"}
    assert written < {path.name for path in files}
    assert [path for path in files if TOKEN.encode() in path.read_bytes()] == []


PREPARE = """
import sys
from pathlib import Path
from modelmap.plumbing.errors import UserError
from modelmap.plumbing.layout import Layout
from modelmap.models.file import read_roster
from modelmap.models.prepare import prepared_directory

layout = Layout(Path(sys.argv[1]))
spec = next(one for one in read_roster(layout.roster) if one.name == sys.argv[2])
try:
    print(prepared_directory(spec, spec.revision, layout))
except UserError as error:
    sys.exit(str(error))
"""


def test_a_fetched_model_needs_no_hub(scored: Scored) -> None:
    """A model whole in the cache is found there when the hub cannot be reached."""
    found = scored.project.run("-c", PREPARE, str(scored.project.root), OPT)
    assert Path(found.stdout.strip(), "pytorch_model.bin").is_file(), found.stderr


def test_unreachable_hub_is_told_in_one_line(scored: Scored, tmp_path: Path) -> None:
    """Without a hub a model that was never fetched fails at once, in one line that names it."""
    arguments = ("-c", PREPARE, str(scored.project.root), OPT)
    told = one_line(scored.project.run(*arguments, HF_HOME=str(tmp_path)))
    assert f"model {OPT}: the hub cannot be reached (ConnectError)" in told
    assert "HF_ENDPOINT" in told


def test_unpinned_models_stop_resolve(project: Project) -> None:
    """A hub model without a pin makes resolve refuse in one line that names `modelmap pin`."""
    with pytest.raises(UserError, match=r"EleutherAI/pythia-14m.*; run `modelmap pin`$"):
        stage.run(Layout(project.root))
    assert project.hub.asked == []


def test_the_stand_in_serves_parts(project: Project) -> None:
    """The loopback hub answers a range with that part, as a hub does for a cut download."""
    url = f"{project.hub.endpoint}/{GPT2}/resolve/{commit(GPT2)}/flax_model.msgpack"
    with urlopen(Request(url, headers={"Range": "bytes=4-"}), timeout=5) as answer:
        assert (answer.status, answer.read()) == (206, b"to be fetched")
