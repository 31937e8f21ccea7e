"""Code of hub models: run at the commit that was read, and never without being asked for."""

import json
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from helpers.hub_project import SENTENCES, Project, Run, commit, new_project, one_line
from helpers.hub_server import Hub, Repo, serving
from helpers.model_with_code import LOG, expected_loglik, write_own_model

from modelmap.models.load import load_tokenizer
from modelmap.models.spec import ModelSpec
from modelmap.plumbing.layout import Layout
from modelmap.plumbing.tables import read_table
from modelmap.resolve import stage
from modelmap.score.tables import SCORES
from modelmap.zoo.settings import TokenizerRecipe
from modelmap.zoo.tokenizers import train_tokenizer

pytestmark = pytest.mark.remote

READ, OFF, PLAIN, STRANGE = "me/read", "me/off", "me/plain", "me/strange"
ENTRY = {"source": "hub", "family": "own", "kind": "base", "attention": "eager"}
ROSTER = {
    READ: {**ENTRY, "revision": commit(READ), "trust_remote_code": True},
    # The same files again, whose code nobody has read.
    OFF: {**ENTRY, "revision": commit(OFF)},
    STRANGE: {**ENTRY, "revision": commit(STRANGE), "trust_remote_code": True},
    PLAIN: {**ENTRY, "revision": commit(PLAIN)},
}


@dataclass
class Scored:
    """What happened when a roster with code of its own was scored."""

    project: Project
    run: Run
    log: list[str]
    files: Path


@pytest.fixture(scope="module")
def scored(tmp_path_factory: pytest.TempPathFactory) -> Scored:
    """Return a roster scored after main has got other code than at the commit that was read."""
    base = tmp_path_factory.mktemp("code")
    tokenizer = train_tokenizer(SENTENCES, TokenizerRecipe(vocab_size=300, add_bos=True), 512)
    for place, repo in (("read", ""), ("later", ""), ("strange", "some-one/code")):
        write_own_model(base / place, len(tokenizer), place, repo)
        tokenizer.save_pretrained(base / place)
    hub = Hub(
        {
            READ: Repo(
                base / "later",
                [commit(READ), commit("later")],
                earlier={commit(READ): base / "read"},
            ),
            OFF: Repo(base / "later", [commit(OFF)]),
            STRANGE: Repo(base / "strange", [commit(STRANGE)]),
        }
    )
    with serving(hub):
        project = new_project(base / "project", hub)
        roster = {"zoo": False, "models": ROSTER}
        (project.root / "conf" / "models" / "hub-small.yaml").write_text(
            "# @package roster\n" + yaml.safe_dump(roster, sort_keys=False)
        )
        stage.run(Layout(project.root))
        run = project.modelmap("run", "score", **{LOG: str(base / "log")})
    return Scored(project, run, (base / "log").read_text().splitlines(), base / "read")


def test_only_the_code_that_was_read_is_run(scored: Scored) -> None:
    """Of four models one runs its code: as at its entry's commit, not as on main."""
    assert set(scored.log) == {"read"}


def test_the_model_scores_by_its_own_code(scored: Scored) -> None:
    """Its log-likelihoods are those of its table at that commit."""
    store = Layout(scored.project.root).store / "scores"
    kept = next(
        path for path in store.glob("*.json") if json.loads(path.read_text())["model"] == READ
    )
    spec = ModelSpec(name=READ, source="directory", location="-", family="own", kind="base")
    tokenizer = load_tokenizer(scored.files, spec)
    expected = [expected_loglik(scored.files, tokenizer(text)["input_ids"]) for text in SENTENCES]
    found = read_table(kept.with_suffix(".parquet"), SCORES)["loglik_nats"].tolist()
    assert found == pytest.approx(expected, abs=1e-3)


def test_code_is_fetched_only_where_it_may_run(scored: Scored) -> None:
    """Python files are asked of the hub for trusted models alone, at the commit that was read."""
    asked = {(one.repo, one.revision) for one in scored.project.hub.asked if one.view[-3:] == ".py"}
    assert asked == {(READ, commit(READ)), (STRANGE, commit(STRANGE))}


def test_what_may_not_run_is_told(scored: Scored) -> None:
    """A model nobody trusted, and one whose code lies elsewhere, fail in one line."""
    told = one_line(scored.run)
    assert f"model {OFF} cannot be loaded: it needs code of its own" in told
    assert "set trust_remote_code and revision in its entry" in told
    assert f"model {STRANGE}: its code is in some-one/code, without a pinned commit" in told
    assert not [one for one in scored.project.hub.asked if one.repo == "some-one/code"]
