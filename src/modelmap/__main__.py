"""A map of language models: the stages of the pipeline, and the commands around it."""

import argparse
import errno
import os
import sys
import traceback
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

from modelmap.plumbing.errors import MAX_MESSAGE_LENGTH, UserError, one_line
from modelmap.plumbing.layout import Layout

STAGES = {
    "resolve": "conf/, params.yaml -> resolved.yaml, roster.yaml: compose the configuration",
    "corpus": "packages or files of texts -> data/corpus.parquet: read, cut, remove duplicates",
    "texts": "corpus -> data/texts.parquet: sample the texts that models are scored on",
    "zoo": "corpus -> data/zoo: train small models with known relations",
    "score": "texts, models -> data/scores: log-likelihood of every text under every model",
    "matrix": "scores -> data/matrix.parquet, models.parquet, category_bits.parquet",
    "divergence": "matrix -> data/kl.parquet, neighbours.parquet, clusters.parquet",
    "map": "matrix, KL -> data/map.parquet, spectrum.parquet: draw the model map",
    "resample": "matrix -> reports/plots: the error of distances from resampled texts",
    "plan": "matrix -> data/plan.parquet: the order in which texts are best scored",
    "stability": "matrix, map -> data/stability.parquet: how far resampling moves models",
    "new_models": "matrix, map -> data/new_models.parquet: the error for models that are new",
    "predict": "matrix -> data/predictions.parquet: predict benchmark scores or held-out texts",
    "figures": "tables -> reports/figures: draw every figure, with its caption",
}
STUDIES = {
    "coverage": "how often confidence intervals contain the true KL",
    "kl_truth": "KL by simulation, beside the estimate",
    "text_count": "what fewer texts would have given",
    "figures": "draw the figures of the studies",
}
RUN_EPILOG = "stages, in the order of the pipeline:\n" + "\n".join(
    f"  {name:<11} {what}" for name, what in STAGES.items()
)
STUDY_EPILOG = "studies:\n" + "\n".join(f"  {name:<11} {what}" for name, what in STUDIES.items())


class Command(NamedTuple):
    """One command: its help, its arguments, and what it runs."""

    summary: str
    description: str
    example: str
    arguments: Callable[[argparse.ArgumentParser], None]
    run: Callable[[Layout, argparse.Namespace], None]


def _module(name: str) -> Callable[..., None]:
    """Return `run` of a module. Imported on demand: libraries take seconds to import."""
    run: Callable[..., None] = import_module(f"modelmap.{name}").run
    return run


def _none(parser: argparse.ArgumentParser) -> None:
    """Add no argument."""


def _run_arguments(parser: argparse.ArgumentParser) -> None:
    parser.epilog = f"{RUN_EPILOG}\n\n{parser.epilog}"
    parser.add_argument("stage", choices=STAGES, metavar="STAGE", help="one of those below")
    parser.add_argument(
        "hardware", nargs="*", help="stage score only: choices of conf/hardware, as hardware=cuda"
    )


def _run(layout: Layout, options: argparse.Namespace) -> None:
    run = _module(f"{options.stage}.stage")
    if options.stage == "score":
        run(layout, options.hardware)
    elif options.hardware:
        raise UserError(f"stage {options.stage} takes no arguments: {options.hardware[0]}")
    else:
        run(layout)


def _study_arguments(parser: argparse.ArgumentParser) -> None:
    parser.epilog = f"{STUDY_EPILOG}\n\n{parser.epilog}"
    parser.add_argument("study", choices=STUDIES, metavar="STUDY", help="one of those below")


def _export_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--output", type=Path, help="folder to write (default: bundle)")
    parser.add_argument("--push", metavar="NAME", help="data set on the hub to upload it to")


def _import_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("source", type=Path, help="pickle of log-likelihoods, or bundle's folder")
    parser.add_argument(
        "--texts", type=Path, help="JSONL file with the pickle's texts, or with withheld ones"
    )
    parser.add_argument("--metadata", type=Path, help="pickle of the models' metadata")
    parser.add_argument(
        "--unpublished", action="store_true", help="accept values that differ from the papers'"
    )


def _import(layout: Layout, options: argparse.Namespace) -> None:
    importing = import_module("modelmap.published.importing")
    files = (options.source, options.texts, options.metadata)
    importing.run(layout, importing.Request(*files, options.unpublished))


def _pin_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("models", nargs="*", help="hub ids (default: all without a pin)")
    parser.add_argument("--update", action="store_true", help="renew existing pins too")


def _plan_arguments(parser: argparse.ArgumentParser) -> None:
    amount = parser.add_mutually_exclusive_group(required=True)
    amount.add_argument("--texts", type=int, help="number of texts to score")
    amount.add_argument("--error", type=float, help="relative error of distances to accept")
    parser.add_argument("--output", type=Path, help="CSV file to write (default: standard output)")


