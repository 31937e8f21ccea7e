"""Models of the hub: pinned, fetched at their pins and scored, against a hub on the loopback."""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml
from hub_server import Asked, Hub, Repo, serving

from modelmap.layout import Layout
from modelmap.tables import SCORES, TEXTS, read_table, write_table

ROOT = Path(__file__).parents[1]
TOKEN = "hf_" + "z" * 34
SENTENCES = [
    "The map shows which models are near each other.",
    "A text is scored by every model, one token after another.",
    "Naïve café owners paid 300 € for 12 new chairs — in cash.",
    "def near(a, b):\n    return abs(a - b) < 0.5\n",
]
SMALL = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
ROSTER: dict[str, dict[str, str]] = yaml.safe_load(
    (ROOT / "conf" / "models" / "hub-small.yaml").read_text()
)["models"]
MISSING, GATED, CUT = "facebook/opt-350m", "openai-community/gpt2", "Qwen/Qwen2.5-0.5B"


def commit(name: str) -> str:
    """Return 40 hexadecimal digits that a name stands for."""
    return hashlib.sha1(name.encode()).hexdigest()


def small_configs(vocabulary: int) -> dict[str, Any]:
    """Return a tiny transformers configuration for each family of the roster."""
    import transformers as t

    ends: dict[str, Any] = {"vocab_size": vocabulary, "bos_token_id": 0, "eos_token_id": 0}
    gpt2 = t.GPT2Config(n_embd=16, n_layer=1, n_head=2, **ends)
    neo = {"hidden_size": 16, "num_layers": 1, "num_heads": 2}
    return {
        "pythia": t.GPTNeoXConfig(**SMALL, intermediate_size=32, **ends),
        "gpt2": gpt2,
        "cerebras-gpt": gpt2,
        "opt": t.OPTConfig(**SMALL, ffn_dim=32, word_embed_proj_dim=8, pad_token_id=0, **ends),
        "smollm2": t.LlamaConfig(**SMALL, intermediate_size=32, **ends),
        "gpt-neo": t.GPTNeoConfig(**neo, attention_types=[[["global"], 1]], **ends),
        "qwen2.5": t.Qwen2Config(**SMALL, num_key_value_heads=1, intermediate_size=32, **ends),
    }


