"""A project on a roster of hub models, and tiny models to stand in for them."""

import hashlib
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from helpers import ROOT
from helpers.hub_server import Hub, Repo
from modelmap.plumbing.layout import Layout
from modelmap.plumbing.tables import write_table
from modelmap.texts.tables import TEXTS
from modelmap.zoo.settings import TokenizerRecipe
from modelmap.zoo.tokenizers import train_tokenizer

TOKEN = "hf_" + "z" * 34
SENTENCES = [
    "The map shows which models are near each other.",
    "A text is scored by every model, one token after another.",
    "Naïve café owners paid 300 € for 12 new chairs — in cash.",
    "def near(a, b):\n    return abs(a - b) < 0.5\n",
]
ROSTER: dict[str, dict[str, str]] = yaml.safe_load(
    (ROOT / "conf" / "models" / "hub-small.yaml").read_text()
)["models"]
SMALL: dict[str, Any] = {
    "hidden_size": 16,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "bos_token_id": 0,
    "eos_token_id": 0,
    "pad_token_id": 0,
}
WIDE: dict[str, Any] = {**SMALL, "intermediate_size": 32}
ARCHITECTURES: dict[str, tuple[str, dict[str, Any]]] = {
    "pythia": ("gpt_neox", WIDE),
    "gpt2": ("gpt2", SMALL),
    "opt": ("opt", {**SMALL, "ffn_dim": 32, "word_embed_proj_dim": 8}),
    "smollm2": ("llama", WIDE),
    "gpt-neo": ("gpt_neo", {**SMALL, "attention_types": [[["global"], 1]]}),
    "cerebras-gpt": ("gpt2", SMALL),
    "qwen2.5": ("qwen2", {**WIDE, "num_key_value_heads": 1}),
}
FETCH = """
import sys
from modelmap.plumbing.errors import UserError
from modelmap.models.hub import from_hub
from modelmap.models.spec import ModelSpec

name, revision, *trust = sys.argv[1:]
entry = {"name": name, "source": "hub", "location": name, "revision": revision}
try:
    print(from_hub(ModelSpec(**entry, family="f", kind="base", trust_remote_code=bool(trust))))
except UserError as error:
    sys.exit(str(error))
"""
Run = subprocess.CompletedProcess[str]
PROGRESS = re.compile(r"(score|pin): \d+%.*")


def commit(name: str) -> str:
    """Return 40 hexadecimal digits that a name stands for."""
    return hashlib.sha1(name.encode()).hexdigest()


def write_families(base: Path) -> dict[str, Path]:
    """Return a directory for each family of the roster, with the files hub repos have beside."""
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    tokenizer = train_tokenizer(SENTENCES, TokenizerRecipe(vocab_size=300, add_bos=False), 512)
    causal: Any = AutoModelForCausalLM
    torch.manual_seed(1)
    for family, (architecture, shape) in ARCHITECTURES.items():
        model = causal.from_config(
            AutoConfig.for_model(architecture, vocab_size=len(tokenizer), **shape)
        )
        tokenizer.save_pretrained(base / family)
        model.save_pretrained(base / family)
        (base / family / "onnx").mkdir()
        for unwanted in ("pytorch_model.bin", "flax_model.msgpack", "onnx/config.json"):
            (base / family / unwanted).write_bytes(b"not to be fetched")
        if family == "opt":
            # As on the hub: these repos have pickled weights only.
            (base / family / "model.safetensors").unlink()
            torch.save(model.state_dict(), base / family / "pytorch_model.bin")
    return {family: base / family for family in ARCHITECTURES}


@dataclass
class Project:
    """A copy of the project's configuration with hub-small chosen, and its own hub and cache."""

    root: Path
    hub: Hub

    def environment(self, **more: str) -> dict[str, str]:
        """Return the variables of a process that knows this hub alone."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("HF_", "MODELMAP_"))}
        settings = {
            "PYTHONPATH": str(ROOT / "src"),
            "NO_PROXY": "127.0.0.1",
            "HF_ENDPOINT": self.hub.endpoint,
            "HF_HOME": str(self.root / "hf"),
            "HF_TOKEN": TOKEN,
        }
        return {**kept, **settings, **more}

    def run(self, *arguments: str, **environment: str) -> Run:
        """Return how a new process ended: huggingface_hub reads its settings once in each."""
        return subprocess.run(
            [sys.executable, *arguments],
            env=self.environment(**environment),
            text=True,
            capture_output=True,
        )

    def modelmap(self, *arguments: str, **environment: str) -> Run:
        return self.run("-m", "modelmap", "--root", str(self.root), *arguments, **environment)

    def fetch(self, model: str, *trust: str, **environment: str) -> Run:
        """Return how the fetching of a model at its commit ended; it prints the directory.

        Any further word lets its code run.
        """
        quiet = {"HF_HUB_DISABLE_PROGRESS_BARS": "1", "HF_HUB_VERBOSITY": "error"}
        return self.run("-c", FETCH, model, commit(model), *trust, **quiet, **environment)

    @property
    def pins(self) -> dict[str, str]:
        found: dict[str, str] = yaml.safe_load((self.root / "conf" / "pins.yaml").read_text())
        return found


def new_project(root: Path, hub: Hub) -> Project:
    """Return a project with four texts and no pins."""
    unwanted = shutil.ignore_patterns("pins.yaml", "local")
    shutil.copytree(ROOT / "conf", root / "conf", ignore=unwanted)
    (root / "conf" / "local").mkdir()
    one_worker = "# @package _global_\nhardware: {workers: 1}\n"
    (root / "conf" / "local" / "default.yaml").write_text(one_worker)
    params = (ROOT / "params.yaml").read_text()
    chosen = re.sub(r"(?m)^experiment: .*$", "experiment: hub-small", params)
    (root / "params.yaml").write_text(chosen)
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


def one_line(run: Run) -> str:
    """Return the error of a command that failed as a user is meant to see it."""
    assert run.returncode == 1, run
    told = [line for line in run.stderr.splitlines() if not PROGRESS.match(line)]
    assert len(told) == 1, run.stderr
    assert TOKEN not in run.stdout + run.stderr
    return told[0]
