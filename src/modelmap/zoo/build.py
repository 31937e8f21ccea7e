"""Building the families of the zoo: base models and the models derived from them."""

import json
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from modelmap.plumbing.processes import set_worker_environment, start_worker
from modelmap.plumbing.progress import Progress
from modelmap.plumbing.seeds import named_rng, named_seed
from modelmap.zoo.architectures import untrained_model
from modelmap.zoo.derive import merged, quantised
from modelmap.zoo.recipes import RECIPE, Recipe, family_recipes
from modelmap.zoo.settings import Family, Training, ZooSettings
from modelmap.zoo.tokenizers import train_tokenizer
from modelmap.zoo.train import token_stream, train

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel, PreTrainedTokenizerFast

Pool = Mapping[str, Sequence[str]]
"""Training documents by category."""
Weights = dict[str, "torch.Tensor"]
"""Tensors by parameter name."""


class FamilyBuilder:
    """Builds the models of one family, each in a subdirectory of `directory`.

    Random numbers depend only on the seed of the zoo, on the seed name of the family and on the
    category of a fine-tune. So a family is the same whichever other families the zoo has.
    """

    def __init__(self, family: Family, zoo: ZooSettings, pool: Pool, directory: Path) -> None:
        # ZooSettings requires these wherever there are families.
        assert zoo.shape is not None
        assert zoo.training is not None
        assert zoo.finetuning is not None
        self.family, self.zoo, self.pool, self.directory = family, zoo, pool, directory
        self.training: Training = zoo.training
        self.finetuning: Training = zoo.finetuning
        self.documents = [text for texts in pool.values() for text in texts]
        self.tokenizer: PreTrainedTokenizerFast = train_tokenizer(
            self.documents, zoo.tokenizers[family.tokenizer], zoo.shape.max_length
        )
        self.seed_name = family.seed_name or family.name
        seed = named_seed(zoo.seed, "zoo", self.seed_name, "weights")
        self.model: PreTrainedModel = untrained_model(
            family.architecture, zoo.shape, len(self.tokenizer), seed
        )
        self.states: dict[str, Weights] = {}
        self.losses: dict[str, float] = {}

    def build(self) -> None:
        """Train or derive every model of the family, and write it."""
        for recipe in family_recipes(self.family, self.zoo):
            if recipe.name not in self.states:
                self.states[recipe.name] = self._weights_of(recipe)
            self._write(recipe)

    def _weights_of(self, recipe: Recipe) -> Weights:
        if recipe.kind == "base":
            return self._train_base(recipe)
        base = self.states[self.family.name]
        if recipe.kind == "finetune":
            return self._finetune(recipe, base)
        if recipe.kind == "quantised":
            return quantised(base, "int4" if recipe.detail == "int4" else "int8")
        first, second = recipe.detail.split("+")
        name = self.family.name
        return merged(self.states[f"{name}-{first}"], self.states[f"{name}-{second}"])

    def _train_base(self, recipe: Recipe) -> Weights:
        checkpoints = {
            f"{recipe.name}-step{step}": step for step in self.zoo.descendants.checkpoints
        }

        def keep_checkpoint(step: int) -> None:
            for name, checkpoint in checkpoints.items():
                if step == checkpoint:
                    self.states[name] = self._copy_weights()

        rng = named_rng(self.zoo.seed, "zoo", self.seed_name, "batches")
        stream = token_stream(self.tokenizer, self.documents, rng)
        self.losses[recipe.name] = train(self.model, stream, self.training, rng, keep_checkpoint)
        return self._copy_weights()

    def _finetune(self, recipe: Recipe, base: Weights) -> Weights:
        name = f"{self.seed_name}-{recipe.detail}"
        rng = named_rng(self.zoo.seed, "zoo", name, "batches")
        stream = token_stream(self.tokenizer, self.pool[recipe.detail], rng)
        self.model.load_state_dict(base)
        self.losses[recipe.name] = train(self.model, stream, self.finetuning, rng)
        return self._copy_weights()

    def _copy_weights(self) -> Weights:
        # Cloned, because training changes the tensors of a state dict in place.
        return {name: weight.clone() for name, weight in self.model.state_dict().items()}

    def _write(self, recipe: Recipe) -> None:
        folder = self.directory / recipe.name
        self.model.load_state_dict(self.states[recipe.name])
        self.model.save_pretrained(folder)
        self.tokenizer.save_pretrained(folder)
        write_recipe(recipe, self.losses.get(recipe.name, np.nan), folder)


def write_recipe(recipe: Recipe, loss_nats: float, folder: Path) -> None:
    """Write what a model is made from, and its final training loss, NaN if it was not trained."""
    record = {
        "name": recipe.name,
        "family": recipe.family,
        "kind": recipe.kind,
        "parent": recipe.parent,
        "detail": recipe.detail,
        "final_training_loss_nats_per_token": None if np.isnan(loss_nats) else round(loss_nats, 6),
    }
    folder.mkdir(exist_ok=True)
    (folder / RECIPE).write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")


def build_family(family: Family, zoo: ZooSettings, pool: Pool, directory: Path) -> str:
    """Build one family and return its name. Runs in a process of its own."""
    FamilyBuilder(family, zoo, pool, directory).build()
    return family.name


def build_families(zoo: ZooSettings, pool: Pool, directory: Path, n_workers: int) -> None:
    """Build every family of the zoo in `n_workers` processes of one thread each."""
    calls = [partial(build_family, one, zoo, pool, directory) for one in zoo.families]
    run_calls(calls, "families", n_workers)


def run_calls(calls: Sequence[Callable[[], str]], unit: str, n_workers: int) -> None:
    """Run calls, each of which returns a name, in `n_workers` processes of one thread each."""
    set_worker_environment()
    with (
        ProcessPoolExecutor(n_workers, get_context("spawn"), start_worker) as workers,
        Progress("zoo", len(calls)) as progress,
    ):
        futures = [workers.submit(call) for call in calls]
        for count, future in enumerate(as_completed(futures), start=1):
            name = future.result()
            progress.update(count, f"{name}, {count} of {len(futures)} {unit}")
