"""The command line: one subcommand per stage, and what is done outside DVC."""

import argparse
import errno
import importlib
import os
import sys
import traceback
from pathlib import Path

from modelmap.errors import LONGEST, UserError, one_line
from modelmap.layout import Layout

STAGES = (
    "resolve",
    "texts",
    "zoo",
    "score",
    "matrix",
    "divergence",
    "map",
    "predict",
    "stability",
    "newcomers",
    "resample",
    "order",
    "figures",
)
STUDIES = ("coverage", "kl_truth", "text_count", "figures")
COMMANDS = {
    "cache": "take damaged objects out of DVC's cache",
    "export": "write the map's tables as a bundle, for others to import or for a hub",
    "guard": "ask whether the committed lock and results are up to date",
    "import": "bring published log-likelihoods or a bundle in place of scoring",
    "pin": "ask the hub for revisions and write conf/pins.yaml",
    "plan": "list the texts to score first, with probabilities, weights and the expected error",
    "review": "print what this branch changes, in Markdown",
    "study": "run a longer study of the method (stages/study_<name>.py)",
    "verify": "compare metrics",
}


def parser() -> argparse.ArgumentParser:
    """Return the parser of the console script."""
    top = argparse.ArgumentParser(prog="modelmap", description=__doc__.splitlines()[0])
    top.add_argument("--root", type=Path, default=Path.cwd(), help="project root (default: here)")
    top.add_argument("--debug", action="store_true", help="show the traceback of a failure")
    commands = top.add_subparsers(dest="command", required=True)
    for stage in STAGES:
        one = commands.add_parser(stage, help=f"the DVC stage of that name (stages/{stage}.py)")
        if stage == "score":
            one.add_argument("hardware", nargs="*", help="choices of conf/, as hardware=cuda")
    commands.add_parser("cache", help=COMMANDS["cache"])
    export = commands.add_parser("export", help=COMMANDS["export"])
    export.add_argument("--output", type=Path, help="folder to write (default: bundle)")
    export.add_argument("--push", metavar="NAME", help="data set on the hub to upload it to")
    commands.add_parser("guard", help=COMMANDS["guard"])
    bring = commands.add_parser("import", help=COMMANDS["import"])
    bring.add_argument("source", type=Path, help="a log-likelihood pickle, or a bundle's folder")
    bring.add_argument(
        "--texts", type=Path, help="JSONL file of the pickle's texts, or withheld ones"
    )
    bring.add_argument("--metadata", type=Path, help="pickle of the models' metadata")
    bring.add_argument(
        "--unpublished", action="store_true", help="values may differ from the papers'"
    )
    pin = commands.add_parser("pin", help=COMMANDS["pin"])
    pin.add_argument("models", nargs="*", help="hub ids (default: the experiment's without a pin)")
    pin.add_argument("--update", action="store_true", help="ask for those with a pin too")
    plan = commands.add_parser("plan", help=COMMANDS["plan"])
    amount = plan.add_mutually_exclusive_group(required=True)
    amount.add_argument("--texts", type=int, help="how many texts")
    amount.add_argument("--error", type=float, help="relative error of distances, such as 0.05")
    plan.add_argument("--output", type=Path, help="CSV file to write (default: standard output)")
    review = commands.add_parser("review", help=COMMANDS["review"])
    review.add_argument("base", nargs="?", default="main", help="branch to compare with (main)")
    study = commands.add_parser("study", help=COMMANDS["study"])
    study.add_argument("study", choices=STUDIES)
    commands.add_parser("verify", help=COMMANDS["verify"])
    return top


def main(arguments: list[str] | None = None) -> int:
    """Run one subcommand and return the exit status: 0, or 1 after a one-line error."""
    options = parser().parse_args(arguments)
    layout = Layout(options.root.resolve())
    debug = options.debug or bool(os.environ.get("MODELMAP_DEBUG"))
    try:
        if options.command == "pin":
            importlib.import_module("modelmap.pin").run(layout, options.models, options.update)
        elif options.command == "plan":
            chosen = (options.texts, options.error, options.output)
            importlib.import_module("modelmap.plan").run(layout, *chosen)
        elif options.command == "export":
            chosen_export = (options.output, options.push)
            importlib.import_module("modelmap.exporting").run(layout, *chosen_export)
        elif options.command == "import":
            importing = importlib.import_module("modelmap.importing")
            files = (options.source, options.texts, options.metadata)
            importing.run(layout, importing.Request(*files, options.unpublished))
        elif options.command == "guard":
            importlib.import_module("modelmap.review.guard").run(layout)
        elif options.command == "review":
            importlib.import_module("modelmap.review.report").run(layout, options.base)
        elif options.command == "study":
            importlib.import_module(f"modelmap.stages.study_{options.study}").run(layout)
        elif options.command == "cache":
            importlib.import_module("modelmap.cache").run(layout)
        elif options.command == "score":
            importlib.import_module("modelmap.stages.score").run(layout, options.hardware)
        elif options.command == "verify":
            importlib.import_module("modelmap.verify").run(layout)
        else:
            importlib.import_module(f"modelmap.stages.{options.command}").run(layout)
    except KeyboardInterrupt:
        print("modelmap: stopped; the same command goes on from here", file=sys.stderr)
        return 130
    except Exception as error:
        if debug:
            traceback.print_exc()
        print(f"modelmap {options.command}: {told(error)}{way_back()}", file=sys.stderr)
        return 1
    return 0


def told(error: Exception) -> str:
    """Return one line for any failure."""
    if isinstance(error, UserError):
        return str(error)
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        where = f" ({Path(str(error.filename)).name})" if error.filename else ""
        return f"the disk is full{where}: free some space, then run the same command again"
    text = one_line(str(error), LONGEST)
    return f"unexpected {type(error).__name__}: {text} (MODELMAP_DEBUG=1 shows the traceback)"


def way_back() -> str:
    """Return how to get earlier results back, which DVC removed before it ran this stage."""
    if "DVC_STAGE" not in os.environ:
        return ""
    return "; earlier results come back with `dvc checkout` and `git checkout -- reports`"


if __name__ == "__main__":
    sys.exit(main())
