"""Stage figures: draw every figure of the catalogue, with captions in an index."""

from modelmap.figures.catalogue import FIGURES
from modelmap.figures.entry import draw_all
from modelmap.figures.inputs import FOLDERS, Inputs, Read, files_below
from modelmap.figures.settings import FiguresSettings
from modelmap.plumbing.errors import UserError, listed
from modelmap.plumbing.files import write_json
from modelmap.plumbing.folders import replaced
from modelmap.plumbing.layout import Layout
from modelmap.plumbing.section import read_section


def run(layout: Layout) -> None:
    """Replace reports/figures: every figure that can be drawn, and index.json."""
    settings = read_section(layout, "figures", FiguresSettings)
    read = files_below(layout.root, FOLDERS)
    outdated = of_other_models(read)
    if outdated:
        raise UserError(
            f"{listed(outdated)} and models.parquet are of different models: run `dvc repro`"
        )
    with replaced(layout.figures) as directory:
        write_json(directory / "index.json", draw_all(FIGURES, read, settings, directory))


def of_other_models(read: Read) -> list[str]:
    """Return the names of tables that are not of exactly the models of models.parquet."""
    columns = {
        "models.parquet": ("model",),
        "category_bits.parquet": ("model",),
        "kl.parquet": ("model_a", "model_b"),
        "map.parquet": ("model",),
    }
    inputs = Inputs(read, (*columns, "clusters.parquet"))
    found = {
        name: set(inputs.table(name, *names).to_numpy().ravel()) for name, names in columns.items()
    }
    models = found.pop("models.parquet")
    outdated = [name for name, there in found.items() if there != models]
    if len(inputs.table("clusters.parquet", "merge")) != len(models) - 1:
        outdated.append("clusters.parquet")
    return outdated
