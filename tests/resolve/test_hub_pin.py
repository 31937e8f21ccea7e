"""Pinning: commits asked of a hub on the loopback, kept as they come, and asked for once."""

import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from helpers import ROOT
from helpers.hub_project import ROSTER, Project, commit, new_project, one_line
from helpers.hub_server import Asked, Hub, Repo, serving

from modelmap.plumbing.errors import UserError
from modelmap.plumbing.layout import Layout
from modelmap.resolve import pin, stage

pytestmark = pytest.mark.remote

GPT2, QWEN = "openai-community/gpt2", "Qwen/Qwen2.5-0.5B"
PAPERS = ROOT.parent / "shared" / "data" / "models_1018.yaml"


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    """Return an unpinned project whose hub has the whole roster; nothing is fetched."""
    (tmp_path / "files").mkdir()
    repos = {name: Repo(tmp_path / "files", [commit(name)]) for name in ROSTER}
    with serving(Hub(repos)) as hub:
        yield new_project(tmp_path / "project", hub)


def list_models(project: Project, ids: list[str]) -> None:
    """Make a project's models those of a plain list, and put them on its hub."""
    conf = project.root / "conf"
    (conf / "lists").mkdir()
    (conf / "lists" / "ids.yaml").write_text(yaml.safe_dump(ids))
    (conf / "models" / "hub-small.yaml").write_text("# @package roster\nlist: ids.yaml\n")
    files = next(iter(project.hub.repos.values())).files
    project.hub.repos = {name: Repo(files, [commit(name)]) for name in ids}


def test_pin_of_named_models_keeps_the_others(project: Project) -> None:
    """Named models are pinned anew, other pins stay, and a commit that stayed is said to have."""
    (project.root / "conf" / "pins.yaml").write_text(f"{GPT2}: {commit(GPT2)}\na/b: {'0f' * 20}\n")
    project.hub.repos[QWEN].commits.append(commit("later"))
    done = project.modelmap("pin", QWEN, GPT2)
    assert project.pins == {QWEN: commit("later"), GPT2: commit(GPT2), "a/b": "0f" * 20}
    assert done.stdout.splitlines() == [
        f"{QWEN} {commit('later')}",
        f"{GPT2} {commit(GPT2)} unchanged",
    ]


def test_pin_shows_an_id_of_terminal_commands_in_plain_letters(project: Project) -> None:
    """What a script hands over may be anything."""
    done = project.modelmap("pin", "a\x1b[2Jb", GPT2)
    assert done.stdout.splitlines() == [
        f"{GPT2} {commit(GPT2)}",
        "a\\x1b[2Jb: this is not a hub id",
    ]


def test_pin_writes_what_it_got_and_names_the_rest(project: Project) -> None:
    """A missing, a private and a malformed id fail in one line; the fourth model is pinned."""
    project.hub.repos[QWEN].private = True
    done = project.modelmap("pin", "no/such", QWEN, "a b/c", GPT2)
    told = one_line(done)
    for part in (f"404 for {QWEN}, no/such", "not a hub id for a b/c", "hf auth login"):
        assert part in told
    assert done.stdout.splitlines() == [
        f"{GPT2} {commit(GPT2)}",
        f"{QWEN}: the hub answered 404",
        "a b/c: this is not a hub id",
        "no/such: the hub answered 404",
    ]
    assert project.pins == {GPT2: commit(GPT2)}


def test_pin_goes_on_where_it_stopped(project: Project) -> None:
    """Without names only models that have no pin are asked for; with --update all are."""
    project.hub.repos[QWEN].private = True
    one_line(project.modelmap("pin"))
    project.hub.asked.clear()
    project.hub.repos[QWEN].private = False
    project.hub.repos[GPT2].commits.append(commit("later"))
    again = project.modelmap("pin")
    assert again.stdout == f"{QWEN} {commit(QWEN)}\n"
    assert {one.repo for one in project.hub.asked} == {QWEN}
    assert project.pins == {name: commit(name) for name in ROSTER}
    assert project.modelmap("pin").stdout.startswith("all hub models have a pin")
    updated = project.modelmap("pin", "--update").stdout.splitlines()
    assert [line for line in updated if not line.endswith("unchanged")] == [
        f"{GPT2} {commit('later')}"
    ]


