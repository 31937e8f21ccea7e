"""The stage score: what it needs before any model is scored."""

from pathlib import Path

import pytest
from helpers.job_lists import new_layout

from modelmap.models.file import roster_text
from modelmap.models.spec import ModelSpec
from modelmap.plumbing.errors import UserError
from modelmap.score import stage


def test_all_models_without_files_are_told_together(tmp_path: Path) -> None:
    """The first five, and how many more."""
    layout = new_layout(tmp_path)
    specs = [
        ModelSpec(name=f"m{i}", source="directory", location=f"no/{i}", family="m", kind="base")
        for i in range(7)
    ]
    layout.roster.write_text(roster_text(specs))
    layout.resolved.write_text("score: {rule: own}\n")
    with pytest.raises(UserError, match=r"model m0: no/0 does .* m4: .*; and 2 more models$"):
        stage.run(layout)
