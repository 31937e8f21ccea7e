"""The commands of the command line: their help, their arguments, and what each runs.

Modules are imported when their command runs, because some libraries take seconds to import.
"""

import argparse
import re
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from textwrap import fill
from typing import NamedTuple

from modelmap.plumbing.errors import UserError
from modelmap.plumbing.layout import Layout
from modelmap.plumbing.processes import exit_with_dvc

DESCRIPTION = (
    "Maps of language models: the stages of the pipeline, and commands for using and sharing them."
)
STAGES = {
    "resolve": "conf/, params.yaml -> resolved.yaml, roster.yaml: compose the configuration",
    "corpus": "packages or text files -> data/corpus.parquet: read, cut, remove duplicates",
    "texts": "corpus -> data/texts.parquet: sample the texts that models are scored on",
    "zoo": "corpus -> data/zoo: train small models with known relations",
    "score": "texts, models -> data/scores: log-likelihood of every text under every model",
    "matrix": "scores -> data/matrix.parquet, models.parquet, category_bits.parquet",
    "divergence": "matrix -> data/kl.parquet, neighbours.parquet, clusters.parquet",
    "map": "matrix, KL -> data/map.parquet, spectrum.parquet: place the models on a map",
    "resample": "matrix -> reports/plots: the errors of distances from resampled texts",
    "plan": "matrix -> data/plan.parquet: the order in which texts should be scored",
    "stability": "matrix, map -> data/stability.parquet: how far models move by resampling",
    "new_models": "matrix, map -> data/new_models.parquet: errors of distances to new models",
    "predict": "matrix -> data/predictions.parquet: predict benchmark scores or held-out texts",
    "figures": "tables -> reports/figures: draw every figure, with its caption",
}
STUDIES = {
    "coverage": "how often confidence intervals contain the KL of a population",
    "kl_truth": "KL divergences by simulation, compared with the estimates",
    "place_eval": "the errors of placing models that the map does not know",
    "text_count": "what the results would be with fewer texts",
    "figures": "draw the figures of the studies",
}
RUN_EPILOG = "stages, in the order of the pipeline:\n" + "\n".join(
    f"  {name:<11} {what}" for name, what in STAGES.items()
)
STUDY_EPILOG = "studies:\n" + "\n".join(f"  {name:<11} {what}" for name, what in STUDIES.items())


class Command(NamedTuple):
    """A command: its help, its arguments, and the function that it runs."""

    summary: str
    description: str
    example: str
    arguments: Callable[[argparse.ArgumentParser], None]
    run: Callable[[Layout, argparse.Namespace], None]


def _module(name: str) -> Callable[..., None]:
    """Return the function `run` of a module of this package."""
    # Imported only when needed, because some libraries take seconds to import.
    run: Callable[..., None] = import_module(f"modelmap.{name}").run
    return run


def _none(parser: argparse.ArgumentParser) -> None:
    """Add no arguments."""


def _run_arguments(parser: argparse.ArgumentParser) -> None:
    parser.epilog = f"{RUN_EPILOG}\n\n{parser.epilog}"
    parser.add_argument("stage", choices=STAGES, metavar="STAGE", help="one of the list below")
    parser.add_argument(
        "hardware", nargs="*", help="stage score only: choices from conf/hardware, as hardware=cuda"
    )


def _run(layout: Layout, options: argparse.Namespace) -> None:
    exit_with_dvc()
    run = _module(f"{options.stage}.stage")
    if options.stage == "score":
        run(layout, options.hardware)
    elif options.hardware:
        raise UserError(f"stage {options.stage} takes no arguments: {options.hardware[0]}")
    else:
        run(layout)


def _study_arguments(parser: argparse.ArgumentParser) -> None:
    parser.epilog = f"{STUDY_EPILOG}\n\n{parser.epilog}"
    parser.add_argument("study", choices=STUDIES, metavar="STUDY", help="one of the list below")


def _export_arguments(parser: argparse.ArgumentParser) -> None:
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


def _number_or_all(text: str) -> int | None:
    """Return the number of texts that a text names, None for all."""
    if text == "all":
        return None
    if not re.fullmatch("[0-9]{1,9}", text):
        raise argparse.ArgumentTypeError(f"{text!r} is neither a number of texts nor all")
    return int(text)


def _import_arguments(parser: argparse.ArgumentParser) -> None:
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


def _import(layout: Layout, options: argparse.Namespace) -> None:
    request = import_module("modelmap.published.request").Request(
        options.source, options.texts, options.metadata, options.unpublished
    )
    _module("published.importing")(layout, request)


def _pin_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("models", nargs="*", help="hub ids (default: those without a pin)")
    parser.add_argument("--update", action="store_true", help="also replace existing pins")


def _plan_arguments(parser: argparse.ArgumentParser) -> None:
    amount = parser.add_mutually_exclusive_group(required=True)
    amount.add_argument("--texts", type=int, help="number of texts to score")
    amount.add_argument("--error", type=float, help="accepted relative error of distances")
    parser.add_argument("--output", type=Path, help="CSV file to write (default: standard output)")


