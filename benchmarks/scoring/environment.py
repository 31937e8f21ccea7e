"""A virtual environment with the programs that are compared: lm_eval, minicons and llama.cpp."""

import os
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

from modelmap.plumbing.processes import WORKER_ENVIRONMENT

# xllamacpp contains a build of llama.cpp that older systems can load too, and exports its C
# functions. llama-cpp-py-sync, of the previous release, contains their declarations.
PACKAGES = (
    "lm_eval==0.4.13",
    "minicons==0.3.39",
    "xllamacpp==2026.10.11549",
    "llama-cpp-py-sync==0.11548",
)
ROOT = Path(__file__).parents[2]
HOME = ROOT / ".modelmap" / "bench-venv"
INSIDE = "MODELMAP_BENCH"


def enter() -> None:
    """Restart this script inside the environment, which is created first; return if inside.

    The environment can import the project's packages, so that all programs use the same torch and
    transformers, and the project's lock restricts the versions of what is installed. All methods
    run with the malloc settings of the project's workers.
    """
    if INSIDE in os.environ:
        return
    python = HOME / "bin" / "python"
    done = HOME / ".done"
    if not done.is_file() or done.read_text() != "\n".join(PACKAGES):
        _make(python)
        done.write_text("\n".join(PACKAGES))
    shared = {
        key: value for key, value in WORKER_ENVIRONMENT.items() if not key.endswith("_THREADS")
    }
    paths = os.pathsep.join([str(ROOT / "src"), os.environ.get("PYTHONPATH", "")])
    settings = {**shared, INSIDE: "1", "PYTHONPATH": paths, "HF_HUB_OFFLINE": "1"}
    os.execve(python, [str(python), *sys.argv], {**os.environ, **settings})


def _make(python: Path) -> None:
    print("installing what scoring is compared with (once, about two minutes)", file=sys.stderr)
    venv.create(HOME, clear=True, with_pip=True)
    packages = HOME / "lib" / f"python{sys.version_info.major}.{sys.version_info.minor}"
    own = sysconfig.get_paths()["purelib"]
    (packages / "site-packages" / "project.pth").write_text(own + "\n")
    lock = ROOT / "requirements" / "lock.txt"
    command = [python, "-m", "pip", "install", "-q", "--no-compile", "-c", lock, *PACKAGES]
    subprocess.run([str(part) for part in command], check=True)