def _review_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("base", nargs="?", default="main", help="branch to compare with (main)")


COMMANDS = {
    "run": Command(
        "run one stage of the pipeline, as `dvc repro` does",
        "Runs one stage without looking at its dependencies. `dvc repro` runs what is out of date.",
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
        "Reads data/plan.parquet and data/matrix.parquet. Writes CSV: rank, text_id, inclusion "
        "probability and weight of each text, and the expected error to standard error.",
        "modelmap plan --error 0.05 --output texts.csv",
        _plan_arguments,
        lambda layout, options: _module("plan.command")(
            layout, options.texts, options.error, options.output
        ),
    ),
    "pin": Command(
        "write the current commits of hub models into conf/pins.yaml",
        "Asks the hub for the commit of each model of the experiment that has none yet.",
        "modelmap pin EleutherAI/pythia-70m",
        _pin_arguments,
        lambda layout, options: _module("resolve.pin")(layout, options.models, options.update),
    ),
    "import": Command(
        "import the papers' published log-likelihoods, or a bundle",
        "Reads the files named and writes data/imported and conf/imported.yaml.",
        "modelmap import raw_log-likelihood_1018.pkl --texts texts-10k-pile.jsonl",
        _import_arguments,
        _import,
    ),
    "export": Command(
        "write the tables of the map as a bundle for others to import",
        "Reads tables of data/ and conf/licences.yaml, which says what texts may be given away.",
        "modelmap export --output my-bundle",
        _export_arguments,
        lambda layout, options: _module("published.exporting")(
            layout, options.output, options.push
        ),
    ),
    "review": Command(
        "print what this branch changes, in Markdown",
        "Compares models, metrics, parameters and figures with those of another branch.",
        "modelmap review main",
        _review_arguments,
        lambda layout, options: _module("review.report")(layout, options.base),
    ),
    "guard": Command(
        "check that dvc.lock and the committed results are up to date",
        "Runs nothing. Exits with 1 and names the stages and files that are not up to date.",
        "modelmap guard",
        _none,
        lambda layout, _: _module("review.guard")(layout),
    ),
    "verify": Command(
        "compare the metrics with the committed ones, within tolerances",
        "Reads reports/metrics, the same files of the last commit, and reports/tolerances.yaml.",
        "modelmap verify",
        _none,
        lambda layout, _: _module("review.verify")(layout),
    ),
    "cache": Command(
        "remove damaged objects from DVC's cache",
        "Compares every object of the cache with its name, which is a hash of its content.",
        "modelmap cache",
        _none,
        lambda layout, _: _module("plumbing.cache")(layout),
    ),
}


def parser() -> argparse.ArgumentParser:
    """Return the parser of the console script."""
    top = argparse.ArgumentParser(prog="modelmap", description=__doc__)
    top.add_argument("--root", type=Path, default=Path.cwd(), help="project folder (default: here)")
    top.add_argument("--debug", action="store_true", help="show the traceback of a failure")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, command in COMMANDS.items():
        one = commands.add_parser(
            name,
            help=command.summary,
            description=command.description,
            epilog=f"example: {command.example}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        command.arguments(one)
    return top


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return the exit status: 0, or 1 after an error of one line."""
    options = parser().parse_args(arguments)
    layout = Layout(options.root.resolve())
    debug = options.debug or bool(os.environ.get("MODELMAP_DEBUG"))
    parts = (options.command, getattr(options, "stage", ""), getattr(options, "study", ""))
    name = " ".join(filter(None, parts))
    try:
        COMMANDS[options.command].run(layout, options)
    except KeyboardInterrupt:
        print("modelmap: stopped; run the same command again to continue", file=sys.stderr)
        return 130
    except Exception as error:
        if debug:
            traceback.print_exc()
        print(f"modelmap {name}: {error_line(error)}{recovery_advice()}", file=sys.stderr)
        return 1
    return 0


def error_line(error: Exception) -> str:
    """Return one line for any failure."""
    if isinstance(error, UserError):
        return str(error)
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        where = f" ({Path(str(error.filename)).name})" if error.filename else ""
        return f"the disk is full{where}: free some space, then run the same command again"
    text = one_line(str(error), MAX_MESSAGE_LENGTH)
    return f"unexpected {type(error).__name__}: {text} (MODELMAP_DEBUG=1 shows the traceback)"


def recovery_advice() -> str:
    """Return how to restore earlier results, which DVC removed before it ran this stage."""
    if "DVC_STAGE" not in os.environ:
        return ""
    return "; to restore earlier results: `dvc checkout` and `git checkout -- reports`"


if __name__ == "__main__":
    sys.exit(main())