def _place_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", help="directory, GGUF file, hub id, or name of a roster entry")
    amount = parser.add_mutually_exclusive_group()
    amount.add_argument("--texts", type=int, help="number of texts to score (default: 16)")
    amount.add_argument("--error", type=float, help="accepted relative error of KL divergences")
    amount.add_argument("--seconds", type=float, help="time after which no more texts are scored")
    parser.add_argument(
        "--map", type=Path, metavar="BUNDLE", help="bundle with the map (default: data/)"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="JSON file to write")
    parser.add_argument("--html", type=Path, metavar="FILE", help="HTML file to write")


def _review_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("base", nargs="?", default="main", help="branch to compare with (main)")


COMMANDS = {
    "run": Command(
        "run one stage of the pipeline, as `dvc repro` does",
        "Runs one stage, whether or not its inputs have changed. `dvc repro` runs all stages that "
        "are out of date.",
        "modelmap run divergence",
        _run_arguments,
        _run,
    ),
    "study": Command(
        "run one of the longer studies, as `make studies` does",
        "Reads tables of the pipeline and writes a CSV and a JSON file into reports/studies.",
        "modelmap study text_count",
        _study_arguments,
        lambda layout, options: _module(f"studies.{options.study}.stage")(layout),
    ),
    "plan": Command(
        "list the texts to score first, for a number of texts or an accepted error",
        "Reads data/plan.parquet and data/matrix.parquet. Writes a CSV with the rank, text_id, "
        "inclusion probability and weight of each text; the expected error goes to standard error.",
        "modelmap plan --error 0.05 --output texts.csv",
        _plan_arguments,
        lambda layout, options: _module("plan.command")(
            layout, options.texts, options.error, options.output
        ),
    ),
    "place": Command(
        "say where a new model lies on the map, from a handful of texts",
        "Scores a model on the first texts of the plan, and prints its KL divergences to the "
        "models of the map with 95% intervals, the nearest ones, and its place on the map. Reads "
        "the tables in data/, or a bundle. Scores are kept in .modelmap/place.",
        "modelmap place data/models/my-model --error 0.05 --json answer.json",
        _place_arguments,
        lambda layout, options: _module("place.command")(
            layout,
            options.model,
            options.texts,
            options.error,
            options.seconds,
            options.map,
            options.json,
            options.html,
        ),
    ),
    "pin": Command(
        "write the current commits of hub models into conf/pins.yaml",
        "Reads the experiment's models and asks the hub for the commits of those without a pin.",
        "modelmap pin EleutherAI/pythia-70m",
        _pin_arguments,
        lambda layout, options: _module("resolve.pin")(layout, options.models, options.update),
    ),
    "import": Command(
        "import the log-likelihoods that Oyama et al. (2025) published, or a bundle",
        "Reads the given files and writes data/imported and conf/imported.yaml.",
        "modelmap import raw_log-likelihood_1018.pkl --texts texts-10k-pile.jsonl",
        _import_arguments,
        _import,
    ),
    "export": Command(
        "write the tables of the map as a bundle for others to import",
        "Reads tables of data/ and conf/licences.yaml, which says which texts may be published. "
        "Writes a folder.",
        "modelmap export --output my-bundle",
        _export_arguments,
        lambda layout, options: _module("published.exporting")(
            layout, options.output, options.push, options.segments
        ),
    ),
    "review": Command(
        "print what this branch changes, in Markdown",
        "Compares models, metrics, parameters and figures with those of another branch. Writes "
        "nothing.",
        "modelmap review main",
        _review_arguments,
        lambda layout, options: _module("review.report")(layout, options.base),
    ),
    "guard": Command(
        "check that dvc.lock and the committed results are up to date",
        "Runs no stage and writes nothing. Exits with status 1 if something is not up to date, and "
        "names the stages and files.",
        "modelmap guard",
        _none,
        lambda layout, _: _module("review.guard")(layout),
    ),
    "verify": Command(
        "compare the metrics with the committed ones, within tolerances",
        "Reads reports/metrics, the same files in the last commit, and reports/tolerances.yaml. "
        "Writes nothing.",
        "modelmap verify",
        _none,
        lambda layout, _: _module("review.verify")(layout),
    ),
    "cache": Command(
        "remove damaged objects from DVC's cache",
        "Compares the content of every object with its name, which is a hash of the content. Takes "
        "damaged objects out of the cache, and removes the files checked out from them.",
        "modelmap cache",
        _none,
        lambda layout, _: _module("plumbing.cache")(layout),
    ),
}


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    top = argparse.ArgumentParser(prog="modelmap", description=DESCRIPTION)
    top.add_argument("--root", type=Path, default=Path.cwd(), help="project folder (default: here)")
    top.add_argument("--debug", action="store_true", help="show the traceback of a failure")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, command in COMMANDS.items():
        subparser = commands.add_parser(
            name,
            help=command.summary,
            description=fill(command.description),
            epilog=f"example: {command.example}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        command.arguments(subparser)
    return top
