"""Building the descendants of a pretrained model.

They are not written as whole models. Of quantised copies and of models with fewer layers only the
recipe is written, and of fine-tunes and merges the tensors that are not those of the base model. A
descendant is made from the base model whenever it is loaded (models/descendant.py).
"""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np

from modelmap.models.load import load_model, load_tokenizer
from modelmap.plumbing.seeds import named_rng
from modelmap.zoo.build import Pool, run_calls, write_recipe
from modelmap.zoo.derive import layers_of, merged
from modelmap.zoo.recipes import CHANGED, Recipe, pretrained_recipes
from modelmap.zoo.settings import PretrainedFamily
from modelmap.zoo.train import token_stream, train


def build_descendants(
    pretrained: PretrainedFamily, seed: int, pool: Pool, base: Path, directory: Path, n_workers: int
) -> None:
    """Build all descendants of the model in `base`, each in a subdirectory of `directory`.

    Fine-tunes are trained in `n_workers` processes of one thread each. Their random numbers depend
    only on `seed` and on their names.
    """
    recipes = list(pretrained_recipes(pretrained))
    calls = [
        partial(build_finetune, recipe, pretrained, seed, pool[recipe.detail], base, directory)
        for recipe in recipes
        if recipe.kind == "finetune"
    ]
    if calls:
        run_calls(calls, "fine-tunes", n_workers)
    for recipe in recipes:
        if recipe.kind != "finetune":
            write_recipe(recipe, np.nan, directory / recipe.name)
        if recipe.kind == "merge":
            _write_merge(recipe, recipes, directory)


def build_finetune(
    recipe: Recipe,
    pretrained: PretrainedFamily,
    seed: int,
    documents: Sequence[str],
    base: Path,
    directory: Path,
) -> str:
    """Train the last layers of the model in `base` on documents, and write them in float32.

    Returns the name of the fine-tune. Runs in a process of its own.
    """
    from safetensors.torch import save_file

    model = load_model(base, pretrained.base, "cpu").requires_grad_(False)
    for layer in layers_of(model)[-pretrained.trained_layers :]:
        layer.requires_grad_(True)
    rng = named_rng(seed, "zoo", recipe.name, "batches")
    stream = token_stream(load_tokenizer(base, pretrained.base), documents, rng)
    loss_nats = train(model, stream, pretrained.finetuning, rng)
    folder = directory / recipe.name
    write_recipe(recipe, loss_nats, folder)
    weights = {name: one.detach() for name, one in model.named_parameters() if one.requires_grad}
    save_file(weights, folder / CHANGED)
    return recipe.name


def _write_merge(recipe: Recipe, recipes: Sequence[Recipe], directory: Path) -> None:
    """Write the mean of the tensors of two fine-tunes. What neither of them changed stays."""
    from safetensors.torch import load_file, save_file

    names = {one.detail: one.name for one in recipes if one.kind == "finetune"}
    first, second = (
        load_file(directory / names[category] / CHANGED) for category in recipe.detail.split("+")
    )
    save_file(merged(first, second), directory / recipe.name / CHANGED)
