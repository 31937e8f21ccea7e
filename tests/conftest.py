"""What several tests share."""

import fcntl
import os
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from helpers.shared_project import Clone, Owner, copy_project, make_origin
from helpers.tables import kl_table

from modelmap.divergence.kl import bits_per_byte, nats_per_text, squared_distances
from modelmap.divergence.neighbours import neighbour_table
from modelmap.divergence.tables import KL, NEIGHBOURS
from modelmap.map.file import map_table
from modelmap.map.tables import MAP
from modelmap.matrix.clip_centre import clip_threshold
from modelmap.matrix.file import LogLikelihoods, write_matrix
from modelmap.matrix.tables import MODELS
from modelmap.plumbing.layout import Layout
from modelmap.plumbing.tables import write_table

N_MODELS, N_TEXTS = 6, 40
KINDS = {"unit", "pipeline", "remote", "kill", "cluster", "browser"}


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark tests of no other kind, and put those that need the micro project first.

    One process then runs the micro project while others run tests that do not need it.
    """
    for item in items:
        if not any(mark.name in KINDS for mark in item.iter_markers()):
            item.add_marker("pipeline" if _needs_micro(item) else "unit")
    items.sort(key=lambda item: not _needs_micro(item))


def _needs_micro(item: pytest.Item) -> bool:
    return "micro" in getattr(item, "fixturenames", ())


@pytest.fixture
def small_tables(tmp_path: Path) -> Layout:
    """Return a project with the tables of six made-up models, in two families, on forty texts."""
    rng = np.random.default_rng(0)
    layout = Layout(tmp_path)
    (tmp_path / "dvc.yaml").touch()
    names = [f"m{i}" for i in range(N_MODELS)]
    values = -700 + 50 * rng.standard_normal((N_MODELS, N_TEXTS))
    matrix = LogLikelihoods(values, names, clip_threshold(values, 0.02), 900.0, "made up")
    write_matrix(matrix, layout.matrix)
    models = pd.DataFrame(
        {
            "model": names,
            "family": ["m0"] * 3 + ["m3"] * 3,
            "parent": [None, "m0", "m0", None, "m3", "m3"],
            "kind": ["base", "finetune", "quantised"] * 2,
            "created": None,
            "n_params": 1000,
            "dtype": "float32",
            "revision": "0" * 64,
            "added_bos": True,
            "n_texts": N_TEXTS,
        }
    ).astype({"parent": "str", "created": "str"})
    write_table(models, MODELS, layout.models)
    distances = squared_distances(matrix.coordinates())
    kl = bits_per_byte(nats_per_text(distances, N_TEXTS), matrix.mean_bytes)
    write_table(kl_table(kl, names), KL, layout.kl)
    write_table(neighbour_table(kl, names, 2), NEIGHBOURS, layout.neighbours)
    places, papers = rng.standard_normal((2, N_MODELS, 2))
    write_table(map_table(names, places, papers), MAP, layout.map)
    return layout


@pytest.fixture(scope="session")
def micro(tmp_path_factory: pytest.TempPathFactory) -> Owner:
    """Return a finished micro project, pushed to a directory; nothing may change it.

    The first test process that asks for it runs it, the others wait.
    """
    base = tmp_path_factory.getbasetemp()
    base = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    with (base / "micro.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        finished = base / "micro" / "finished"
        if not finished.is_file():
            shutil.rmtree(finished.parent, ignore_errors=True)
            make_origin(finished.parent / "origin", finished.parent / "store")
            finished.touch()
    return Owner(finished.parent / "origin")


@pytest.fixture
def owner(micro: Owner, tmp_path: Path) -> Owner:
    """Return a copy of the micro project with its data and its cache, as its owner has it."""
    return copy_project(micro.root, tmp_path / "owner")


@pytest.fixture
def clone(micro: Owner, tmp_path: Path) -> Clone:
    """Return a fresh clone of the micro project: what git tracks, and nothing else."""
    return Clone(micro.root, tmp_path / "clone")
