"""Cancelling waiting Slurm tasks, with a stand-in for `scancel`."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from helpers import ROOT

from modelmap.plumbing.files import read_yaml

# What Hydra does with the callbacks of conf/hardware/slurm.yaml before it submits the tasks.
SUBMIT = """
import json, os, sys, time
from hydra._internal.callbacks import Callbacks
from omegaconf import OmegaConf
config = OmegaConf.create({"hydra": {**json.loads(sys.argv[1]), "launcher": {"name": "modelmap"}}})
OmegaConf.set_struct(config, True)
OmegaConf.set_readonly(config.hydra, True)
Callbacks(config).on_multirun_start(config=config, config_name="hardware")
print(config.hydra.launcher.name, flush=True)
time.sleep(60)
"""
SCANCEL = '#!/bin/sh\nsleep 0.5\necho "$*" > "$LOG"\nexit {status}\n'


def submitted(folder: Path, scancel: str) -> "subprocess.Popen[str]":
    """Return a process that has set the callbacks of slurm.yaml, with this code as `scancel`."""
    (folder / "scancel").write_text(scancel)
    (folder / "scancel").chmod(0o755)
    hydra = read_yaml(ROOT / "conf/hardware/slurm.yaml")["hydra"]
    return subprocess.Popen(
        [sys.executable, "-c", SUBMIT, json.dumps({"callbacks": hydra["callbacks"]})],
        env={**os.environ, "PATH": f"{folder}:/usr/bin:/bin", "LOG": str(folder / "log")},
        stdout=subprocess.PIPE,
        text=True,
        process_group=0,
    )


@pytest.mark.parametrize("status", [0, 1])
def test_tasks_that_wait_are_cancelled_by_their_name(tmp_path: Path, status: int) -> None:
    """SIGTERM to the whole group lets `scancel` finish, whatever it returns, and then ends all."""
    with submitted(tmp_path, SCANCEL.format(status=status)) as process:
        assert process.stdout is not None
        name = process.stdout.readline().strip()
        os.killpg(process.pid, signal.SIGTERM)
        assert process.wait(30) == -signal.SIGTERM
    assert (tmp_path / "log").read_text() == f"--state=PENDING --name={name}\n"


def test_each_run_has_tasks_of_another_name(tmp_path: Path) -> None:
    """So that a run never cancels the tasks of another run."""
    names = set()
    for _ in range(2):
        with submitted(tmp_path, SCANCEL.format(status=0)) as process:
            assert process.stdout is not None
            names.add(process.stdout.readline())
            process.kill()
    assert len(names) == 2
    assert all(name.startswith("modelmap-") for name in names)
