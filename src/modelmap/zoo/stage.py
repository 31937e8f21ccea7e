"""Stage zoo: train small models on the training pool, and derive others from them."""

from modelmap.corpus.pools import training_pool
from modelmap.corpus.tables import CORPUS
from modelmap.plumbing.errors import UserError, listed
from modelmap.plumbing.folders import replaced
from modelmap.plumbing.hardware import load_hardware
from modelmap.plumbing.layout import Layout
from modelmap.plumbing.section import read_section
from modelmap.plumbing.tables import read_table
from modelmap.zoo.build import Pool, build_families
from modelmap.zoo.settings import ZooSettings


def run(layout: Layout) -> None:
    """Write data/zoo: one Hugging Face directory per model; none if the experiment has no zoo."""
    zoo = read_section(layout, "zoo", ZooSettings)
    with replaced(layout.zoo) as directory:
        if zoo.families:
            pool = training_pool(read_table(layout.corpus, CORPUS))
            _check_categories(zoo, pool)
            build_families(zoo, pool, directory, load_hardware(layout.conf).n_workers)


def _check_categories(zoo: ZooSettings, pool: Pool) -> None:
    missing = [name for name in zoo.descendants.finetunes if name not in pool]
    if missing:
        raise UserError(
            f"zoo.descendants.finetunes: no training texts for {listed(missing)}; "
            f"the corpus has {', '.join(pool)}"
        )