def test_pin_without_a_hub(project: Project) -> None:
    """With the hub unreachable `modelmap pin` fails in one line and writes nothing."""
    told = one_line(project.modelmap("pin", HF_ENDPOINT="http://127.0.0.1:9"))
    assert (
        f"{len(ROSTER)} of {len(ROSTER)} models are not pinned: the hub cannot be reached" in told
    )
    assert not (project.root / "conf" / "pins.yaml").exists()


def test_pin_that_finds_nothing_for_long_writes_nothing(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pins are saved on the way only if there are some."""
    monkeypatch.setattr(pin, "SAVED_EVERY_S", -1.0)
    monkeypatch.setattr(pin, "find_commit", lambda model: ("", "the hub cannot be reached"))
    with pytest.raises(UserError, match="are not pinned: the hub cannot be reached"):
        pin.run(Layout(project.root), [], update=False)
    assert not (project.root / "conf" / "pins.yaml").exists()


def test_pin_without_hub_models(project: Project) -> None:
    """An experiment with no hub models has nothing to pin, and is told so."""
    params = project.root / "params.yaml"
    params.write_text(params.read_text().replace("experiment: hub-small", "experiment: embedded"))
    with pytest.raises(UserError, match="experiment embedded has no hub models"):
        pin.run(Layout(project.root), [], update=False)


@pytest.mark.skipif(not PAPERS.is_file(), reason="the papers' list is not part of the project")
def test_the_papers_models_are_pinned_from_their_list(project: Project) -> None:
    """Of 1,018 listed models the few that fail are told together; the next run asks for them only.

    Once all are pinned, the list resolves to a roster with every pin in its place.
    """
    ids = yaml.safe_load(PAPERS.read_text())
    list_models(project, ids)
    lost = {name: project.hub.repos.pop(name) for name in (ids[3], ids[500], ids[1017])}
    done = project.modelmap("pin")
    assert one_line(done).startswith(
        "modelmap pin: 3 of 1018 models are not pinned: the hub answered 404 for "
        f"{', '.join(sorted(lost))};"
    )
    assert project.pins == {name: commit(name) for name in ids if name not in lost}
    project.hub.repos.update(lost)
    project.hub.asked.clear()
    assert project.modelmap("pin").returncode == 0
    assert {one.repo for one in project.hub.asked} == set(lost)
    stage.run(Layout(project.root))
    roster = yaml.safe_load((project.root / "roster.yaml").read_text())["models"]
    assert [(one["name"], one["revision"]) for one in roster] == [(i, commit(i)) for i in ids]


class Interrupting(list[Asked]):
    """What the hub was asked; at the hundredth question whoever asks is interrupted."""

    process: "subprocess.Popen[bytes] | None" = None
    one_at_a_time = threading.Lock()

    def append(self, asked: Asked) -> None:
        with self.one_at_a_time:
            super().append(asked)
            if len(self) == 100 and self.process is not None:
                self.process.send_signal(signal.SIGINT)


def test_an_interrupted_pin_keeps_what_it_got(project: Project) -> None:
    """Stopped half-way, `modelmap pin` leaves whole pins, and the next one asks for the rest."""
    ids = [f"org/model-{i}" for i in range(600)]
    list_models(project, ids)
    command = [sys.executable, "-m", "modelmap", "--root", str(project.root), "pin"]
    quiet = subprocess.DEVNULL
    interrupting = Interrupting()
    project.hub.asked = interrupting
    with subprocess.Popen(
        command,
        env=project.environment(),
        stderr=quiet,
        stdout=quiet,
        # What runs in the background may have been told to ignore interrupts, and would pass it on.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    ) as process:
        interrupting.process = process
    assert process.returncode == 130
    first = project.pins
    assert 0 < len(first) < len(ids)
    project.hub.asked = []
    assert project.modelmap("pin").returncode == 0
    assert {one.repo for one in project.hub.asked} == set(ids) - set(first)
    assert project.pins == {name: commit(name) for name in ids}
