"""The study on a small project of its own: models, texts and estimates that fit one another."""

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from helpers import ROOT
from helpers.local_hardware import set_workers
from transformers import AutoModelForCausalLM, AutoTokenizer

from modelmap.divergence.tables import KL
from modelmap.models.file import roster_text
from modelmap.models.packed import pack_where_faster
from modelmap.models.spec import ModelSpec
from modelmap.plumbing.errors import UserError
from modelmap.plumbing.layout import Layout
from modelmap.plumbing.seeds import named_seed
from modelmap.plumbing.tables import read_csv, write_table
from modelmap.score.loglik import log_likelihoods
from modelmap.studies.kl_truth import stage
from modelmap.studies.kl_truth.comparison import two_directions
from modelmap.studies.kl_truth.drawn import encoded
from modelmap.studies.kl_truth.pretrained import (
    CopiesTask,
    copies_on_texts,
    copies_table,
    simulate_continuations,
    simulate_copies,
)
from modelmap.studies.kl_truth.sample_texts import kl_along_texts, sampled_texts
from modelmap.studies.kl_truth.settings import KlTruthSettings
from modelmap.studies.kl_truth.simulate import Where, ZooTask, drawn_from_zoo
from modelmap.studies.kl_truth.tables import KL_INGREDIENTS, KL_PRETRAINED, KL_TRUTH
from modelmap.texts.tables import TEXTS
from modelmap.zoo.architectures import untrained_model
from modelmap.zoo.derive import quantised
from modelmap.zoo.recipes import RECIPE
from modelmap.zoo.settings import Architecture, Shape, TokenizerRecipe
from modelmap.zoo.tokenizers import train_tokenizer

pytestmark = pytest.mark.pipeline

SHAPE = Shape(hidden_size=16, n_layers=1, n_heads=2, max_length=256)
WORDS = tuple(f"Text number {i} of a few. " * (1 + i % 3) for i in range(6))
MODELS: dict[str, Architecture] = {"a": "llama", "a-x": "llama", "b": "gpt2", "c": "gpt2"}
TOKENIZERS = {"a": "t-small", "b": "t-small", "c": "t-large"}
RECIPES = {
    "t-small": TokenizerRecipe(vocab_size=270, add_bos=True),
    "t-large": TokenizerRecipe(vocab_size=290, add_bos=False),
}
SEED, N_TEXTS = 42, 4
SETTINGS = {
    "seed": SEED,
    "n_texts": N_TEXTS,
    "n_natural_texts": 3,
    "n_pretrained_texts": 3,
    "continuation_tokens": 4,
    "factors": [2.0],
}
RUN = {
    "steps": 1,
    "batch_size": 1,
    "sequence_length": 8,
    "learning_rate": 0.1,
    "warmup_steps": 0,
}
REAL = ModelSpec(name="real", source="directory", location="real", family="real", kind="pretrained")


def specs() -> list[ModelSpec]:
    """Return the zoo: a model made from another, one of another family, one tokenizer alone."""
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
    """Return a project with texts, models and estimates, and the study's settings."""
    layout = Layout(tmp_path_factory.mktemp("study"))
    shutil.copytree(ROOT / "conf", layout.conf, ignore=shutil.ignore_patterns("local"))
    set_workers(layout, 1)
    texts = pd.DataFrame({"text_id": range(6), "text": WORDS, "category": "news"})
    for column in ("source", "source_version", "source_path"):
        texts[column] = ""
    texts["document_id"] = [f"d{i}" for i in range(6)]
    texts["chunk_index"] = 0
    texts["n_bytes"] = [len(text) for text in WORDS]
    write_table(texts, TEXTS, layout.texts)
    folders = {**{name: layout.zoo / name for name in MODELS}, "real": layout.root / "real"}
    for number, (name, folder) in enumerate(folders.items()):
        recipe = RECIPES[TOKENIZERS.get(name[0], "t-large")]
        tokenizer = train_tokenizer(WORDS, recipe, SHAPE.max_length)
        model = untrained_model(MODELS.get(name, "llama"), SHAPE, len(tokenizer), seed=number)
        model.save_pretrained(folder)
        tokenizer.save_pretrained(folder)
    write_table(kl_table([*MODELS, "real"]), KL, layout.kl)
    layout.resolved.write_text(json.dumps(sections()))
    layout.roster.write_text(roster_text([*specs(), REAL]))
    return layout


def kl_table(names: list[str]) -> pd.DataFrame:
    """Return estimates of .5 for all pairs, and 5 by the papers' method."""
    pairs = [(a, b) for i, a in enumerate(names) for b in names[i + 1 :]]
    values: dict[str, object] = {"model_a": [a for a, _ in pairs], "model_b": [b for _, b in pairs]}
    for name in KL.columns:
        if name not in values:
            values[name] = 5.0 if "papers" in name else 0.5
    warning = ["drift", *[""] * (len(pairs) - 1)]
    return pd.DataFrame(values).assign(n_texts=6, warning=warning, relation="two families")


