"""Study trajectories: distances between checkpoints, and the exponents of their growth."""

import pandas as pd

from modelmap.corpus.pools import training_pool
from modelmap.corpus.tables import CORPUS
from modelmap.plumbing.errors import UserError, listed
from modelmap.plumbing.files import write_json
from modelmap.plumbing.hardware import load_hardware
from modelmap.plumbing.layout import Layout
from modelmap.plumbing.parallel import in_workers
from modelmap.plumbing.section import read_section
from modelmap.plumbing.tables import empty_table, read_table, write_csv
from modelmap.score.settings import ScoreSettings
from modelmap.studies.made_models.scores import first_texts
from modelmap.studies.trajectories.exponents import exponents_summary
from modelmap.studies.trajectories.settings import TrajectoriesSettings
from modelmap.studies.trajectories.tables import TRAJECTORIES
from modelmap.studies.trajectories.train_run import Run, trained
from modelmap.zoo.settings import ZooSettings


def run(layout: Layout) -> None:
    """Write reports/studies/trajectories.csv and trajectories.json."""
    settings = read_section(layout, "trajectories", TrajectoriesSettings)
    zoo = read_section(layout, "zoo", ZooSettings)
    if not zoo.families:
        _write(layout, empty_table(TRAJECTORIES), {"skipped": "needs families of the zoo"})
        return
    runs = _runs(layout, settings, zoo)
    tables = in_workers(trained, runs, load_hardware(layout.conf).n_workers, "trajectories")
    table = pd.concat(tables, ignore_index=True)[list(TRAJECTORIES.columns)]
    texts = runs[0].texts
    summary = {
        "n_runs": len(runs),
        "steps": settings.steps,
        "n_texts": len(texts),
        "mean_bytes": round(float(texts["n_bytes"].mean()), 1),
        **exponents_summary(table),
    }
    _write(layout, table, summary)


def _runs(layout: Layout, settings: TrajectoriesSettings, zoo: ZooSettings) -> list[Run]:
    """Return the runs of all families. Raises UserError if the zoo has no family of a name."""
    families = {family.name: family for family in zoo.families}
    unknown = [name for name in settings.families if name not in families]
    if unknown:
        raise UserError(
            f"trajectories.families: the zoo has no {listed(unknown)}; it has {', '.join(families)}"
        )
    pool = training_pool(read_table(layout.corpus, CORPUS))
    texts = first_texts(layout, settings.n_texts)
    rule = read_section(layout, "score", ScoreSettings).rule
    steps, origins = settings.steps, tuple(settings.origins)
    return [
        Run(families[name], number, zoo, steps, origins, pool, texts, rule)
        for name in settings.families
        for number in range(1, settings.n_runs + 1)
    ]


def _write(layout: Layout, table: pd.DataFrame, summary: dict[str, object]) -> None:
    write_csv(table, TRAJECTORIES, layout.study("trajectories", "csv"))
    write_json(layout.study("trajectories", "json"), summary)
