"""Descendants of a pretrained model: what is written, and what is loaded."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from helpers.damage import check_line
from helpers.tiny_models import tiny_model, tiny_tokenizer
from safetensors.torch import load_file, save_file

from modelmap.models.load import load_model
from modelmap.models.roster import Roster, roster_models, with_pretrained_base
from modelmap.models.source import revisions
from modelmap.models.spec import ModelSpec
from modelmap.plumbing.errors import UserError
from modelmap.plumbing.layout import Layout
from modelmap.studies.kl_truth.stage import trained_here
from modelmap.zoo.derive import keep_layers, quantised
from modelmap.zoo.pretrained import build_descendants, build_finetune
from modelmap.zoo.recipes import CHANGED, RECIPE, Recipe, pretrained_recipes
from modelmap.zoo.settings import PretrainedFamily, ZooSettings

POOL = {
    "code": [f"def f{i}(x):\n    return x + {i}\n" * 3 for i in range(6)],
    "news": [f"The {i} people of the town said they would vote. " * 3 for i in range(6)],
}
ENTRY: dict[str, object] = {
    **{"source": "gguf", "location": "some-package:model.gguf", "version": "1.0"},
    **{"sha256": "0" * 64, "family": "tiny", "kind": "pretrained"},
}
RUN = {"steps": 3, "batch_size": 2, "sequence_length": 16, "learning_rate": 0.01}
SECTION: dict[str, Any] = {
    "base": "big",
    "trained_layers": 1,
    "finetuning": {**RUN, "warmup_steps": 1},
    "finetunes": ["code", "news"],
    "merges": [["code", "news"]],
    "quantised": ["int8", "int4"],
    "layers": [1],
}
ROSTER = Roster(zoo=True, models={"big": ENTRY})
TRAINED = "model.layers.1."
"""The beginning of the names of the last layer's weights."""


def zoo(**keys: object) -> ZooSettings:
    """Return a zoo of the descendants of one model, with some keys of its section changed."""
    content = {"seed": 1, "pretrained": {**SECTION, **keys}}
    return ZooSettings.model_validate(with_pretrained_base(content, ROSTER, {}))


