"""Making one family: a base run, its checkpoints, fine-tunes, merges and quantised copies."""

import json
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from modelmap.plumbing.processes import set_worker_environment, start_worker
from modelmap.plumbing.progress import Progress
from modelmap.plumbing.seeds import named_rng, named_seed
from modelmap.zoo.architectures import empty_model
from modelmap.zoo.derive import merged, quantised
from modelmap.zoo.recipes import Recipe, family_recipes
from modelmap.zoo.settings import Family, Training, ZooSettings
from modelmap.zoo.tokenizers import train_tokenizer
from modelmap.zoo.train import token_stream, train

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel, PreTrainedTokenizerFast

Pool = Mapping[str, Sequence[str]]
Weights = dict[str, "torch.Tensor"]


class FamilyBuilder:
    """Builds the models of one family into directories below `directory`, one per recipe.

    Everything random comes from the zoo's seed, the family's name and the recipe's, so that a
    family is the same whatever else the zoo holds.
    """

    def __init__(self, family: Family, zoo: ZooSettings, pool: Pool, directory: Path) -> None:
        # The schema of Zoo has checked that families come with these.
        assert zoo.shape is not None
        assert zoo.training is not None
        assert zoo.finetuning is not None
        self.family, self.zoo, self.pool, self.directory = family, zoo, pool, directory
        self.training: Training = zoo.training
        self.finetuning: Training = zoo.finetuning
        everything = [text for texts in pool.values() for text in texts]
        recipe = zoo.tokenizers[family.tokenizer]
        self.tokenizer: PreTrainedTokenizerFast = train_tokenizer(
            everything, recipe, zoo.shape.max_length
        )
        seed = named_seed(zoo.seed, "zoo", family.name, "weights")
        self.model: PreTrainedModel = empty_model(
            family.architecture, zoo.shape, len(self.tokenizer), seed
        )
        self.everything = everything
        self.states: dict[str, Weights] = {}
        self.losses: dict[str, float] = {}

    def build(self) -> None:
        """Make and write every model of the family."""
        for recipe in family_recipes(self.family, self.zoo):
            if recipe.name not in self.states:
                self.states[recipe.name] = self._made(recipe)
            self._write(recipe)

    def _made(self, recipe: Recipe) -> Weights:
        if recipe.kind == "base":
            return self._base_run(recipe)
        base = self.states[self.family.name]
        if recipe.kind == "finetune":
            return self._finetuned(recipe, base)
        if recipe.kind == "quantised":
            return quantised(base, "int4" if recipe.detail == "int4" else "int8")
        first, second = recipe.detail.split("+")
        name = self.family.name
        return merged(self.states[f"{name}-{first}"], self.states[f"{name}-{second}"])

    def _base_run(self, recipe: Recipe) -> Weights:
        wanted = {f"{recipe.name}-step{step}": step for step in self.zoo.descendants.checkpoints}

        def keep(step: int) -> None:
            for name, checkpoint in wanted.items():
                if step == checkpoint:
                    self.states[name] = self._weights()

        rng = named_rng(self.zoo.seed, "zoo", recipe.name, "batches")
        stream = token_stream(self.tokenizer, self.everything, rng)
        self.losses[recipe.name] = train(self.model, stream, self.training, rng, keep)
        return self._weights()

    def _finetuned(self, recipe: Recipe, base: Weights) -> Weights:
        rng = named_rng(self.zoo.seed, "zoo", recipe.name, "batches")
        stream = token_stream(self.tokenizer, self.pool[recipe.detail], rng)
        self.model.load_state_dict(base)
        self.losses[recipe.name] = train(self.model, stream, self.finetuning, rng)
        return self._weights()

    def _weights(self) -> Weights:
        return {name: weight.clone() for name, weight in self.model.state_dict().items()}

    def _write(self, recipe: Recipe) -> None:
        folder = self.directory / recipe.name
        self.model.load_state_dict(self.states[recipe.name])
        self.model.save_pretrained(folder)
        self.tokenizer.save_pretrained(folder)
        loss = self.losses.get(recipe.name, np.nan)
        record = {
            "name": recipe.name,
            "family": recipe.family,
            "kind": recipe.kind,
            "parent": recipe.parent,
            "detail": recipe.detail,
            "final_training_loss_nats_per_token": None if np.isnan(loss) else round(loss, 6),
        }
        (folder / "recipe.json").write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")


def build_family(family: Family, zoo: ZooSettings, pool: Pool, directory: Path) -> str:
    """Build one family and return its name; made to run in a process of its own."""
    import torch

    torch.use_deterministic_algorithms(True)
    FamilyBuilder(family, zoo, pool, directory).build()
    return family.name


def build_families(zoo: ZooSettings, pool: Pool, directory: Path, n_workers: int) -> None:
    """Build every family of the zoo, in processes of one thread each."""
    set_worker_environment()
    with (
        ProcessPoolExecutor(n_workers, get_context("spawn"), start_worker) as workers,
        Progress("zoo", len(zoo.families)) as progress,
    ):
        made = [workers.submit(build_family, one, zoo, pool, directory) for one in zoo.families]
        for count, future in enumerate(as_completed(made), start=1):
            name = future.result()
            progress.update(count, f"{name}, {count} of {len(made)} families")
