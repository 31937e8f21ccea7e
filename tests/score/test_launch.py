"""The launcher's folder, in which Hydra saves the configuration."""

import stat
import sys
from pathlib import Path

import pytest
from helpers.job_lists import job_list_of, new_layout, save_models

from modelmap.score import launch
from modelmap.score.launch import launched

SAVE = """
import sys, pathlib
folder = pathlib.Path(sys.argv[1])
(folder / ".submitit").mkdir(exist_ok=True)
for name in ("multirun.yaml", ".submitit/job.pkl"):
    (folder / name).write_text("env_set: {HF_TOKEN: hf_secret}")
print("saved")
"""


def test_only_its_owner_reads_the_configuration_that_a_launcher_saves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may contain a token, from env_set in conf/local: folders are 0700, files 0600."""
    layout = new_layout(tmp_path / "project")
    folder = layout.store / "launch"
    folder.mkdir(parents=True)
    (folder / "earlier.yaml").write_text("env_set: {HF_TOKEN: hf_secret}")
    monkeypatch.setattr(launch, "_command", lambda *_: [sys.executable, "-c", SAVE, str(folder)])
    with launched(job_list_of(layout, save_models(tmp_path / "models"), "one"), []) as launcher:
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        launcher.process.wait()
    modes = {
        path.relative_to(folder).as_posix(): stat.S_IMODE(path.stat().st_mode)
        for path in folder.rglob("*")
    }
    assert modes == {
        "earlier.yaml": 0o600,
        "log.txt": 0o600,
        "multirun.yaml": 0o600,
        ".submitit": 0o700,
        ".submitit/job.pkl": 0o600,
    }
