"""Which hardware a run takes, and how its workers share devices."""

import shutil
from pathlib import Path

import pytest
from helpers import ROOT

from modelmap.plumbing import hardware as module
from modelmap.plumbing.errors import UserError
from modelmap.plumbing.hardware import Hardware, load_hardware

CONF = ROOT / "conf"
LOCAL = {"cpu", "cuda", "cuda-all", "device-map"}


@pytest.fixture
def conf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a copy of conf/ without this machine's own settings."""
    monkeypatch.delenv("MODELMAP_HARDWARE", raising=False)
    return Path(shutil.copytree(CONF, tmp_path / "conf", ignore=shutil.ignore_patterns("local")))


def hardware(device: str, scorers: int | str) -> Hardware:
    """Return hardware of three processes."""
    content = {"device": device, "workers": 3, "scorers": scorers}
    return Hardware.model_validate({**content, "batch_tokens": 1, "logits_mb": 1, "shard_tflop": 1})


@pytest.mark.parametrize("name", sorted(LOCAL))
def test_what_is_there_composes(conf: Path, name: str) -> None:
    """Each choice of this machine alone gives a device, on the command line or by a variable."""
    chosen = load_hardware(conf, [f"hardware={name}"])
    assert chosen.device == {"cpu": "cpu", "device-map": "auto"}.get(name, "cuda")


def test_a_choice_on_the_command_line_wins(conf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Over the machine's variable, which wins over the default; the machine's file sets keys."""
    (conf / "local").mkdir()
    (conf / "local/default.yaml").write_text("# @package _global_\nhardware: {logits_mb: 5}\n")
    monkeypatch.setenv("MODELMAP_HARDWARE", "cuda")
    assert load_hardware(conf).device == "cuda"
    chosen = load_hardware(conf, ["hardware=cpu", "hardware.batch_tokens=7"])
    assert (chosen.device, chosen.logits_mb, chosen.batch_tokens) == ("cpu", 5, 7)


def test_a_launcher_that_is_not_installed_is_told_with_its_extra(conf: Path) -> None:
    """One line says what to install."""
    path = conf / "hardware/slurm.yaml"
    path.write_text(path.read_text().replace("submitit_slurm", "submitit_absent"))
    with pytest.raises(UserError, match=r"submitit is not installed: run .*\[slurm\]"):
        load_hardware(conf, ["hardware=slurm"])


def test_workers_take_devices_in_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Four workers on two devices: 0, 1, 0, 1; auto is one worker a device, or a process."""
    monkeypatch.setattr(module, "_n_devices", lambda: 2)
    assert [hardware("cuda", 4).device_of(worker) for worker in range(4)] == [
        "cuda:0",
        "cuda:1",
        "cuda:0",
        "cuda:1",
    ]
    assert hardware("cuda", "auto").n_scorers == 2
    assert hardware("cpu", "auto").n_scorers == 3
    assert hardware("cpu", 5).n_scorers == 5
    assert [hardware(device, 1).device_of(1) for device in ("cpu", "auto", "cuda:1")] == [
        "cpu",
        "auto",
        "cuda:1",
    ]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("hardware: {workers: 1}\n", "unknown sections local:"),
        ("# @package _global_\nhardwre: {workers: 1}\n", "unknown sections hardwre:"),
    ],
)
def test_settings_without_effect_are_told(conf: Path, content: str, told: str) -> None:
    """A missing first line, or a misspelt section, would leave the defaults without a word."""
    (conf / "local").mkdir()
    (conf / "local" / "default.yaml").write_text(content)
    with pytest.raises(UserError, match=f"{told} .*`# @package _global_`"):
        load_hardware(conf)
