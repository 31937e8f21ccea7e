"""The workflows, and the lines they run."""

from typing import Any

import yaml

from helpers import ROOT

FOLDER = ROOT / ".github" / "workflows"
WORKFLOWS = {path.stem: yaml.safe_load(path.read_text()) for path in sorted(FOLDER.glob("*.yaml"))}


def steps(workflow: str) -> list[dict[str, Any]]:
    """Return the steps of a workflow's one job."""
    (job,) = WORKFLOWS[workflow]["jobs"].values()
    found: list[dict[str, Any]] = job["steps"]
    return found


def run_lines(workflow: str) -> list[str]:
    """Return the scripts of a workflow, in order."""
    return [step["run"] for step in steps(workflow) if "run" in step]
