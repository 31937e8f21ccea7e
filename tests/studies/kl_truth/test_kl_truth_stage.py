"""The study on a small project of its own: models, scores and matrix that fit one another."""

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from helpers import ROOT
from helpers.local_hardware import set_workers
from helpers.tables import score_table
from transformers import AutoModelForCausalLM, AutoTokenizer

from modelmap.matrix.file import LogLikelihoods, read_matrix, write_matrix
from modelmap.models.file import roster_text
from modelmap.models.spec import ModelSpec
from modelmap.plumbing.errors import UserError
from modelmap.plumbing.layout import Layout
from modelmap.plumbing.seeds import named_seed
from modelmap.plumbing.tables import read_csv, read_table, write_table
from modelmap.score.identity import Identity
from modelmap.score.loglik import log_likelihoods
from modelmap.score.rule import encode_texts
from modelmap.score.store import write_scores
from modelmap.studies.kl_truth import stage
from modelmap.studies.kl_truth.groups import Group
from modelmap.studies.kl_truth.sample_texts import sampled_texts, text_sums
from modelmap.studies.kl_truth.simulate import Task, sums_of_task
from modelmap.studies.kl_truth.tables import KL_TRUTH
from modelmap.texts.tables import TEXTS
from modelmap.texts.text_set import text_set_hash
from modelmap.zoo.architectures import untrained_model
from modelmap.zoo.settings import Architecture, Shape, TokenizerRecipe
from modelmap.zoo.tokenizers import train_tokenizer

pytestmark = pytest.mark.pipeline

SHAPE = Shape(hidden_size=16, n_layers=1, n_heads=2, max_length=64)
WORDS = [f"Text number {i} of a few. " * (1 + i % 3) for i in range(6)]
MODELS: dict[str, Architecture] = {"a": "llama", "a-x": "llama", "b": "gpt2", "c": "gpt2"}
FAMILIES = {"a": "t-bos", "b": "t-bos", "c": "t-alone"}
SEED, N_TEXTS = 42, 4


def specs() -> list[ModelSpec]:
    """Return the roster: a model made from another, one of another family, one alone."""
    return [
        ModelSpec(
            name=name,
            source="zoo",
            location=name,
            family=name[0],
            kind="finetune" if name == "a-x" else "base",
            parent="a" if name == "a-x" else None,
        )
        for name in MODELS
    ]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Layout:
    """Return a project that is scored, with the study's settings."""
    layout = Layout(tmp_path_factory.mktemp("study"))
    shutil.copytree(ROOT / "conf", layout.conf, ignore=shutil.ignore_patterns("local"))
    set_workers(layout, 1)
    texts = pd.DataFrame({"text_id": range(6), "text": WORDS})
    texts["category"] = "news"
    for column in ("source", "source_version", "source_path"):
        texts[column] = ""
    texts["document_id"] = [f"d{i}" for i in range(6)]
    texts["chunk_index"] = 0
    texts["n_bytes"] = [len(text) for text in WORDS]
    write_table(texts, TEXTS, layout.texts)
    text_set = text_set_hash(texts["text"])
    tokenizer = train_tokenizer(WORDS, TokenizerRecipe(vocab_size=280, add_bos=True), 64)
    encoded = encode_texts(tokenizer, WORDS, "own", 64)
    rows = []
    for number, (name, architecture) in enumerate(MODELS.items()):
        model = untrained_model(architecture, SHAPE, len(tokenizer), seed=number).eval()
        model.save_pretrained(layout.zoo / name)
        tokenizer.save_pretrained(layout.zoo / name)
        rows.append(log_likelihoods(model, [item.ids for item in encoded], 256))
        scores = score_table(WORDS, rows[-1])
        identity = Identity("zoo", name, "t", "own", "float32", None, "sdpa", None, text_set, 1)
        write_scores(scores, layout.scores / f"{name}.parquet", identity, {})
    mean_bytes = float(texts["n_bytes"].mean())
    matrix = LogLikelihoods(np.array(rows), list(MODELS), -1e9, mean_bytes, text_set)
    write_matrix(matrix, layout.matrix)
    layout.resolved.write_text(json.dumps(sections()))
    layout.roster.write_text(roster_text(specs()))
    return layout


def sections() -> dict[str, object]:
    """Return what the study reads of resolved.yaml."""
    return {
        "kl_truth": {"seed": SEED, "n_texts": N_TEXTS, "factors": [2.0]},
        "score": {"rule": "own"},
        "zoo": {
            "seed": 1,
            "tokenizers": {
                "t-bos": {"vocab_size": 280, "add_bos": True},
                "t-alone": {"vocab_size": 280, "add_bos": True},
            },
            "shape": SHAPE.model_dump(),
            "training": RUN,
            "finetuning": RUN,
            "families": [
                {"name": name, "architecture": MODELS[name], "tokenizer": tokenizer}
                for name, tokenizer in FAMILIES.items()
            ],
        },
    }


RUN = {
    "steps": 1,
    "batch_size": 1,
    "sequence_length": 8,
    "learning_rate": 0.1,
    "warmup_steps": 0,
}