@pytest.fixture(scope="module")
def families(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Return a directory for each family of the roster, with the files hub repos have beside."""
    import torch
    from transformers import AutoModelForCausalLM

    from modelmap.zoo.settings import TokenizerRecipe
    from modelmap.zoo.tokenizers import train_tokenizer

    base = tmp_path_factory.mktemp("families")
    tokenizer = train_tokenizer(SENTENCES, TokenizerRecipe(vocab_size=300, add_bos=False), 512)
    torch.manual_seed(1)
    for family, config in small_configs(len(tokenizer)).items():
        model = AutoModelForCausalLM.from_config(config)
        tokenizer.save_pretrained(base / family)
        model.save_pretrained(base / family)
        (base / family / "onnx").mkdir()
        for unwanted in ("pytorch_model.bin", "flax_model.msgpack", "onnx/config.json"):
            (base / family / unwanted).write_bytes(b"not to be fetched")
        if family == "opt":
            # As on the hub: these repos have pickled weights only.
            (base / family / "model.safetensors").unlink()
            torch.save(model.state_dict(), base / family / "pytorch_model.bin")
    return {path.name: path for path in base.iterdir()}


@dataclass
class Project:
    """A copy of the project's configuration with hub-small chosen, and its own hub and cache."""

    root: Path
    hub: Hub

    def run(self, *arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
        """Return what a command gives: a new process, as huggingface_hub reads its settings once."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith("HF_")}
        settings = {
            "PYTHONPATH": str(ROOT / "src"),
            "NO_PROXY": "127.0.0.1",
            "HF_ENDPOINT": self.hub.endpoint,
            "HF_HOME": str(self.root / "hf"),
            "HF_TOKEN": TOKEN,
        }
        command = [sys.executable, *arguments]
        return subprocess.run(
            command, env={**kept, **settings, **environment}, text=True, capture_output=True
        )

    def modelmap(self, *arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
        return self.run("-m", "modelmap", "--root", str(self.root), *arguments, **environment)

    @property
    def pins(self) -> dict[str, str]:
        found: dict[str, str] = yaml.safe_load((self.root / "conf" / "pins.yaml").read_text())
        return found


def new_project(root: Path, hub: Hub) -> Project:
    """Return a project with four texts and no pins."""
    unwanted = shutil.ignore_patterns("pins.yaml", "local")
    shutil.copytree(ROOT / "conf", root / "conf", ignore=unwanted)
    params = (ROOT / "params.yaml").read_text()
    (root / "params.yaml").write_text(
        re.sub(r"(?m)^experiment: .*$", "experiment: hub-small", params)
    )
    texts = {
        "text_id": range(len(SENTENCES)),
        "text": SENTENCES,
        "category": "news",
        "source": "test",
        "source_version": "1",
        "source_path": "-",
        "document_id": [str(i) for i in range(len(SENTENCES))],
        "chunk_index": 0,
        "n_bytes": [len(text.encode()) for text in SENTENCES],
    }
    write_table(pd.DataFrame(texts), TEXTS, Layout(root).texts)
    return Project(root, hub)


def full_hub(families: dict[str, Path]) -> Hub:
    """Return a hub with every model of the roster."""
    return Hub({name: Repo(families[e["family"]], [commit(name)]) for name, e in ROSTER.items()})


@pytest.fixture
def project(tmp_path: Path, families: dict[str, Path]) -> Iterator[Project]:
    with serving(full_hub(families)) as hub:
        yield new_project(tmp_path, hub)


def one_line(run: "subprocess.CompletedProcess[str]") -> str:
    """Return the error of a command that failed as a user is meant to see it."""
    assert run.returncode == 1, run
    assert len(run.stderr.splitlines()) == 1, run.stderr
    assert TOKEN not in run.stdout + run.stderr
    return run.stderr


@dataclass
class Scored:
    """What happened when the roster was scored: first with two models refused, then with all."""

    project: Project
    refused: "subprocess.CompletedProcess[str]"
    kept: set[str]
    whole: "subprocess.CompletedProcess[str]"
    asked_first: list[Asked]
    asked_then: list[Asked]


@pytest.fixture(scope="module")
def scored(tmp_path_factory: pytest.TempPathFactory, families: dict[str, Path]) -> Scored:
    """Return the roster pinned, then scored twice while the hub's main branches move on."""
    hub = full_hub(families)
    with serving(hub):
        project = new_project(tmp_path_factory.mktemp("scored"), hub)
        for command in ("pin", "resolve"):
            assert project.modelmap(command).returncode == 0
        hub.asked.clear()
        for name, repo in hub.repos.items():
            repo.commits.append(commit(f"{name} later"))
        hub.repos[GATED].gated = True
        missing = hub.repos.pop(MISSING)
        refused = project.modelmap("score")
        kept = finished(project)
        asked_first = list(hub.asked)
        hub.asked.clear()
        hub.repos[GATED].gated = False
        hub.repos[GATED].cut_once = True
        hub.repos[MISSING] = missing
        whole = project.modelmap("score")
    return Scored(project, refused, kept, whole, asked_first, list(hub.asked))


def finished(project: Project) -> set[str]:
    """Return the names of the models whose scores are in the store."""
    store = Layout(project.root).store / "scores"
    return {json.loads(path.read_text())["model"] for path in store.glob("*.json")}


def test_the_whole_roster_is_scored(scored: Scored) -> None:
    """Every model of hub-small, of each of its architectures, gets a score of every text."""
    assert scored.whole.returncode == 0, scored.whole.stderr
    scores = Layout(scored.project.root).scores
    assert {path.name for path in scores.iterdir()} == {
        f"{name.replace('/', '__')}.parquet" for name in ROSTER
    }
    for path in scores.iterdir():
        assert (read_table(path, SCORES)["loglik_nats"] < 0).tolist() == [True] * len(SENTENCES)


def test_only_the_pinned_revision_is_asked_for(scored: Scored) -> None:
    """Scoring asks the hub for pinned commits alone, whatever its main branches have come to."""
    asked = scored.asked_first + scored.asked_then
    assert {(one.repo, one.revision) for one in asked} == {
        (name, commit(name)) for name in ROSTER
    }


def test_only_needed_files_are_asked_for(scored: Scored) -> None:
    """Other frameworks' weights, folders, and pickles beside safetensors are not downloaded."""
    asked = {(one.repo, one.view) for one in scored.asked_first + scored.asked_then}
    pickled = {repo for repo, view in asked if view == "pytorch_model.bin"}
    assert pickled == {name for name, entry in ROSTER.items() if entry["family"] == "opt"}
    assert not {view for _, view in asked if view.startswith(("flax", "onnx"))}


def test_refused_models_are_named_and_the_others_kept(scored: Scored) -> None:
    """A 404 and a 403 give one line with model and advice; the other models' scores are stored."""
    told = one_line(scored.refused)
    for name, status in ((MISSING, 404), (GATED, 403)):
        assert f"model {name}: the hub answered {status} for {name} at {commit(name)}" in told
    assert "hf auth login" in told
    assert scored.kept == set(ROSTER) - {MISSING, GATED}


def test_a_second_run_fetches_what_failed_only(scored: Scored) -> None:
    """After a failure the hub is asked for the failed models only, and a cut transfer goes on."""
    assert {one.repo for one in scored.asked_then} == {MISSING, GATED}
    weights = [one for one in scored.asked_then if one.view == "model.safetensors"]
    assert [(one.method, one.status) for one in weights] == [
        ("HEAD", 200),
        ("GET", 200),
        ("GET", 206),
    ]


PREPARE = """
import sys
from pathlib import Path
from modelmap.errors import UserError
from modelmap.layout import Layout
from modelmap.models.prepare import prepared_directory
from modelmap.models.spec import Models
from modelmap.section import read_section

layout = Layout(Path(sys.argv[1]))
spec = next(one for one in read_section(layout, "models", Models).root if one.name == sys.argv[2])
try:
    print(prepared_directory(spec, spec.revision, layout))
except UserError as error:
    sys.exit(str(error))
"""


def test_a_fetched_model_needs_no_hub(scored: Scored) -> None:
    """A model whole in the cache is found there when the hub cannot be reached."""
    found = scored.project.run("-c", PREPARE, str(scored.project.root), MISSING)
    assert Path(found.stdout.strip(), "pytorch_model.bin").is_file(), found.stderr


def test_unreachable_hub_is_told_in_one_line(scored: Scored, tmp_path: Path) -> None:
    """Without a hub a model that was never fetched fails at once, in one line that names it."""
    arguments = ("-c", PREPARE, str(scored.project.root), MISSING)
    told = one_line(scored.project.run(*arguments, HF_HOME=str(tmp_path)))
    assert f"model {MISSING}: the hub cannot be reached (ConnectError)" in told
    assert "HF_ENDPOINT" in told


def test_pin_writes_the_commits_of_the_hub(project: Project) -> None:
    """`modelmap pin` writes main's commit of every roster model, sorted, and says each."""
    done = project.modelmap("pin")
    assert project.pins == {name: commit(name) for name in ROSTER}
    assert list(project.pins) == sorted(ROSTER)
    assert done.stdout.splitlines() == [f"{name} {commit(name)}" for name in sorted(ROSTER)]


def test_pin_of_named_models_keeps_the_others(project: Project) -> None:
    """Named models are pinned anew, other pins stay, and a commit that stayed is said to have."""
    (project.root / "conf" / "pins.yaml").write_text(f"{GATED}: {commit(GATED)}\na/b: {'0' * 40}\n")
    project.hub.repos[CUT].commits.append(commit("later"))
    done = project.modelmap("pin", CUT, GATED)
    assert project.pins == {CUT: commit("later"), GATED: commit(GATED), "a/b": "0" * 40}
    assert done.stdout.splitlines() == [
        f"{CUT} {commit('later')}",
        f"{GATED} {commit(GATED)} unchanged",
    ]


def test_pin_writes_what_it_got_and_names_the_rest(project: Project) -> None:
    """A missing, a private and a malformed id fail in one line; the fourth model is pinned."""
    project.hub.repos[CUT].private = True
    told = one_line(project.modelmap("pin", "no/such", CUT, "a b/c", GATED))
    for part in (f"404 for no/such", f"401 for {CUT}", "no hub id for a b/c", "hf auth login"):
        assert part in told
    assert project.pins == {GATED: commit(GATED)}


def test_pin_without_a_hub(project: Project) -> None:
    """With the hub unreachable `modelmap pin` fails in one line and writes nothing."""
    told = one_line(project.modelmap("pin", HF_ENDPOINT="http://127.0.0.1:9"))
    assert f"{len(ROSTER)} of {len(ROSTER)} models are not pinned: the hub cannot be reached" in told
    assert not (project.root / "conf" / "pins.yaml").exists()


def test_pin_without_hub_models(project: Project) -> None:
    """An experiment with no hub models has nothing to pin, and is told so."""
    params = project.root / "params.yaml"
    params.write_text(params.read_text().replace("experiment: hub-small", "experiment: embedded"))
    assert "experiment embedded has no hub models" in one_line(project.modelmap("pin"))


def test_unpinned_models_stop_resolve(project: Project) -> None:
    """A hub model without a pin makes resolve refuse in one line that names `modelmap pin`."""
    told = one_line(project.modelmap("resolve"))
    assert "EleutherAI/pythia-14m" in told
    assert "run `modelmap pin`" in told
    assert project.hub.asked == []
