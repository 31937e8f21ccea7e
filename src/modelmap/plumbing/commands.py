"""The commands of the command line: their help, their arguments, and what each runs.

Modules are imported when their command runs, because some libraries take seconds to import.
"""

import argparse
import os
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from textwrap import fill
from typing import NamedTuple

from modelmap.plumbing import arguments
from modelmap.plumbing.errors import UserError
from modelmap.plumbing.layout import Layout
from modelmap.plumbing.processes import exit_with_dvc

DESCRIPTION = (
    "Maps of language models: the stages of the pipeline, and commands for using and sharing them."
)


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


def _run(layout: Layout, options: argparse.Namespace) -> None:
    exit_with_dvc()
    run = _module(f"{options.stage}.stage")
    if options.stage == "score":
        run(layout, options.hardware)
    elif options.hardware:
        raise UserError(f"stage {options.stage} takes no arguments: {options.hardware[0]}")
    else:
        run(layout)


def _import(layout: Layout, options: argparse.Namespace) -> None:
    request = import_module("modelmap.published.request").Request(
        options.source, options.texts, options.metadata, options.unpublished
    )
    _module("published.importing")(layout, request)


def _place(layout: Layout, options: argparse.Namespace) -> None:
    command = import_module("modelmap.placing.command")
    is_plain = options.plain or not sys.stdout.isatty() or "NO_COLOR" in os.environ
    command.run(
        layout,
        options.model,
        tuple(options.compare) if options.compare else None,
        command.Amount(options.texts, options.error, options.seconds),
        options.map,
        command.Output(options.json, options.html, is_plain),
    )


COMMANDS = {
    "run": Command(
        "run one stage of the pipeline, as `dvc repro` does",
        "Runs one stage, whether or not its inputs have changed. `dvc repro` runs all stages that "
        "are out of date.",
        "modelmap run divergence",
        arguments.run_arguments,
        _run,
    ),
    "study": Command(
        "run one of the longer studies, as `make studies` does",
        "Reads tables of the pipeline and writes a CSV and a JSON file into reports/studies.",
        "modelmap study text_count",
        arguments.study_arguments,
        lambda layout, options: _module(f"studies.{options.study}.stage")(layout),
    ),
    "plan": Command(
        "list the texts to score first, for a number of texts or an accepted error",
        "Reads data/plan.parquet and data/matrix.parquet. Writes a CSV with the rank, text_id, "
        "inclusion probability and weight of each text; the expected error goes to standard error.",
        "modelmap plan --error 0.05 --output texts.csv",
        arguments.plan_arguments,
        lambda layout, options: _module("plan.command")(
            layout, options.texts, options.error, options.output
        ),
    ),
    "place": Command(
        "say where a new model lies on the map, from a handful of texts",
        "Scores a model on the first texts of the plan, and prints its KL divergences to the "
        "models of the map with 95% intervals, what it is to the nearest one, and its place on the "
        "map. With --compare, shows the texts and words that tell two models apart. Reads the "
        "tables in data/, or a bundle. Scores are kept in .modelmap/place.",
        "modelmap place data/models/my-model --error 0.05 --json answer.json",
        arguments.place_arguments,
        _place,
    ),
    "pin": Command(
        "write the current commits of hub models into conf/pins.yaml",
        "Reads the experiment's models and asks the hub for the commits of those without a pin.",
        "modelmap pin EleutherAI/pythia-70m",
        arguments.pin_arguments,
        lambda layout, options: _module("resolve.pin")(layout, options.models, options.update),
    ),
    "import": Command(
        "import the log-likelihoods that Oyama et al. (2025) published, or a bundle",
        "Reads the given files and writes data/imported and conf/imported.yaml.",
        "modelmap import raw_log-likelihood_1018.pkl --texts texts-10k-pile.jsonl",
        arguments.import_arguments,
        _import,
    ),
    "export": Command(
        "write the tables of the map as a bundle for others to import",
        "Reads tables of data/ and conf/licences.yaml, which says which texts may be published. "
        "Writes a folder.",
        "modelmap export --output my-bundle",
        arguments.export_arguments,
        lambda layout, options: _module("published.exporting")(
            layout, options.output, options.push, options.segments
        ),
    ),
    "review": Command(
        "print what this branch changes, in Markdown",
        "Compares models, metrics, parameters and figures with those of another branch. Writes "
        "nothing but the file that --map names.",
        "modelmap review main --map moves.svg",
        arguments.review_arguments,
        lambda layout, options: _module("review.report")(layout, options.base, options.map),
    ),
    "guard": Command(
        "check that dvc.lock and the committed results are up to date",
        "Runs no stage and writes nothing. Exits with status 1 if something is not up to date, and "
        "names the stages and files.",
        "modelmap guard",
        arguments.none,
        lambda layout, _: _module("review.guard")(layout),
    ),
    "verify": Command(
        "compare the metrics with the committed ones, within tolerances",
        "Reads reports/metrics, the same files in the last commit, and reports/tolerances.yaml. "
        "Writes nothing.",
        "modelmap verify",
        arguments.none,
        lambda layout, _: _module("review.verify")(layout),
    ),
    "cache": Command(
        "remove damaged objects from DVC's cache",
        "Compares the content of every object with its name, which is a hash of the content. Takes "
        "damaged objects out of the cache, and removes the files checked out from them.",
        "modelmap cache",
        arguments.none,
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
