"""Study figures: draw a figure of each study, with captions in an index."""

from modelmap.figures.entry import FigureEntry, draw_all
from modelmap.figures.inputs import files_below
from modelmap.figures.settings import FiguresSettings
from modelmap.plumbing.files import write_json
from modelmap.plumbing.folders import replaced
from modelmap.plumbing.layout import Layout
from modelmap.plumbing.section import read_section
from modelmap.studies.figures import (
    coverage,
    few_texts,
    few_texts_categories,
    interpolation,
    kl_truth,
    leakage,
    place_eval,
    text_count,
    trajectories,
)

FOLDERS = {".csv": "reports/studies", ".json": "reports/studies"}
FIGURES = (
    FigureEntry("coverage", coverage, ("coverage.csv", "coverage.json")),
    FigureEntry("few_texts", few_texts, ("few_texts.csv", "few_texts.json")),
    FigureEntry(
        "few_texts_categories",
        few_texts_categories,
        ("few_texts_categories.csv", "few_texts.json"),
    ),
    FigureEntry("interpolation", interpolation, ("interpolation.csv", "interpolation.json")),
    FigureEntry("kl_truth", kl_truth, ("kl_truth.csv", "kl_pretrained.csv", "kl_truth.json")),
    FigureEntry("leakage", leakage, ("leakage.csv", "leakage.json")),
    FigureEntry(
        "place_eval",
        place_eval,
        ("place_eval.csv", "place_papers.csv", "place_verdicts.csv", "place_eval.json"),
    ),
    FigureEntry("text_count", text_count, ("text_count.csv", "text_count.json")),
    FigureEntry("trajectories", trajectories, ("trajectories.csv", "trajectories.json")),
)


def run(layout: Layout) -> None:
    """Replace reports/studies/figures: the figure of each study, and index.json."""
    settings = read_section(layout, "figures", FiguresSettings)
    read = files_below(layout.root, FOLDERS)
    with replaced(layout.studies / "figures") as directory:
        write_json(directory / "index.json", draw_all(FIGURES, read, settings, directory))
