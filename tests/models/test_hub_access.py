"""Who may have a hub model, and how a download goes on, against a hub on the loopback."""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from helpers.hub_project import TOKEN, Project, commit, one_line
from helpers.hub_server import Hub, Repo, serving

pytestmark = pytest.mark.remote

OPEN, GATED, PRIVATE = "some-one/open", "some-one/gated", "some-one/private"
WEIGHTS = "model.safetensors"
# huggingface_hub writes a download in parts of so many bytes.
PART_BYTES = 10 * 1024 * 1024
STRANGER = "hf_" + "y" * 34


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """Return a directory with the files that a model has."""
    found = tmp_path / "files"
    found.mkdir()
    for name in ("config.json", "tokenizer.json"):
        (found / name).write_text("{}")
    (found / WEIGHTS).write_bytes(random.Random(0).randbytes(1000))
    return found


@pytest.fixture
def project(tmp_path: Path, files: Path) -> Iterator[Project]:
    """Return a project whose hub has an open, a gated and a private model."""
    repos = {
        OPEN: Repo(files, [commit(OPEN)]),
        GATED: Repo(files, [commit(GATED)], gated=True, members=frozenset({TOKEN})),
        PRIVATE: Repo(files, [commit(PRIVATE)], private=True, members=frozenset({TOKEN})),
    }
    with serving(Hub(repos)) as hub:
        (tmp_path / "project").mkdir()
        yield Project(tmp_path / "project", hub)


@pytest.mark.parametrize(
    ("model", "token", "status"),
    [
        (GATED, "", 401),
        (GATED, STRANGER, 403),
        (PRIVATE, "", 401),
        (PRIVATE, STRANGER, 404),
        ("no-one/missing", TOKEN, 404),
    ],
)
def test_who_is_refused_reads_what_to_do(
    project: Project, model: str, token: str, status: int
) -> None:
    """A gated, private or missing model fails at once, in one line with the hub's answer."""
    refused = project.fetch(model, HF_TOKEN=token)
    assert one_line(refused) == (
        f"model {model}: the hub answered {status} for {model} at {commit(model)}; check the "
        "name and revision, the network and HF_ENDPOINT, or log in (`hf auth login`) if the model "
        "is gated"
    )
    assert not token or token not in refused.stdout + refused.stderr


@pytest.mark.parametrize("model", [GATED, PRIVATE])
def test_a_members_token_opens_a_model(project: Project, files: Path, model: str) -> None:
    """With a token that the hub knows, gated and private models come whole."""
    found = project.fetch(model)
    assert Path(found.stdout.strip(), WEIGHTS).read_bytes() == (files / WEIGHTS).read_bytes()


def test_a_private_model_is_pinned_with_a_members_token(project: Project) -> None:
    """`modelmap pin` sends the token as fetching does; pins.yaml holds the commit alone."""
    project.modelmap("pin", PRIVATE)
    assert project.pins == {PRIVATE: commit(PRIVATE)}


def test_the_token_stays_out_of_tracebacks_and_files(project: Project) -> None:
    """Not even the traceback of a refusal, or the cache, holds the token."""
    for repo in project.hub.repos.values():
        repo.members = frozenset()
    runs = [
        project.fetch(OPEN),
        project.fetch(GATED),
        project.modelmap("--debug", "pin", PRIVATE),
    ]
    assert [run.returncode for run in runs] == [0, 1, 1]
    assert "Traceback" in runs[2].stderr
    assert [run for run in runs if TOKEN in run.stdout + run.stderr] == []
    kept = [path for path in project.root.rglob("*") if path.is_file()]
    assert kept
    assert [path for path in kept if TOKEN.encode() in path.read_bytes()] == []


def test_a_cut_download_goes_on_at_its_byte(project: Project, files: Path) -> None:
    """After a break within a file only what came after the last whole part is asked for."""
    (files / WEIGHTS).write_bytes(random.Random(1).randbytes(PART_BYTES + 90_000))
    project.hub.cut[WEIGHTS] = PART_BYTES + 40_000
    found = project.fetch(OPEN)
    assert Path(found.stdout.strip(), WEIGHTS).read_bytes() == (files / WEIGHTS).read_bytes()
    asked = [one for one in project.hub.asked if (one.method, one.view) == ("GET", WEIGHTS)]
    assert [(one.first, one.status) for one in asked] == [(0, 200), (PART_BYTES, 206)]


def test_the_next_run_asks_for_what_is_missing_only(project: Project) -> None:
    """Of a model whose weights could not be had, the files that came are not fetched again."""
    project.hub.broken.add(WEIGHTS)
    assert "the hub answered 500" in one_line(project.fetch(OPEN))
    project.hub.broken.clear()
    project.hub.asked.clear()
    assert project.fetch(OPEN).returncode == 0
    got = {one.view for one in project.hub.asked if one.method == "GET" and one.status == 200}
    assert got & {"config.json", "tokenizer.json", WEIGHTS} == {WEIGHTS}


def test_code_is_fetched_once_it_is_trusted(project: Project, files: Path) -> None:
    """A model that is here without its Python files gets those, and nothing else, once it may."""
    (files / "modeling_own.py").write_text("ran = True")
    plain = Path(project.fetch(OPEN).stdout.strip())
    assert not (plain / "modeling_own.py").exists()
    project.hub.asked.clear()
    trusted = Path(project.fetch(OPEN, "trust").stdout.strip())
    assert (trusted / "modeling_own.py").read_text() == "ran = True"
    got = {one.view for one in project.hub.asked if one.method == "GET"}
    assert got == {"revision", "modeling_own.py"}


def test_a_busy_hub_is_asked_again(project: Project) -> None:
    """A hub that has been asked too often is waited for, as long as it says."""
    project.hub.busy = 3
    assert project.modelmap("pin", OPEN).stdout == f"{OPEN} {commit(OPEN)}\n"
    assert [one.status for one in project.hub.asked] == [429, 429, 429, 200]
    project.hub.busy = 100
    assert "the hub answered 429" in one_line(project.modelmap("pin", OPEN))


def test_the_files_are_those_of_the_pinned_commit(
    project: Project, files: Path, tmp_path: Path
) -> None:
    """After main has moved on, with other weights, a pinned model's weights are the old ones."""
    earlier = tmp_path / "earlier"
    earlier.mkdir()
    (earlier / "config.json").write_text("{}")
    (earlier / WEIGHTS).write_bytes(b"as they were")
    repo = project.hub.repos[OPEN]
    repo.earlier[commit(OPEN)] = earlier
    repo.commits.append(commit("later"))
    found = Path(project.fetch(OPEN).stdout.strip())
    assert (found / WEIGHTS).read_bytes() == b"as they were"
    assert {path.name for path in found.iterdir()} == {"config.json", WEIGHTS}
