"""Stage zoo: the training pool becomes small models, as ordinary Hugging Face directories."""

import sys
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path

from tqdm import tqdm

from modelmap.corpus.pools import training_pool
from modelmap.corpus.tables import CORPUS
from modelmap.plumbing.errors import UserError, listed
from modelmap.plumbing.folders import replaced
from modelmap.plumbing.hardware import load_hardware
from modelmap.plumbing.layout import Layout
from modelmap.plumbing.processes import set_worker_environment, start_worker
from modelmap.plumbing.section import read_section
from modelmap.plumbing.tables import read_table
from modelmap.zoo.build import Pool, build_family
from modelmap.zoo.settings import ZooSettings


def run(layout: Layout) -> None:
    """Write data/zoo: one directory per recipe; empty where the experiment has no zoo."""
    zoo = read_section(layout, "zoo", ZooSettings)
    with replaced(layout.zoo) as fresh:
        if zoo.families:
            pool = training_pool(read_table(layout.corpus, CORPUS))
            _check_categories(zoo, pool)
            _build(zoo, pool, fresh, load_hardware(layout.conf).n_workers)


def _check_categories(zoo: ZooSettings, pool: Pool) -> None:
    missing = [name for name in zoo.descendants.finetunes if name not in pool]
    if missing:
        raise UserError(
            f"zoo.descendants.finetunes: no training texts for {listed(missing)}; "
            f"the corpus has {', '.join(pool)}"
        )


def _build(zoo: ZooSettings, pool: Pool, directory: Path, n_workers: int) -> None:
    """Build the families in processes of one thread each."""
    set_worker_environment()
    started = time.time()
    terminal = sys.stderr.isatty()
    with (
        ProcessPoolExecutor(n_workers, get_context("spawn"), start_worker) as workers,
        tqdm(total=len(zoo.families), unit="family", desc="zoo", disable=not terminal) as bar,
    ):
        made = [workers.submit(build_family, one, zoo, pool, directory) for one in zoo.families]
        for count, future in enumerate(as_completed(made), start=1):
            name = future.result()
            bar.update()
            if not terminal:
                spent = time.time() - started
                left = spent * (len(made) - count) / count
                print(
                    f"zoo: {name}, {count} of {len(made)} families, about {left:.0f} s left",
                    file=sys.stderr,
                    flush=True,
                )
