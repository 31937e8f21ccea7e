"""Cost of scheduling 1,018 tiny models, as many as in the papers, and the memory that it takes.

Run with `python benchmarks/scale.py`. Clones the committed project into a temporary directory, adds
models of a few kilobytes with random weights, and runs it with DVC as a user does. The cost of a
model in addition to its own loading and scoring is the time of all workers, divided by the number
of models, minus the time that one process needs for a model (the mean of a sample). Texts are
tokenised once for all models, since they share a tokenizer. Writes benchmarks/scale.json and prints
it.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np
import psutil
import torch
import yaml
from transformers.utils.logging import disable_progress_bar

from modelmap.models.file import read_roster
from modelmap.models.load import load_config, load_model, load_tokenizer, maximum_length
from modelmap.models.spec import ModelSpec
from modelmap.plumbing.hardware import Hardware, load_hardware
from modelmap.plumbing.layout import Layout
from modelmap.plumbing.seeds import named_seed
from modelmap.plumbing.tables import read_table
from modelmap.score.loglik import log_likelihoods
from modelmap.score.rule import encode_texts
from modelmap.texts.tables import TEXTS
from modelmap.zoo.architectures import untrained_model
from modelmap.zoo.settings import Shape, TokenizerRecipe
from modelmap.zoo.tokenizers import train_tokenizer

CHECKOUT = Path(__file__).parents[1]
N_MODELS, N_FEW, N_SAMPLE, SEED = 1_018, 100, 50, 42
VOCABULARY = 384
SHAPE = Shape(hidden_size=8, n_layers=1, n_heads=2, max_length=1024)
EXPERIMENT = """\
# @package _global_
defaults:
  - override /corpus: micro
  - override /zoo: none
  - override /models: scale

texts:
  n_texts: 64
  shares: {news: 0.5, bible: 0.5, wikipedia: 0, newsgroups: 0, code: 0, readme: 0, licence: 0}
