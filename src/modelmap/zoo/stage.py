"""Stage zoo: train small models on the training pool, and derive others from them."""

from modelmap.corpus.pools import training_pool
from modelmap.corpus.tables import CORPUS
from modelmap.models.prepare import prepared_directory
from modelmap.models.source import revisions
from modelmap.plumbing.errors import UserError, listed
from modelmap.plumbing.folders import replaced
from modelmap.plumbing.hardware import load_hardware
from modelmap.plumbing.layout import Layout
from modelmap.plumbing.section import read_section
from modelmap.plumbing.tables import read_table
from modelmap.zoo.build import Pool, build_families
from modelmap.zoo.pretrained import build_descendants
from modelmap.zoo.settings import ZooSettings


def run(layout: Layout) -> None:
    """Write data/zoo: one directory per model; none if the experiment has no zoo."""
    zoo = read_section(layout, "zoo", ZooSettings)
    with replaced(layout.zoo) as directory:
        if zoo.families or zoo.pretrained:
            pool = training_pool(read_table(layout.corpus, CORPUS))
            _check_categories(zoo, pool)
            n_workers = load_hardware(layout.conf).n_workers
            if zoo.families:
                build_families(zoo, pool, directory, n_workers)
            if zoo.pretrained:
                spec = zoo.pretrained.base
                base = prepared_directory(spec, revisions(spec, layout)[0], layout)
                build_descendants(zoo.pretrained, zoo.seed, pool, base, directory, n_workers)


def _check_categories(zoo: ZooSettings, pool: Pool) -> None:
    wanted = {"descendants": zoo.descendants.finetunes}
    if zoo.pretrained:
        wanted["pretrained"] = zoo.pretrained.finetunes
    for part, categories in wanted.items():
        missing = [name for name in categories if name not in pool]
        if missing:
            raise UserError(
                f"zoo.{part}.finetunes: no training texts for {listed(missing)}; "
                f"the corpus has {', '.join(pool)}"
            )
