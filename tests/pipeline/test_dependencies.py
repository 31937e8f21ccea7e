"""dvc.yaml names exactly the packages whose code each stage runs."""

import ast
from typing import Any

import pytest
import yaml
from helpers import ROOT
from helpers.import_closure import PLUMBING, import_closure, imports, packages_used

STAGES: dict[str, Any] = yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]
STUDIES: dict[str, Any] = yaml.safe_load((ROOT / "studies" / "dvc.yaml").read_text())["stages"]
BY_VERSION = {
    "zoo": {"src/modelmap/zoo/settings.py": ["ZOO_VERSION"]},
    "score": {"src/modelmap/score/settings.py": ["SCORER_VERSION"]},
}
"""Stages whose code is known by a version that is raised by hand."""
OF_NOTEBOOKS = [
    *(name for file in (ROOT / "notebooks").glob("*.py") for name in imports(file)),
    # modelmap.place, which a notebook calls, imports this module when it is called.
    "modelmap.placing.command",
]


def code_dependencies(stage: dict[str, Any]) -> set[str]:
    """Return the folders of source among a stage's dependencies."""
    return {dep for dep in stage["deps"] if dep.startswith("src/")}


def parameters(stage: dict[str, Any]) -> dict[str, Any]:
    """Return a stage's parameters by file."""
    return {file: keys for entry in stage["params"] for file, keys in entry.items()}


@pytest.mark.parametrize("stage", sorted(set(STAGES) - set(BY_VERSION)))
def test_code_dependencies_are_the_packages_a_stage_imports(stage: str) -> None:
    """A stage runs again when a package it uses changes, and not when another does."""
    assert code_dependencies(STAGES[stage]) == packages_used(f"modelmap.{stage}.stage")


@pytest.mark.parametrize("study", sorted(STUDIES))
def test_studies_depend_on_the_packages_they_import(study: str) -> None:
    """As stages do; they run from the project's root, each by its name."""
    stage = STUDIES[study]
    called = OF_NOTEBOOKS if study == "notebooks" else []
    modules = [f"modelmap.studies.{study}.stage", *called]
    # The command line, of which a notebook calls `main`, is plumbing too.
    used = set().union(*map(packages_used, modules)) - {"src/modelmap"}
    assert code_dependencies(stage) == used
    assert stage["desc"].endswith(".")
    assert (stage["cmd"], stage["wdir"]) == (f"modelmap study {study}", "..")


@pytest.mark.parametrize("stage", sorted(BY_VERSION))
def test_training_and_scoring_depend_on_a_version_alone(stage: str) -> None:
    """A changed comment trains no zoo and scores no model again."""
    assert code_dependencies(STAGES[stage]) == set()
    files = {file: keys for file, keys in parameters(STAGES[stage]).items() if "src/" in file}
    assert files == BY_VERSION[stage]


def test_plumbing_imports_no_other_package() -> None:
    """Every package may use it, and no number depends on it."""
    for file in (ROOT / PLUMBING).glob("*.py"):
        imported = import_closure(f"modelmap.plumbing.{file.stem}")
        assert {found.parent for found in imported} <= {ROOT / PLUMBING}


@pytest.mark.parametrize("stage", sorted(STAGES))
def test_every_stage_says_what_it_does_and_is_run_by_its_name(stage: str) -> None:
    """Each stage has a description and one command."""
    assert STAGES[stage]["desc"].endswith(".")
    assert STAGES[stage]["cmd"] == f"modelmap run {stage}"


@pytest.mark.parametrize("stage", sorted(set(STAGES) - {"resolve"}))
def test_stages_depend_on_their_own_sections_of_resolved_yaml(stage: str) -> None:
    """No stage after resolve depends on the whole of resolved.yaml, or on params.yaml."""
    files = parameters(STAGES[stage])
    assert set(files) - set(BY_VERSION.get(stage, {})) == {"resolved.yaml"}
    assert files["resolved.yaml"]
    assert not {"resolved.yaml", "params.yaml", "conf"} & set(STAGES[stage]["deps"])


def test_package_init_files_hold_a_docstring_only() -> None:
    """So the closures may leave them out. That of modelmap has a function, which imports later."""
    for file in (ROOT / "src").rglob("__init__.py"):
        docstring, *others = ast.parse(file.read_text()).body
        assert isinstance(docstring, ast.Expr)
        assert not others or file == ROOT / "src" / "modelmap" / "__init__.py"
