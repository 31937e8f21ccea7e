"""Reading and writing roster.yaml: the models of the experiment, in the order of the matrix.

They are not a section of resolved.yaml because DVC reads that file once for every stage, which is
slow with a thousand models.
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
    """Return the content of roster.yaml; keys that are None are left out."""
    content = {"models": Models(models).model_dump(mode="json", exclude_none=True)}
    return HEADER + yaml.safe_dump(content, sort_keys=False, default_flow_style=None, width=200)


def read_roster(path: Path) -> list[ModelSpec]:
    """Return the models in roster.yaml. Raises UserError if an entry is not valid."""
    content = read_yaml(path)
    if "models" not in content:
        raise UserError(f"{path.name} has no models: run `dvc repro resolve`")
    return checked(Models, content["models"], f"{path.name} models").root
