"""Which models a zoo holds, and which zoos are refused."""

from collections import Counter
from typing import Any

import pytest

from modelmap.zoo.recipes import Recipe, all_recipes, family_recipes
from modelmap.zoo.settings import ZooSettings

RUN = {
    "steps": 10,
    "batch_size": 2,
    "sequence_length": 8,
    "learning_rate": 0.01,
    "warmup_steps": 1,
}
ZOO: dict[str, Any] = {
    "seed": 1,
    "tokenizers": {"t": {"vocab_size": 300, "add_bos": True}},
    "shape": {"hidden_size": 16, "n_layers": 1, "n_heads": 2, "max_length": 32},
    "training": RUN,
    "finetuning": RUN,
    "families": [
        {"name": "one", "architecture": "llama", "tokenizer": "t"},
        {"name": "one-twin", "architecture": "llama", "tokenizer": "t"},
    ],
    "descendants": {
        "checkpoints": [2, 9],
        "finetunes": ["code", "news"],
        "merges": [["news", "code"]],
        "quantised": ["int8", "int4"],
    },
}


def zoo(**keys: object) -> ZooSettings:
    """Return a right zoo with some sections changed."""
    return ZooSettings.model_validate({**ZOO, **keys})


def test_a_family_is_a_base_and_its_descendants_by_hand() -> None:
    """Names, kinds, parents and details, each after what it is made from."""
    made = list(family_recipes(zoo().families[1], zoo()))
    name = "one-twin"
    assert made == [
        Recipe(name, name, "base", None, ""),
        Recipe(f"{name}-step2", name, "checkpoint", name, "2"),
        Recipe(f"{name}-step9", name, "checkpoint", name, "9"),
        Recipe(f"{name}-code", name, "finetune", name, "code"),
        Recipe(f"{name}-news", name, "finetune", name, "news"),
        Recipe(f"{name}-news-code", name, "merge", name, "news+code"),
        Recipe(f"{name}-int8", name, "quantised", name, "int8"),
        Recipe(f"{name}-int4", name, "quantised", name, "int4"),
    ]


def test_a_zoo_is_its_families_one_after_another() -> None:
    """Every family has the same descendants; all names differ."""
    recipes = all_recipes(zoo())
    assert [recipe.family for recipe in recipes] == ["one"] * 8 + ["one-twin"] * 8
    assert len({recipe.name for recipe in recipes}) == 16
    kinds = Counter(recipe.kind for recipe in recipes)
    assert kinds == {"base": 2, "checkpoint": 4, "finetune": 4, "merge": 2, "quantised": 4}


def test_a_zoo_without_families_is_empty_whatever_else_it_says() -> None:
    """No shape, training or tokenizer is needed for no models."""
    assert all_recipes(ZooSettings.model_validate({"seed": 1, "families": []})) == []
    assert all_recipes(zoo(families=[])) == []


def test_families_without_descendants_are_bases() -> None:
    """Each kind of descendant may be left out."""
    assert [recipe.kind for recipe in all_recipes(zoo(descendants={}))] == ["base", "base"]


def below(**keys: object) -> dict[str, object]:
    """Return a change of some descendants."""
    return {"descendants": {**ZOO["descendants"], **keys}}


def family(**keys: object) -> dict[str, object]:
    """Return a change of the first family."""
    return {"families": [{**ZOO["families"][0], **keys}]}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (family(tokenizer="u"), "unknown tokenizers: u"),
        (family(architecture="bert"), "architecture"),
        (family(name="Has Space"), "name"),
        (family(name="one--two"), "name"),
        (family(size=3), "size"),
        (below(merges=[["news", "poems"]]), "merges must name finetunes"),
        (below(merges=[["news"]]), "merges"),
        (below(quantised=["int2"]), "quantised"),
        (below(checkpoints=[10]), "checkpoints must come before training.steps"),
        (below(checkpoints=[2, 11]), "checkpoints must come before training.steps"),
        (below(checkpoints=[0]), "checkpoints"),
        ({"training": {**RUN, "steps": 0}}, "checkpoints must come before training.steps"),
        ({"shape": None}, "families need shape, training and finetuning"),
        ({"training": None}, "families need shape, training and finetuning"),
        ({"finetuning": None}, "families need shape, training and finetuning"),
        ({"training": {**RUN, "learning_rate": 0}}, "learning_rate"),
        ({"training": {**RUN, "batch_size": 0}}, "batch_size"),
        ({"tokenizers": {"t": {"vocab_size": 256, "add_bos": True}}}, "vocab_size"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_zoo_that_cannot_be_built_is_refused(change: dict[str, object], told: str) -> None:
    """Names that do not meet, and numbers out of range, are told before anything is trained."""
    with pytest.raises(ValueError, match=told):
        zoo(**change)


def test_bases_may_stay_untrained() -> None:
    """Zero steps are allowed where no checkpoint is asked for."""
    made = zoo(training={**RUN, "steps": 0}, **below(checkpoints=[]))
    assert made.training is not None
    assert made.training.steps == 0


def test_the_last_checkpoint_may_be_one_step_before_the_end() -> None:
    """Nine of ten steps are a checkpoint, ten are the base itself."""
    assert zoo().descendants.checkpoints == [2, 9]
