"""The notebooks run from start to end on a project's tables."""

from pathlib import Path

import jupytext
import pytest
from helpers import ROOT
from nbclient import NotebookClient

from modelmap.plumbing.layout import Layout

pytestmark = pytest.mark.pipeline

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.py"))


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_from_start_to_end(notebook: Path, small_tables: Layout) -> None:
    """Every cell runs on tables of the pipeline's schema, and something is shown."""
    content = jupytext.read(notebook)
    NotebookClient(content, resources={"metadata": {"path": str(small_tables.root)}}).execute()
    assert any(cell.get("outputs") for cell in content.cells)
