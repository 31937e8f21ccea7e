"""Families as ordinary Hugging Face directories."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM, AutoTokenizer

from modelmap.zoo.build import FamilyBuilder
from modelmap.zoo.recipes import family_recipes
from modelmap.zoo.settings import ZooSettings

ARCHITECTURES = ["llama", "gpt2", "gpt_neox", "qwen3"]
POOL = {
    "code": [f"def f{i}(x):\n    return x + {i}\n" * 3 for i in range(6)],
    "news": [f"The {i} people of the town said they would vote. " * 3 for i in range(6)],
}
RUN = {
    "steps": 2,
    "batch_size": 2,
    "sequence_length": 16,
    "learning_rate": 0.01,
    "warmup_steps": 1,
}
DESCENDANTS = {
    "checkpoints": [1],
    "finetunes": ["code", "news"],
    "merges": [["code", "news"]],
    "quantised": ["int8", "int4"],
}
SUFFIXES = ["", "-step1", "-code", "-news", "-code-news", "-int8", "-int4"]


def zoo(*names: str, **keys: object) -> ZooSettings:
    """Return a zoo of tiny families, each named after its architecture, or llama."""
    families = [
        {
            "name": name.replace("_", "-"),
            "architecture": name if name in ARCHITECTURES else "llama",
            "tokenizer": "plain" if name == "gpt2" else "bos",
        }
        for name in names
    ]
    sections = {
        "seed": 1,
        "tokenizers": {
            "bos": {"vocab_size": 280, "add_bos": True},
            "plain": {"vocab_size": 300, "add_bos": False},
        },
        "shape": {"hidden_size": 32, "n_layers": 1, "n_heads": 2, "max_length": 64},
        "training": RUN,
        "finetuning": RUN,
        "families": families,
        "descendants": DESCENDANTS,
    }
    return ZooSettings.model_validate({**sections, **keys})


def built(made: ZooSettings, directory: Path, which: int = 0) -> FamilyBuilder:
    """Build one family of a zoo and return its builder."""
    builder = FamilyBuilder(made.families[which], made, POOL, directory)
    builder.build()
    return builder


def weights(folder: Path) -> dict[str, torch.Tensor]:
    """Return what a model's safetensors file holds."""
    held: dict[str, torch.Tensor] = load_file(folder / "model.safetensors")
    return held


def digests(directory: Path) -> dict[str, str]:
    """Return the hash of every file below a directory."""
    return {
        path.relative_to(directory).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(directory.rglob("*"))
        if path.is_file()
    }


def test_a_family_with_another_name_keeps_its_weights(tmp_path: Path) -> None:
    """Random numbers depend on the seed name: all models have the same bytes of weights."""
    base = zoo("llama")
    renamed = base.families[0].model_copy(update={"name": "tiny-a", "seed_name": "llama"})
    for made in (base, base.model_copy(update={"families": [renamed]})):
        built(made, tmp_path)
    for suffix in SUFFIXES:
        files = [tmp_path / f"{name}{suffix}" / "model.safetensors" for name in ("llama", "tiny-a")]
        assert files[0].read_bytes() == files[1].read_bytes()


@pytest.fixture(scope="module")
def families(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[FamilyBuilder, Path]]:
    """Return one built family of each architecture, with its directory."""
    made, base = zoo(*ARCHITECTURES), tmp_path_factory.mktemp("zoo")
    return {name: (built(made, base, i), base) for i, name in enumerate(ARCHITECTURES)}


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_every_recipe_is_a_directory_that_transformers_loads(
    families: dict[str, tuple[FamilyBuilder, Path]], architecture: str
) -> None:
    """The loaded model gives bit for bit the logits of the built one; the tokenizer its ids."""
    builder, base = families[architecture]
    text = "The people said def f(x) é."
    ids = torch.tensor([builder.tokenizer(text)["input_ids"]])
    logits = []
    for recipe in family_recipes(builder.family, builder.zoo):
        folder = base / recipe.name
        names = {path.name for path in folder.iterdir()}
        assert {"config.json", "model.safetensors", "tokenizer.json", "recipe.json"} <= names
        assert not any(name.endswith((".bin", ".pt", ".pkl")) for name in names)
        builder.model.load_state_dict(builder.states[recipe.name])
        loaded: Any = AutoModelForCausalLM.from_pretrained(folder, dtype="auto").eval()
        with torch.inference_mode():
            expected, found = builder.model(ids).logits, loaded(ids).logits
        assert found.dtype == torch.float32
        assert torch.equal(found, expected)
        logits.append(found)
        tokenizer: Any = AutoTokenizer.from_pretrained(folder)
        assert tokenizer(text)["input_ids"] == ids[0].tolist()
        assert (ids[0, 0].item() == 0) is (builder.family.tokenizer == "bos")
    for i, one in enumerate(logits):
        assert not any(torch.equal(one, other) for other in logits[:i])


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_descendants_are_made_of_what_their_recipes_say(
    families: dict[str, tuple[FamilyBuilder, Path]], architecture: str
) -> None:
    """On disk: the merge is the finetunes' mean, quantised copies the base's to half a step."""
    builder, base = families[architecture]
    name = builder.family.name
    assert {path.name for path in base.glob(f"{name}*")} == {name + end for end in SUFFIXES}
    of = {suffix: weights(base / (name + suffix)) for suffix in SUFFIXES}
    for key, weight in of[""].items():
        mean = (of["-code"][key] + of["-news"][key]) / 2
        torch.testing.assert_close(of["-code-news"][key], mean, rtol=1e-6, atol=1e-8)
        if weight.ndim == 2:
            error = (of["-int8"][key] - weight).abs().amax(dim=1)
            step = weight.abs().amax(dim=1) / 127
            assert (error <= step / 2 * 1.001 + 1e-12).all()
        else:
            assert torch.equal(of["-int8"][key], weight)
            assert torch.equal(of["-int4"][key], weight)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_a_record_beside_each_model_says_what_it_is(
    families: dict[str, tuple[FamilyBuilder, Path]], architecture: str
) -> None:
    """Name, family, kind, parent and detail as in its recipe; a loss where it was trained."""
    builder, base = families[architecture]
    for recipe in family_recipes(builder.family, builder.zoo):
        record = json.loads((base / recipe.name / "recipe.json").read_text())
        loss = record.pop("final_training_loss_nats_per_token")
        assert record == vars(recipe)
        assert (loss is not None) is (recipe.kind in ("base", "finetune"))
        assert loss is None or 0 < loss < 10


