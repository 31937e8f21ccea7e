"""Executing a notebook, with the same bytes for the same outputs."""

import os
import re
from pathlib import Path
from tempfile import TemporaryDirectory

import jupytext
import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbformat import NotebookNode

from modelmap.plumbing.errors import UserError
from modelmap.plumbing.processes import WORKER_ENVIRONMENT

SECONDS = 300
"""After this time a cell is stopped."""
# tqdm warns that its bars, which are switched off, could be drawn by another package.
ENVIRONMENT = {**WORKER_ENVIRONMENT, "PYTHONWARNINGS": "ignore:IProgress not found"}


def executed(source: str, name: str, folder: Path) -> str:
    """Return a notebook in the format py:percent as ipynb, with the outputs of its cells.

    The cells run in `folder`. Raises UserError if one of them fails.
    """
    notebook = jupytext.reads(source, fmt="py:percent")
    place = {"metadata": {"path": str(folder)}}
    client = NotebookClient(notebook, timeout=SECONDS, record_timing=False, resources=place)
    client.extra_arguments = ["--log-level=ERROR"]
    with TemporaryDirectory() as settings:
        # IPython writes a history of what it executes into this folder.
        environment = {**os.environ, **ENVIRONMENT, "IPYTHONDIR": settings}
        try:
            client.execute(env=environment)
        except CellExecutionError as error:
            raise UserError(f"a cell of {name} fails with {error.ename}: {error.evalue}") from error
    return str(nbformat.writes(without_run(notebook))) + "\n"


def without_run(notebook: NotebookNode) -> NotebookNode:
    """Return a notebook without what differs between two runs: random ids, counts, versions."""
    cells = [_without_run(cell) for cell in notebook.cells]
    kernel = {"kernelspec": notebook.metadata["kernelspec"]}
    # Format 4.4 is the last one in which cells have no ids.
    return nbformat.from_dict(
        {"cells": cells, "metadata": kernel, "nbformat": 4, "nbformat_minor": 4}
    )


def _without_run(cell: NotebookNode) -> dict[str, object]:
    kept: dict[str, object] = {key: cell[key] for key in ("cell_type", "source")}
    kept["metadata"] = {}
    if cell.cell_type == "code":
        kept["execution_count"] = None
        kept["outputs"] = [_without_count(output) for output in cell.outputs]
    return kept


def _without_count(output: NotebookNode) -> NotebookNode:
    if "execution_count" in output:
        output["execution_count"] = None
    # The number of an object, as in <Axes at 0x7f...>, differs from run to run.
    data = output.get("data", {})
    if "text/plain" in data:
        data["text/plain"] = re.sub(r" at 0x[0-9a-f]+", "", data["text/plain"])
    return output