def sections() -> dict[str, object]:
    """Return what the study reads of resolved.yaml."""
    return {
        "kl_truth": SETTINGS,
        "divergence": {
            "estimate": "mixture",
            "n_neighbours": 1,
            "linkage": "average",
            "confidence": 0.95,
        },
        "zoo": {
            "seed": 1,
            "tokenizers": {name: recipe.model_dump() for name, recipe in RECIPES.items()},
            "shape": SHAPE.model_dump(),
            "training": RUN,
            "finetuning": RUN,
            "families": [
                {"name": name, "architecture": MODELS[name], "tokenizer": tokenizer}
                for name, tokenizer in TOKENIZERS.items()
            ],
        },
    }


def zoo_task(project: Layout, source: int) -> ZooTask:
    """Return what a worker is asked for."""
    tokenizers = tuple(TOKENIZERS[name[0]] for name in MODELS)
    return ZooTask(project.root, tuple(specs()), tokenizers, source, WORDS, N_TEXTS, "cpu", SEED)


def test_the_study_writes_every_pair_with_both_truths_and_estimates(project: Layout) -> None:
    """What worker processes simulated is what the same tasks give here."""
    stage.run(project)
    table = read_csv(project.study("kl_truth", "csv"), KL_TRUTH)
    assert len(table) == 6
    named = list(zip(table["model_a"], table["model_b"], table["one_tokenizer"], strict=True))
    assert [pair[:2] for pair in named if pair[2]] == [("a", "a-x"), ("a", "b"), ("a-x", "b")]
    assert (table["truth_bits_per_byte"].notna() == table["one_tokenizer"]).all()
    assert set(table["kl_bits_per_byte"]) == {0.5}
    assert table["warning"].tolist() == [True, *[False] * 5]
    drawn = [drawn_from_zoo(zoo_task(project, source)) for source in range(4)]
    for row, (i, j) in ((0, (0, 1)), (5, (2, 3))):
        for kind, name in (("token_kl", "truth"), ("log_ratio", "string_truth")):
            wanted = two_directions(drawn[i], drawn[j], i, j, kind)["bits_per_byte"]
            found = table[f"{name}_bits_per_byte"][row]
            assert found == pytest.approx(wanted, rel=2e-3, nan_ok=True), name
    metrics = json.loads(project.study("kl_truth", "json").read_text())
    assert metrics["n_texts_drawn_per_model"] == N_TEXTS
    assert "skipped" in metrics["pretrained"]["two_pretrained_models"]
    read_csv(project.study("kl_ingredients", "csv"), KL_INGREDIENTS)
    real = read_csv(project.study("kl_pretrained", "csv"), KL_PRETRAINED)
    assert real["model_b"].tolist() == ["real int8", "real int4", "a", "b", "c"]
    assert real["kl_papers_bits_per_byte"].tolist()[2:] == [5.0] * 3


def test_a_task_draws_from_its_own_model_after_the_first_token(project: Layout) -> None:
    """By its name's seed, from the end-of-text token on, with lengths of the project's texts."""
    names = list(MODELS)
    models = [AutoModelForCausalLM.from_pretrained(project.zoo / name).eval() for name in names]
    tokenizer = AutoTokenizer.from_pretrained(project.zoo / "a")
    lengths = sorted(one.n_scored for one in encoded(tokenizer, WORDS))
    chosen = [lengths[i] for i in (0, 2, 3, 5)]
    for source in (1, 2):
        seed = named_seed(SEED, "kl_truth", names[source])
        drawn = sampled_texts(models[source], [0], chosen, seed)
        found = drawn_from_zoo(zoo_task(project, source))
        wanted = kl_along_texts(models[:3], [source], drawn)[0]
        np.testing.assert_allclose(found.token_kl[:3], wanted, rtol=1e-5)
        assert np.isnan(found.token_kl[3]).all()
        text = tokenizer.decode(drawn[0][1:]).rstrip("\ufffd")
        assert found.n_bytes[0] == len(text.encode())
        own = [log_likelihoods(m, [encoded(tokenizer, [text])[0].ids], 256) for m in models[:3]]
        np.testing.assert_allclose(
            found.log_ratio[:3, 0], np.array([own[source] - one for one in own])[:, 0], atol=1e-4
        )


