"""dvc.yaml names exactly the code each stage runs."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from closure import import_closure

ROOT = Path(__file__).parents[1]
STAGES: dict[str, Any] = yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]
STUDIES: dict[str, Any] = yaml.safe_load((ROOT / "studies" / "dvc.yaml").read_text())["stages"]


def code_dependencies(stage: dict[str, Any]) -> set[str]:
    """Return the source files among a stage's dependencies."""
    return {dep for dep in stage["deps"] if dep.startswith("src/")}


@pytest.mark.parametrize("stage", sorted(set(STAGES) - {"score"}))
def test_code_dependencies_are_the_import_closure(stage: str) -> None:
    """A stage re-runs when code it imports changes, and not when other code does."""
    assert code_dependencies(STAGES[stage]) == import_closure(f"modelmap.stages.{stage}")


@pytest.mark.parametrize("study", sorted(STUDIES))
def test_studies_depend_on_the_code_they_import(study: str) -> None:
    """As stages do; they run from the project's root, each by its name."""
    stage = STUDIES[study]
    assert code_dependencies(stage) == import_closure(f"modelmap.stages.study_{study}")
    assert stage["desc"].endswith(".")
    assert (stage["cmd"], stage["wdir"]) == (f"modelmap study {study}", "..")


def test_scoring_depends_on_its_version_alone() -> None:
    """A changed comment does not re-score a thousand models."""
    assert code_dependencies(STAGES["score"]) == {"src/modelmap/scoring/version.py"}


@pytest.mark.parametrize("stage", sorted(STAGES))
def test_every_stage_says_what_it_does_and_is_run_by_its_name(stage: str) -> None:
    """Each stage has a description and one subcommand of the same name."""
    assert STAGES[stage]["desc"].endswith(".")
    assert STAGES[stage]["cmd"] == f"modelmap {stage}"


@pytest.mark.parametrize("stage", sorted(set(STAGES) - {"resolve"}))
def test_stages_depend_on_their_own_sections_of_resolved_yaml(stage: str) -> None:
    """No stage after resolve depends on the whole of resolved.yaml, or on params.yaml."""
    (entry,) = STAGES[stage]["params"]
    assert set(entry) == {"resolved.yaml"}
    assert entry["resolved.yaml"]
    assert not {"resolved.yaml", "params.yaml", "conf"} & set(STAGES[stage]["deps"])


def test_package_init_files_hold_a_docstring_only() -> None:
    """So the closures may leave them out."""
    for file in (ROOT / "src").rglob("__init__.py"):
        assert file.read_text().count('"""') == 2
        assert "import" not in file.read_text()
