"""Descendants of a pretrained model, made from it when they are loaded."""

from pathlib import Path
from typing import TYPE_CHECKING

from modelmap.plumbing.errors import UserError, listed
from modelmap.plumbing.files import json_object, read_bytes
from modelmap.zoo.derive import keep_layers, quantised
from modelmap.zoo.recipes import CHANGED, RECIPE

if TYPE_CHECKING:
    from transformers import PreTrainedModel


def make_descendant(model: "PreTrainedModel", directory: Path) -> None:
    """Change a base model into the descendant whose recipe is in `directory`.

    A quantised copy is rounded, and layers are removed, as the recipe says. A fine-tune or merge
    gets the tensors that are beside the recipe. Raises UserError if the recipe is missing or does
    not fit the model.
    """
    recipe = json_object(read_bytes(directory / RECIPE, "run `dvc repro zoo`"), RECIPE)
    kind, detail = recipe.get("kind"), recipe.get("detail")
    if kind == "quantised":
        model.load_state_dict(quantised(model.state_dict(), "int4" if detail == "int4" else "int8"))
    elif kind == "layers":
        keep_layers(model, int(str(detail)))
    elif kind in ("finetune", "merge"):
        _change(model, directory / CHANGED)
    else:
        raise UserError(f"its {RECIPE} has the kind {kind}, which cannot be made from its base")


def _change(model: "PreTrainedModel", path: Path) -> None:
    from safetensors.torch import load_file

    unknown = model.load_state_dict(load_file(path), strict=False).unexpected_keys
    if unknown:
        raise UserError(f"{path.name} has tensors that its base does not have: {listed(unknown)}")