def test_copies_are_compared_on_natural_texts(project: Layout) -> None:
    """The exact KL along their tokens both ways, and both estimates from the same texts."""
    drawn = copies_on_texts(CopiesTask(project.root, REAL, (), WORDS, "cpu"))
    row = copies_table(drawn).set_index("model_b").loc["real int4"]
    folder = project.root / "real"
    models = [AutoModelForCausalLM.from_pretrained(folder).eval() for _ in range(2)]
    models[1].load_state_dict(quantised(models[0].state_dict(), "int4"))
    # KLs as small as this one depend on how products are rounded.
    for model in models:
        pack_where_faster(model)
    ids = [one.ids for one in encoded(AutoTokenizer.from_pretrained(folder), WORDS)]
    kl = kl_along_texts(models, [0, 1], ids).mean(axis=-1)
    unit = np.mean([len(text) for text in WORDS]) * np.log(2)
    assert row["truth_a_to_b_bits_per_byte"] == pytest.approx(kl[0, 1] / unit, rel=1e-4)
    assert row["truth_bits_per_byte"] == pytest.approx((kl[0, 1] + kl[1, 0]) / 2 / unit, rel=1e-4)
    own = [log_likelihoods(model, ids, 256) for model in models]
    papers = np.var(own[0] - own[1]) / 2 / unit
    assert row["kl_papers_bits_per_byte"] == pytest.approx(papers, rel=1e-3)
    assert row["kl_bits_per_byte"] == row["drawn_mixture_bits_per_byte"] > 0


def test_descendants_of_the_roster_are_compared_instead_of_copies(project: Layout) -> None:
    """The one that the zoo made by rounding to int4 has the numbers of the copy."""
    folder = project.zoo / "real-rounded"
    folder.mkdir()
    (folder / RECIPE).write_text(json.dumps({"kind": "quantised", "detail": "int4"}))
    descendant = ModelSpec(
        name="real-rounded", source="zoo", location="real-rounded", family="real", kind="quantised",
        parent="real", base=REAL,
    )  # fmt: skip
    rosters: tuple[list[ModelSpec], list[ModelSpec]] = ([REAL], [REAL, descendant])
    copies, made = (
        copies_table(simulate_copies(Where(project.root, "cpu", 1), [REAL], roster, WORDS)[0])
        for roster in rosters
    )
    assert made["model_b"].tolist() == ["real-rounded"]
    expected = copies[copies["model_b"] == "real int4"].drop(columns="model_b")
    pd.testing.assert_frame_equal(
        made.drop(columns="model_b"), expected.reset_index(drop=True), rtol=1e-5
    )


def test_two_pretrained_models_continue_the_first_halves_for_each_other(project: Layout) -> None:
    """Only what follows the halves counts, and a model is at 0 from itself."""
    other = ModelSpec(
        name="other", source="directory", location="data/zoo/b", family="b", kind="pretrained"
    )
    settings = KlTruthSettings.model_validate(SETTINGS)
    found = simulate_continuations(
        Where(project.root, "cpu", 1), [REAL, other], [specs()[0]], WORDS, settings
    )
    assert list(found) == ["real", "other", "a"]
    assert [found[name].log_ratio.shape for name in found] == [(3, 6), (3, 6), (2, 6)]
    assert (found["real"].log_ratio[0] == 0).all()
    assert (found["other"].mixture[1] == 0).all()
    assert (found["a"].mixture > 0).all()
    # Four tokens, of which each has few bytes.
    assert (found["real"].n_bytes <= 40).all()


@pytest.mark.parametrize(
    ("change", "wanted"),
    [
        ("roster", r"^kl_truth needs two models of the zoo: choose an experiment"),
        ("estimate", r"^kl_truth compares the mixture estimate: set divergence\.estimate"),
    ],
)
def test_a_project_that_cannot_be_studied_is_told(
    project: Layout, tmp_path: Path, change: str, wanted: str
) -> None:
    """The message names what is needed and where it is chosen."""
    other = Layout(tmp_path)
    shutil.copytree(project.root / "data", tmp_path / "data")
    shutil.copytree(project.conf, other.conf)
    chosen = json.loads(project.resolved.read_text())
    if change == "estimate":
        chosen["divergence"]["estimate"] = "papers"
    other.resolved.write_text(json.dumps(chosen))
    other.roster.write_text(roster_text(specs()[:1] if change == "roster" else specs()))
    with pytest.raises(UserError, match=wanted):
        stage.run(other)


def test_without_pretrained_models_their_table_is_empty(project: Layout, tmp_path: Path) -> None:
    """And the reason is in the summary."""
    other = Layout(tmp_path)
    shutil.copytree(project.root / "data", tmp_path / "data")
    shutil.copytree(project.conf, other.conf)
    shutil.copyfile(project.resolved, other.resolved)
    other.roster.write_text(roster_text(specs()[:2]))
    stage.run(other)
    assert read_csv(other.study("kl_pretrained", "csv"), KL_PRETRAINED).empty
    metrics = json.loads(other.study("kl_truth", "json").read_text())
    assert metrics["pretrained"]["two_pretrained_models"].endswith("the roster has none")