"""
SAMPLED_EVERY_S = 0.5


def main() -> None:
    """Measure, print the results and write the JSON file."""
    torch.set_num_threads(1)
    disable_progress_bar()
    with tempfile.TemporaryDirectory() as folder:
        results = measured(Path(folder))
    print(json.dumps(results, indent=2))
    Path(__file__).with_suffix(".json").write_text(json.dumps(results, indent=2) + "\n")


def measured(root: Path) -> dict[str, object]:
    """Return all results, measured in a project that is created in `root`."""
    copy_project(root)
    names = [f"tiny-{i:04d}" for i in range(N_MODELS)]
    for name in names:
        write_model(root, name, SEED)
    write_tokenizer(root, names)
    write_roster(root, names[:N_FEW])
    repro(root, "texts", "zoo")
    few = repro(root, "score", "matrix")
    write_roster(root, names)
    repro(root, "resolve")
    for folder in (".modelmap", "data/scores"):
        shutil.rmtree(root / folder)
    full = repro(root, "score")
    matrix = repro(root, "matrix")
    hardware = load_hardware(root / "conf")
    reading, scoring = own_seconds(Layout(root), hardware)
    of_one = full.seconds * hardware.n_scorers / N_MODELS
    nothing = repro(root, "score", "matrix")
    before = stored(root)
    write_model(root, names[N_MODELS // 2], SEED + 1)
    one = repro(root, "score", "matrix")
    return {
        "models": N_MODELS,
        "texts": 64,
        "workers": hardware.n_scorers,
        "seconds_of_score": round(full.seconds, 1),
        "seconds_of_matrix": round(matrix.seconds, 1),
        "worker_seconds_of_a_model": round(of_one, 4),
        "of_these_to_load_and_score": round(scoring, 4),
        "of_these_for_scheduling": round(of_one - scoring, 4),
        "seconds_to_read_texts_by_their_tokenizer": round(reading, 4),
        "seconds_when_nothing_changed": round(nothing.seconds, 1),
        "seconds_when_one_model_changed": round(one.seconds, 1),
        "models_scored_when_one_changed": len(stored(root) - before),
        f"peak_gb_of_{N_FEW}_models": round(few.peak_gb, 2),
        f"peak_gb_of_{N_MODELS}_models": round(full.peak_gb, 2),
    }


def copy_project(root: Path) -> None:
    """Clone the committed project, and add and select the experiment `scale`."""
    subprocess.run(["git", "clone", "-q", CHECKOUT, root], check=True)
    (root / "conf/experiment/scale.yaml").write_text(EXPERIMENT)
    params = root / "params.yaml"
    params.write_text(re.sub("(?m)^experiment: .*", "experiment: scale", params.read_text()))


def write_model(root: Path, name: str, seed: int) -> None:
    """Write a model with random weights, seeded by `seed` and the name."""
    model = untrained_model("llama", SHAPE, VOCABULARY, named_seed(seed, "scale", name))
    model.save_pretrained(root / "data/models" / name)


def write_tokenizer(root: Path, names: list[str]) -> None:
    """Write the tokenizer that all models share into the directory of each."""
    recipe = TokenizerRecipe(vocab_size=VOCABULARY, add_bos=True)
    texts = [path.read_text() for path in sorted((CHECKOUT / "docs").glob("*.md"))]
    made = root / ".tokenizer"
    train_tokenizer(texts, recipe, SHAPE.max_length).save_pretrained(made)
    for name in names:
        shutil.copytree(made, root / "data/models" / name, dirs_exist_ok=True)


def write_roster(root: Path, names: list[str]) -> None:
    """Write the roster of the experiment: the models with these names."""
    entries = {
        name: {
            **{"source": "directory", "location": f"data/models/{name}"},
            **{"family": f"f{i % 60}", "kind": "base"},
        }
        for i, name in enumerate(names)
    }
    text = yaml.safe_dump({"zoo": False, "models": entries}, sort_keys=False)
    (root / "conf/models/scale.yaml").write_text("# @package roster\n" + text)


class Cost(NamedTuple):
    """The time and memory of a command and all its child processes."""

    seconds: float
    peak_gb: float


def repro(root: Path, *stages: str) -> Cost:
    """Return the time and memory of `dvc repro`. Exits if it fails."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    began = time.perf_counter()
    process = subprocess.Popen(
        ["dvc", "repro", *stages],
        cwd=root,
        env={**os.environ, "PATH": path, "PYTHONPATH": str(root / "src")},
        stdout=subprocess.DEVNULL,
    )
    over, sizes = threading.Event(), [0]

    def sample() -> None:
        while not over.wait(SAMPLED_EVERY_S):
            sizes.append(family_bytes(process.pid))

    thread = threading.Thread(target=sample)
    thread.start()
    status = process.wait()
    seconds = time.perf_counter() - began
    over.set()
    thread.join()
    if status:
        raise SystemExit(f"dvc repro {' '.join(stages)} ended with {status}")
    return Cost(seconds, max(sizes) / 1e9)


def family_bytes(pid: int) -> int:
    """Return the memory of a process and its children; pages that they share count once."""
    total = 0
    try:
        family = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    except psutil.NoSuchProcess:
        return 0
    for process in family:
        try:
            total += process.memory_full_info().pss
        except psutil.Error:
            continue
    return total


def own_seconds(layout: Layout, hardware: Hardware) -> tuple[float, float]:
    """Return the mean seconds of one model without scheduling: tokenising, loading and scoring.

    Tokenising is done once for all models that share a tokenizer.
    """
    specs = read_roster(layout.roster)[:: N_MODELS // N_SAMPLE][:N_SAMPLE]
    texts = read_table(layout.texts, TEXTS)["text"].tolist()
    times = [seconds_of(spec, layout, hardware, texts) for spec in [specs[0], *specs]][1:]
    reading, scoring = np.mean(times, axis=0)
    return float(reading), float(scoring)


def seconds_of(
    spec: ModelSpec, layout: Layout, hardware: Hardware, texts: list[str]
) -> tuple[float, float]:
    """Tokenise, load and score for one model; return the seconds of tokenising and of the rest."""
    directory = layout.root / spec.location
    began = time.perf_counter()
    limit = maximum_length(load_config(directory, spec), None)
    encoded = encode_texts(load_tokenizer(directory, spec), texts, "own", limit)
    read = time.perf_counter()
    model = load_model(directory, spec, "cpu")
    budget = hardware.token_budget(VOCABULARY, model.num_parameters())
    log_likelihoods(model, [item.ids for item in encoded], budget)
    return read - began, time.perf_counter() - read


def stored(root: Path) -> set[str]:
    """Return the names of the finished scores in the store."""
    return {path.name for path in (root / ".modelmap/scores").glob("*.parquet")}


if __name__ == "__main__":
    main()