def family(**keys: object) -> PretrainedFamily:
    """Return the section of the descendants."""
    pretrained = zoo(**keys).pretrained
    assert pretrained is not None
    return pretrained


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Return the folder of a tiny llama, and the folder of its descendants."""
    base, made = tmp_path_factory.mktemp("base"), tmp_path_factory.mktemp("zoo")
    tiny_model("llama").save_pretrained(base)
    tiny_tokenizer(add_bos=True).save_pretrained(base)
    build_descendants(family(), 1, POOL, base, made, 1)
    return base, made


def entries() -> dict[str, ModelSpec]:
    """Return the models of a roster with the descendants, by name."""
    made = roster_models(ROSTER, zoo(), {})
    return {spec.name: spec for spec in map(ModelSpec.model_validate, made)}


def loaded(folders: tuple[Path, Path], name: str) -> Any:
    """Return a descendant as scoring loads it."""
    base, made = folders
    return load_model(base, entries()[name], "cpu", made / name)


def test_descendants_by_hand() -> None:
    """Names, kinds and details; of a hub id they have the part after the slash."""
    assert list(pretrained_recipes(family())) == [
        Recipe("big-code", "tiny", "finetune", "big", "code"),
        Recipe("big-news", "tiny", "finetune", "big", "news"),
        Recipe("big-code-news", "tiny", "merge", "big", "code+news"),
        Recipe("big-int8", "tiny", "quantised", "big", "int8"),
        Recipe("big-int4", "tiny", "quantised", "big", "int4"),
        Recipe("big-layers1", "tiny", "layers", "big", "1"),
    ]
    hub = {"base": {"name": "a/b", "source": "hub", "location": "a/b", "family": "f", "kind": "k"}}
    made = PretrainedFamily.model_validate({**SECTION, **hub})
    assert [one.name for one in pretrained_recipes(made)][-1] == "b-layers1"


def test_each_descendant_is_an_entry_with_its_base() -> None:
    """The roster says all that a descendant is made from; without `zoo` it has none of them."""
    made = entries()
    assert list(made)[-1] == "big"
    for recipe in pretrained_recipes(family()):
        spec = made[recipe.name]
        assert (spec.source, spec.parent, spec.kind) == ("zoo", "big", recipe.kind)
        assert spec.base == made["big"]
    assert len(roster_models(Roster(models={"big": ENTRY}), zoo(), {})) == 1


def test_only_what_differs_from_the_base_is_written(folders: tuple[Path, Path]) -> None:
    """Recipes, and the last layer of fine-tunes and of the merge."""
    base, made = folders
    whole = load_file(base / "model.safetensors")
    for recipe in pretrained_recipes(family()):
        names = {path.name for path in (made / recipe.name).iterdir()}
        trained = recipe.kind in ("finetune", "merge")
        assert names == ({RECIPE, CHANGED} if trained else {RECIPE})
        record = json.loads((made / recipe.name / RECIPE).read_text())
        loss = record.pop("final_training_loss_nats_per_token")
        assert record == vars(recipe)
        assert (loss is not None) is (recipe.kind == "finetune")
        if trained:
            changed = load_file(made / recipe.name / CHANGED)
            assert set(changed) == {name for name in whole if name.startswith(TRAINED)}
            assert all(not torch.equal(one, whole[name]) for name, one in changed.items())


def test_a_finetune_is_loaded_as_it_was_trained(folders: tuple[Path, Path]) -> None:
    """The last layer has the trained weights, and everything else is the base."""
    base, made = folders
    whole = load_model(base, entries()["big"], "cpu").state_dict()
    for name in ("big-code", "big-news"):
        changed = load_file(made / name / CHANGED)
        for key, weight in loaded(folders, name).state_dict().items():
            assert torch.equal(weight, changed.get(key, whole[key]))


def test_a_merge_is_the_mean_of_its_finetunes(folders: tuple[Path, Path]) -> None:
    """Of all weights, also of those that neither of them changed."""
    first, second, merge = (
        loaded(folders, name).state_dict() for name in ("big-code", "big-news", "big-code-news")
    )
    for key, weight in merge.items():
        torch.testing.assert_close(weight, (first[key] + second[key]) / 2)


def test_a_quantised_copy_is_the_base_after_a_round_trip(folders: tuple[Path, Path]) -> None:
    """In int8 and int4, as the copies of the small models are; head and embedding stay tied."""
    whole = load_model(folders[0], entries()["big"], "cpu").state_dict()
    for name, bits in (("big-int8", "int8"), ("big-int4", "int4")):
        model = loaded(folders, name)
        expected = quantised(whole, bits)  # type: ignore[arg-type]
        for key, weight in model.state_dict().items():
            assert torch.equal(weight, expected[key])
        assert model.get_input_embeddings().weight is model.get_output_embeddings().weight


def test_fewer_layers_are_the_first_ones_with_norm_and_head(folders: tuple[Path, Path]) -> None:
    """The logits are those of the state after the last layer that is kept."""
    model = load_model(folders[0], entries()["big"], "cpu")
    ids = torch.arange(12)[None]
    with torch.inference_mode():
        state = model(ids, output_hidden_states=True).hidden_states[1]
        expected = model.lm_head(model.model.norm(state))
        shorter = loaded(folders, "big-layers1")
        assert torch.equal(shorter(ids).logits, expected)
    assert shorter.num_parameters() < model.num_parameters()


def test_the_same_seed_gives_the_same_bytes(folders: tuple[Path, Path], tmp_path: Path) -> None:
    """A fine-tune depends on the seed and its name, and on no other fine-tune."""
    base, made = folders
    (recipe, *_) = pretrained_recipes(family())
    files = []
    for seed in (1, 2):
        folder = tmp_path / str(seed)
        folder.mkdir()
        build_finetune(recipe, family(), seed, POOL["code"], base, folder)
        files.append((folder / "big-code" / CHANGED).read_bytes())
    assert files[0] == (made / "big-code" / CHANGED).read_bytes()
    assert files[1] != files[0]


def test_base_and_recipe_are_in_the_revision(tmp_path: Path) -> None:
    """Another base or another recipe has other scores."""
    layout = Layout(tmp_path)
    base = {**ENTRY, "source": "directory", "location": "base", "name": "big"}
    spec = ModelSpec.model_validate(
        {**base, "name": "big-int8", "source": "zoo", "location": "big-int8", "base": base}
    )
    for folder in (layout.root / "base", layout.zoo / "big-int8"):
        folder.mkdir(parents=True)
        (folder / RECIPE).write_text("{}")
    found = [revisions(spec, layout)]
    for folder in (layout.root / "base", layout.zoo / "big-int8"):
        (folder / RECIPE).write_text('{"a": 1}')
        found.append(revisions(spec, layout))
    assert len(set(found)) == 3


def test_what_cannot_be_made_of_the_base_is_told(
    folders: tuple[Path, Path], tmp_path: Path
) -> None:
    """A missing recipe, an unknown kind, as many layers as there are, and tensors of others."""
    wrong = {
        "kind checkpoint, which cannot be made from its base": {"kind": "checkpoint"},
        "2 layers cannot be kept of 2: choose fewer": {"kind": "layers", "detail": "2"},
        "has tensors that its base does not have: other": {"kind": "finetune"},
    }
    save_file({"other": torch.zeros(2)}, tmp_path / CHANGED)
    told = {"run `dvc repro zoo`": ""}
    told |= {message: json.dumps(recipe) for message, recipe in wrong.items()}
    for message, content in told.items():
        if content:
            (tmp_path / RECIPE).write_text(content)
        with pytest.raises(UserError, match=r"^model big-int8 cannot be loaded: ") as caught:
            load_model(folders[0], entries()["big-int8"], "cpu", tmp_path)
        check_line(str(caught.value))
        assert message.removeprefix("kind checkpoint, ") in str(caught.value)


def test_layers_of_other_classes_are_refused() -> None:
    """GPT-2's are not in a list of that name."""
    with pytest.raises(UserError, match=r"^GPT2LMHeadModel has no list of layers named layers$"):
        keep_layers(tiny_model("gpt2"), 1)


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ({"merges": [["code", "poems"]]}, "merges must name finetunes"),
        ({"trained_layers": 0}, "trained_layers"),
        ({"layers": [0]}, "layers"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_section_that_cannot_be_built_is_refused(keys: dict[str, object], told: str) -> None:
    """Names that do not meet, and numbers out of range, are told before anything is trained."""
    with pytest.raises(ValueError, match=told):
        zoo(**keys)


def test_a_base_is_a_pinned_model_of_the_roster() -> None:
    """The stage zoo does not depend on files of one's own, nor on other entries of the roster."""
    with pytest.raises(UserError, match=r"^zoo\.pretrained\.base: small is no model of the roster"):
        zoo(base="small")
    own = Roster(models={"big": {"source": "directory", "family": "f", "kind": "base"}})
    content = with_pretrained_base({"seed": 1, "pretrained": SECTION}, own, {})
    with pytest.raises(ValueError, match="the base must be a hub model or a GGUF file in packages"):
        ZooSettings.model_validate(content)


def test_a_zoo_without_descendants_of_a_pretrained_model_says_nothing_of_it() -> None:
    """Its section of resolved.yaml is the same as before they were possible."""
    section = {"seed": 1, "families": []}
    assert with_pretrained_base(section, ROSTER, {}) == section
    dumped = ZooSettings.model_validate(section).model_dump(mode="json", exclude_none=True)
    assert "pretrained" not in dumped


def test_no_texts_are_sampled_from_descendants_of_a_pretrained_model() -> None:
    """The study kl_truth is of small models that are trained here."""
    with pytest.raises(UserError, match=r"^kl_truth needs two models of the zoo"):
        trained_here([*entries().values()])
