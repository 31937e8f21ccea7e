"""The notebooks are executed, and their copies have the same bytes for the same outputs."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from helpers import ROOT
from helpers.shared_project import Owner

from modelmap.plumbing.errors import UserError
from modelmap.plumbing.layout import Layout
from modelmap.studies.notebooks.execute import executed
from modelmap.studies.notebooks.stage import run

pytestmark = pytest.mark.pipeline

HEAD = """\
# ---
# jupyter:
#   kernelspec: {display_name: Python 3, language: python, name: python3}
# ---

# %%
"""


def outputs(text: str) -> list[dict[str, Any]]:
    """Return all outputs of an executed notebook."""
    return [output for cell in json.loads(text)["cells"] for output in cell.get("outputs", [])]


def test_every_notebook_runs_from_start_to_end(owner: Owner) -> None:
    """On the micro project each shows something, without warnings or paths of this machine."""
    shutil.copytree(ROOT / "notebooks", owner.root / "notebooks")
    run(Layout(owner.root))
    copies = {path.stem: path.read_text() for path in (owner.root / "reports/notebooks").iterdir()}
    assert set(copies) == {path.stem for path in (ROOT / "notebooks").glob("*.py")}
    for text in copies.values():
        shown = outputs(text)
        assert shown
        assert [output for output in shown if output.get("name") == "stderr"] == []
        assert str(owner.root) not in text


def test_two_executions_give_the_same_bytes(tmp_path: Path) -> None:
    """Neither ids of cells, nor counts, versions, or addresses of objects are in the copy."""
    source = HEAD + "class Thing: pass\n\nprint(6 * 7)\nThing()\n"
    first, second = (executed(source, "a.py", tmp_path) for _ in range(2))
    assert first == second
    printed, value = outputs(first)
    assert printed["text"] == ["42\n"]
    assert value["data"] == {"text/plain": ["<__main__.Thing>"]}
    assert list(tmp_path.iterdir()) == []


def test_a_failing_cell_is_named_and_earlier_copies_stay(tmp_path: Path) -> None:
    """One line with the notebook and the error; nothing in reports/notebooks changes."""
    layout = Layout(tmp_path)
    layout.notebooks.mkdir()
    with pytest.raises(UserError, match="notebooks has no notebook"):
        run(layout)
    earlier = layout.reports / "notebooks/wrong.ipynb"
    earlier.parent.mkdir(parents=True)
    earlier.write_text("earlier")
    (layout.notebooks / "wrong.py").write_text(HEAD + "1 / 0\n")
    with pytest.raises(UserError, match=r"^a cell of wrong\.py fails with ZeroDivisionError: div"):
        run(layout)
    assert [path.read_text() for path in earlier.parent.iterdir()] == ["earlier"]
