"""The stages and studies, and the arguments of the commands of the command line."""

import argparse
import re
from pathlib import Path

STAGES = {
    "resolve": "conf/, params.yaml -> resolved.yaml, roster.yaml: compose the configuration",
    "corpus": "packages or text files -> data/corpus.parquet: read, cut, remove duplicates",
    "texts": "corpus -> data/texts.parquet: sample the texts that models are scored on",
    "zoo": "corpus -> data/zoo: train small models with known relations",
    "score": "texts, models -> data/scores: log-likelihood of every text under every model",
    "matrix": "scores -> data/matrix.parquet, segments.*, models.parquet, category_bits.parquet",
    "divergence": "segments, matrix -> data/kl.parquet, neighbours.parquet, clusters.parquet",
    "map": "matrix, KL -> data/map.parquet, spectrum.parquet: place the models on a map",
    "resample": "matrix -> reports/plots: the errors of distances from resampled texts",
    "plan": "texts, KL -> data/plan.parquet: the order in which texts should be scored",
    "stability": "matrix, map -> data/stability.parquet: how far models move by resampling",
    "new_models": "matrix, map -> data/new_models.parquet: errors of distances to new models",
    "predict": "matrix -> data/predictions.parquet: predict benchmark scores or held-out texts",
    "page": "tables, segments -> reports/map.html: the interactive map, in one file",
    "figures": "tables -> reports/figures: draw every figure, with its caption",
    "report": "tables, metrics, figures -> reports/report.html: the results, to be read",
}
STUDIES = {
    "coverage": "how often confidence intervals contain the KL of a population",
    "few_texts": "the errors of the KLs of pretrained models from few texts",
    "interpolation": "log-likelihoods of models whose weights are mixtures of three models",
    "kl_truth": "KL divergences by simulation, compared with the estimates",
    "leakage": "whether models that were trained on the texts can be told from others",
    "place_eval": "the errors of placing models that the map does not know",
    "text_count": "what the results would be with fewer texts",
    "trajectories": "how far models move during training, in weights and in log-likelihoods",
    "figures": "draw the figures of the studies",
    "notebooks": "execute the notebooks, and write them with their outputs into reports/notebooks",
}
RUN_EPILOG = "stages, in the order of the pipeline:\n" + "\n".join(
    f"  {name:<11} {what}" for name, what in STAGES.items()
)
STUDY_EPILOG = "studies:\n" + "\n".join(f"  {name:<13} {what}" for name, what in STUDIES.items())


def _number_or_all(text: str) -> int | None:
    """Return the number of texts that a text names, None for all."""
    if text == "all":
        return None
    if not re.fullmatch("[0-9]{1,9}", text):
        raise argparse.ArgumentTypeError(f"{text!r} is neither a number of texts nor all")
    return int(text)


def none(parser: argparse.ArgumentParser) -> None:
    """Add no arguments."""


def run_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `modelmap run`."""
    parser.epilog = f"{RUN_EPILOG}\n\n{parser.epilog}"
    parser.add_argument("stage", choices=STAGES, metavar="STAGE", help="one of the list below")
    parser.add_argument(
        "hardware", nargs="*", help="stage score only: choices from conf/hardware, as hardware=cuda"
    )


def study_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `modelmap study`."""
    parser.epilog = f"{STUDY_EPILOG}\n\n{parser.epilog}"
    parser.add_argument("study", choices=STUDIES, metavar="STUDY", help="one of the list below")


def export_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `modelmap export`."""
    parser.add_argument("--output", type=Path, help="folder to write (default: bundle)")
    parser.add_argument("--push", metavar="NAME", help="data set on the hub to upload to")
    parser.add_argument(
        "--segments",
        metavar="TEXTS",
        type=_number_or_all,
        default=160,
        help="of how many texts, the first of the plan, log-likelihoods of segments are exported: "
        "a number or all (default: 160)",
    )


def import_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `modelmap import`."""
    parser.add_argument("source", type=Path, help="pickle of log-likelihoods, or bundle folder")
    parser.add_argument(
        "--texts", type=Path, help="JSONL file with the texts of the pickle, or withheld ones"
    )
    parser.add_argument("--metadata", type=Path, help="pickle with metadata of the models")
    parser.add_argument(
        "--unpublished",
        action="store_true",
        help="accept values other than those that Oyama et al. published",
    )


def pin_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `modelmap pin`."""
    parser.add_argument("models", nargs="*", help="hub ids (default: those without a pin)")
    parser.add_argument("--update", action="store_true", help="also replace existing pins")


def plan_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `modelmap plan`."""
    amount = parser.add_mutually_exclusive_group(required=True)
    amount.add_argument("--texts", type=int, help="number of texts to score")
    amount.add_argument("--error", type=float, help="accepted relative error of distances")
    parser.add_argument("--output", type=Path, help="CSV file to write (default: standard output)")


def place_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `modelmap place`."""
    parser.add_argument(
        "model", nargs="?", help="directory, GGUF file, hub id, or name of a roster entry"
    )
    parser.add_argument(
        "--compare",
        nargs=2,
        metavar=("A", "B"),
        help="show what tells two models apart, text by text, in place of placing a model",
    )
    amount = parser.add_mutually_exclusive_group()
    amount.add_argument("--texts", type=int, help="number of texts to score (default: 16)")
    amount.add_argument("--error", type=float, help="accepted relative error of KL divergences")
    amount.add_argument("--seconds", type=float, help="time after which no more texts are scored")
    parser.add_argument(
        "--map", type=Path, metavar="BUNDLE", help="bundle with the map (default: data/)"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="JSON file to write")
    parser.add_argument("--html", type=Path, metavar="FILE", help="HTML file to write")
    parser.add_argument("--plain", action="store_true", help="no colours in the terminal")


def review_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `modelmap review`."""
    parser.add_argument("base", nargs="?", default="main", help="branch to compare with (main)")
    parser.add_argument(
        "--map", type=Path, metavar="FILE", help="SVG file to write: both maps, joined by arrows"
    )
