"""What runs without the libraries that run models."""

import subprocess
import sys
from pathlib import Path

import pytest

from modelmap.models.spec import ModelSpec
from modelmap.plumbing.errors import UserError
from modelmap.plumbing.hardware import Hardware
from modelmap.score.identity import identify
from modelmap.score.jobs import Job, JobList
from modelmap.score.run import score_all
from modelmap.score.settings import ScoreSettings

HEAVY = {"torch", "transformers", "pandas", "numpy", "dvc", "hydra"}


@pytest.mark.parametrize("code", ["import modelmap", "__import__('modelmap.__main__')"])
def test_importing_the_package_or_its_command_line_imports_no_library(code: str) -> None:
    """So that both take a moment."""
    program = f"import sys; {code}; print(*{HEAVY} & set(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    )
    assert done.stdout.split() == []


def test_help_imports_no_library() -> None:
    """`modelmap --help` knows its commands without loading one."""
    program = f"""
import atexit, sys
from modelmap.__main__ import main
atexit.register(lambda: print("loaded:", *{HEAVY} & set(sys.modules)))
main(["--help"])
"""
    done = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    )
    assert done.stdout.splitlines()[-1].strip() == "loaded:"


def test_scoring_without_torch_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One line names the models and the way out; no worker is started."""
    monkeypatch.setitem(sys.modules, "torch", None)
    spec = ModelSpec(name="new", source="directory", location="new", family="new", kind="base")
    scoring = ScoreSettings(rule="own")
    identity = identify(spec, "0", "0", scoring, "0")
    job = Job(spec=spec, identity=identity, expected_tflop=1.0)
    hardware = Hardware(device="cpu", workers=1, batch_tokens=1, logits_mb=1, shard_tflop=1)
    with pytest.raises(UserError) as caught:
        score_all(JobList(root=tmp_path, jobs=[job], scoring=scoring, hardware=hardware))
    assert str(caught.value) == (
        "models cannot be run without torch: run `make setup`, or `pip install -e '.[score]'`"
    )
