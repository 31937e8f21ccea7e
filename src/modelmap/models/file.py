"""roster.yaml: every model of the experiment, in the order of the matrix.

It is a file of its own because DVC reads resolved.yaml again for every stage.
"""

from pathlib import Path

import yaml

from modelmap.models.spec import Models, ModelSpec
from modelmap.plumbing.errors import UserError
from modelmap.plumbing.files import checked, read_yaml

HEADER = """\
# Written by `modelmap resolve` from conf/models, conf/zoo and conf/pins.yaml: edit those, not this.
"""


def roster_text(models: list[ModelSpec]) -> str:
    """Return the text of roster.yaml; keys left at None are not written."""
    content = {"models": Models(models).model_dump(mode="json", exclude_none=True)}
    return HEADER + yaml.safe_dump(content, sort_keys=False, default_flow_style=None, width=200)


def read_roster(path: Path) -> list[ModelSpec]:
    """Return the models of a roster.yaml. Raises UserError if one does not fit."""
    content = read_yaml(path)
    if "models" not in content:
        raise UserError(f"{path.name} has no models: run `dvc repro resolve`")
    return checked(Models, content["models"], f"{path.name} models").root