def test_the_study_writes_every_pair_of_a_tokenizer(project: Layout) -> None:
    """Three models of one tokenizer are three pairs; the one that is alone is in none.

    What worker processes simulated is what the same tasks give here.
    """
    stage.run(project)
    table = read_csv(project.study("kl_truth", "csv"), KL_TRUTH)
    named = list(zip(table["model_a"], table["model_b"], table["relation"], strict=True))
    between = "between families"
    assert named == [("a", "a-x", "finetune"), ("a", "b", between), ("a-x", "b", between)]
    assert set(table["tokenizer"]) == {"t-bos"}
    assert set(table["n_texts"]) == {N_TEXTS}
    metrics = json.loads(project.study("kl_truth", "json").read_text())
    assert metrics["all_pairs"]["n_pairs"] == 3
    assert list(metrics["all_pairs"]["truth_over_estimate"]) == ["q5", "q25", "q50", "q75", "q95"]
    assert metrics["tokenizers"]["t-bos"]["n_models"] == 3
    texts = read_table(project.texts, TEXTS)
    unit = metrics["nats_per_text_of_one_bit_per_byte"]
    assert unit == pytest.approx(texts["n_bytes"].mean() * np.log(2), abs=1e-3)
    n_tokens = pd.read_parquet(project.scores / "a.parquet")["n_tokens"].to_numpy()
    order = np.argsort(n_tokens, kind="stable")[[0, 2, 3, 5]]
    chosen = tuple(texts["text"].iloc[order])
    group = Group("t-bos", tuple(specs()[:3]), chosen, tuple(n_tokens[order].tolist()))
    found = {source: sums_of_task(task(project, group, source)) for source in (0, 1, 2, None)}
    on_texts = found[None].kl.mean(axis=-1)
    loglik = read_matrix(project.matrix).loglik_nats
    for row, (i, j) in zip(table.itertuples(), [(0, 1), (0, 2), (1, 2)], strict=True):
        nats = {
            "a_to_b": found[i].kl[0, j].mean(),
            "b_to_a": found[j].kl[0, i].mean(),
            "on_texts": (on_texts[i, j] + on_texts[j, i]) / 2,
            "half_squares": found[None].half_squares[i, j].mean(),
            "estimate": np.var(loglik[i] - loglik[j]) / 2,
        }
        for name, value in nats.items():
            told_nats = getattr(row, f"{name}_bits_per_byte") * texts["n_bytes"].mean() * np.log(2)
            assert told_nats == pytest.approx(value, rel=2e-3), name


def task(project: Layout, group: Group, source: int | None) -> Task:
    """Return what a worker is asked for."""
    return Task(project.root, group, source, "own", "cpu", SEED)


def test_a_task_draws_from_its_own_model_after_the_first_token(project: Layout) -> None:
    """By its name's seed, from the end-of-text token on; no source stands for the texts."""
    group = Group("t-bos", tuple(specs()[:3]), tuple(WORDS[:2]), (50, 60))
    names = [spec.name for spec in group.specs]
    models = [AutoModelForCausalLM.from_pretrained(project.zoo / name).eval() for name in names]
    for source in (1, 2):
        seed = named_seed(SEED, "kl_truth", names[source])
        drawn = sampled_texts(models[source], 0, group.n_tokens, seed)
        expected = text_sums(models, [source], drawn).kl
        np.testing.assert_allclose(
            sums_of_task(task(project, group, source)).kl, expected, rtol=1e-5
        )
    tokenizer = AutoTokenizer.from_pretrained(project.zoo / "a")
    encoded = encode_texts(tokenizer, WORDS[:2], "own", 64)
    expected = text_sums(models, [0, 1, 2], [item.ids for item in encoded]).kl
    np.testing.assert_allclose(sums_of_task(task(project, group, None)).kl, expected, rtol=1e-5)


def test_a_project_without_two_models_of_a_tokenizer_is_told(
    project: Layout, tmp_path: Path
) -> None:
    """The message names what is needed and where it is chosen."""
    alone = Layout(tmp_path)
    shutil.copytree(project.root / "data", tmp_path / "data")
    shutil.copytree(project.conf, alone.conf)
    shutil.copyfile(project.resolved, alone.resolved)
    alone.roster.write_text(roster_text([specs()[3]]))
    wanted = r"^kl_truth needs two models of the zoo that share a tokenizer: choose an exp"
    with pytest.raises(UserError, match=wanted):
        stage.run(alone)


def test_texts_of_another_set_than_the_matrix_are_told(project: Layout, tmp_path: Path) -> None:
    """Before any model is loaded."""
    other = Layout(tmp_path)
    shutil.copytree(project.root / "data", tmp_path / "data")
    shutil.copytree(project.conf, other.conf)
    shutil.copyfile(project.resolved, other.resolved)
    shutil.copyfile(project.roster, other.roster)
    texts = read_table(other.texts, TEXTS)
    texts.loc[0, "text"] = "another"
    write_table(texts, TEXTS, other.texts)
    with pytest.raises(UserError, match=r"^texts\.parquet is not the text set of matrix\.parquet"):
        stage.run(other)