def test_the_same_zoo_is_the_same_bytes_whatever_else_it_holds(tmp_path: Path) -> None:
    """A family built alone, with another beside it, or after it: every file is the same."""
    built(zoo("llama"), tmp_path / "alone")
    both = zoo("gpt2", "llama")
    built(both, tmp_path / "both", 0)
    others = digests(tmp_path / "both")
    built(both, tmp_path / "after", 1)
    alone = digests(tmp_path / "alone")
    assert alone == digests(tmp_path / "after")
    assert not set(alone) & set(others)
    assert len(alone) >= 4 * len(SUFFIXES)


@pytest.mark.parametrize(
    "other", [zoo("llama", seed=2), zoo("llama-twin")], ids=["another seed", "another name"]
)
def test_another_seed_or_name_is_another_family(tmp_path: Path, other: ZooSettings) -> None:
    """A second name with one recipe is a second seed: each of its models has other weights."""
    built(zoo("llama"), tmp_path / "one")
    built(other, tmp_path / "other")
    name = other.families[0].name
    for suffix in SUFFIXES:
        one = weights(tmp_path / "one" / f"llama{suffix}")
        two = weights(tmp_path / "other" / f"{name}{suffix}")
        assert list(one) == list(two)
        assert not torch.equal(one["model.embed_tokens.weight"], two["model.embed_tokens.weight"])


def test_a_familys_name_seeds_its_first_weights(tmp_path: Path) -> None:
    """Two untrained bases of one recipe differ by their names alone."""
    untrained = zoo("llama", "llama-twin", training={**RUN, "steps": 0}, descendants={})
    one, twin = (built(untrained, tmp_path, i).states for i in (0, 1))
    key = "model.embed_tokens.weight"
    assert not torch.equal(one["llama"][key], twin["llama-twin"][key])


def test_a_finetune_starts_from_its_base_and_runs_its_own_steps(tmp_path: Path) -> None:
    """Of no steps it is its base, though a checkpoint and a finetune were made before it."""
    below = {"checkpoints": [1], "finetunes": ["code", "news"]}
    made = zoo("llama", finetuning={**RUN, "steps": 0}, descendants=below)
    states = built(made, tmp_path).states
    for category in ("code", "news"):
        for key, weight in states["llama"].items():
            assert torch.equal(states[f"llama-{category}"][key], weight)
    assert not torch.equal(
        states["llama-step1"]["model.embed_tokens.weight"],
        states["llama"]["model.embed_tokens.weight"],
    )


def test_a_checkpoint_is_the_base_run_stopped_on_its_way(tmp_path: Path) -> None:
    """It is neither the start nor the end, and it lies between them."""
    longer = {**RUN, "steps": 6}
    made = zoo("llama", training=longer, descendants={"checkpoints": [3]})
    builder = FamilyBuilder(made.families[0], made, POOL, tmp_path)
    key = "model.embed_tokens.weight"
    start = builder.model.state_dict()[key].clone()
    builder.build()
    half, end = builder.states["llama-step3"][key], builder.states["llama"][key]
    way = (end - start).norm()
    assert 0 < (half - start).norm() < way
    assert 0 < (end - half).norm() < way
    assert sorted(path.name for path in tmp_path.iterdir()) == ["llama", "llama-step3"]


def test_a_finetune_knows_its_own_category_better(tmp_path: Path) -> None:
    """After forty steps each finetune's loss on its category is below the other's."""
    long = {**RUN, "steps": 40}
    below = {"finetunes": ["code", "news"]}
    made = zoo("llama", finetuning=long, descendants=below)
    builder = built(made, tmp_path)

    def loss(category: str, of: str) -> float:
        builder.model.load_state_dict(builder.states[f"llama-{of}"])
        ids = torch.tensor([builder.tokenizer(POOL[category][0])["input_ids"][:40]])
        with torch.inference_mode():
            return float(builder.model(input_ids=ids, labels=ids).loss)

    assert loss("code", "code") < loss("code", "news")
    assert loss("news", "news") < loss("news", "code")
