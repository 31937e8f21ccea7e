"""A project with one stage: tiny models that score a hundred texts, in many small shards."""

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pandas as pd

from helpers import ROOT
from helpers.project import Project
from helpers.tiny_models import TEXTS, tiny_model, tiny_tokenizer
from modelmap.models.file import roster_text
from modelmap.models.spec import ModelSpec
from modelmap.plumbing.layout import Layout
from modelmap.plumbing.tables import write_table
from modelmap.texts.tables import TEXTS as TEXTS_SCHEMA
from modelmap.zoo.settings import Architecture

MODELS: dict[str, Architecture] = {"one": "llama", "two": "gpt2", "three": "qwen3"}
N_TEXTS = 120
STAGE = """\
stages:
  score:
    cmd: modelmap run score
    deps: [roster.yaml, data/texts.parquet, data/models]
    outs:
      - data/scores: {persist: true}
"""
HARDWARE = """\
# @package _global_
hardware:
  workers: 2
  batch_tokens: 256
  shard_tflop: 5.0e-6
"""


class ScoringProject(Project):
    """Three models of three architectures, ready to be scored."""

    def __init__(self, root: Path) -> None:
        self.root, self.layout = root, Layout(root)
        for folder in ("src", "conf"):
            shutil.copytree(
                ROOT / folder,
                root / folder,
                ignore=shutil.ignore_patterns("__pycache__", "local"),
            )
        (root / "dvc.yaml").write_text(STAGE)
        (root / ".dvcignore").write_text("/conf\n")
        (root / "resolved.yaml").write_text("score: {rule: own}\n")
        self.append("conf/local/default.yaml", HARDWARE)
        for name in MODELS:
            self.add_model(name)
        self.write_roster(*MODELS)
        write_table(text_table(N_TEXTS), TEXTS_SCHEMA, self.layout.texts)
        subprocess.run(["git", "init", "-q"], cwd=root, check=True)
        assert self.run("dvc", "init", "-q").returncode == 0

    def add_model(self, name: str) -> None:
        """Save a tiny model and its tokenizer as data/models/<name>."""
        folder = self.root / "data" / "models" / name
        tiny_model(MODELS[name]).save_pretrained(folder)
        tiny_tokenizer(add_bos=True).save_pretrained(folder)

    def write_roster(self, *names: str) -> None:
        """Make these models the project's."""
        specs = [
            ModelSpec(
                name=name,
                source="directory",
                location=f"data/models/{name}",
                family=name,
                kind="base",
            )
            for name in names
        ]
        (self.root / "roster.yaml").write_text(roster_text(specs))

    def scored(self) -> dict[str, bytes]:
        """Return what scoring leaves: data/scores by file name, and DVC's record of it."""
        files = [*self.layout.scores.iterdir(), self.root / "dvc.lock"]
        return {path.name: path.read_bytes() for path in sorted(files)}

    def forget(self) -> None:
        """Remove everything that scoring left."""
        for folder in (self.layout.scores, self.layout.store, self.root / ".dvc" / "cache"):
            shutil.rmtree(folder, ignore_errors=True)
        (self.root / "dvc.lock").unlink(missing_ok=True)


def text_table(n_texts: int) -> pd.DataFrame:
    """Return texts of many lengths."""
    texts = [f"{row}: {TEXTS[row % len(TEXTS)] * (1 + row % 3)}" for row in range(n_texts)]
    return pd.DataFrame(
        {
            "text_id": np.arange(n_texts),
            "text": texts,
            "category": "test",
            "source": "here",
            "source_version": "1",
            "source_path": "tiny.py",
            "document_id": [f"d{row}" for row in range(n_texts)],
            "chunk_index": 0,
            "n_bytes": [len(text.encode()) for text in texts],
        }
    )
