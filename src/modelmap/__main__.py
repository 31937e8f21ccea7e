"""The command line: one subcommand per stage, and what is done outside DVC."""

import argparse
import errno
import importlib
import os
import sys
import traceback
from pathlib import Path

from modelmap.errors import UserError
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
    "pin": "ask the hub for revisions and write conf/pins.yaml",
    "plan": "list the texts to score first, with probabilities, weights and the expected error",
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
        commands.add_parser(stage, help=f"the DVC stage of that name (stages/{stage}.py)")
    pin = commands.add_parser("pin", help=COMMANDS["pin"])
    pin.add_argument("models", nargs="*", help="hub ids (default: the experiment's)")
    plan = commands.add_parser("plan", help=COMMANDS["plan"])
    amount = plan.add_mutually_exclusive_group(required=True)
    amount.add_argument("--texts", type=int, help="how many texts")
    amount.add_argument("--error", type=float, help="relative error of distances, such as 0.05")
    plan.add_argument("--output", type=Path, help="CSV file to write (default: standard output)")
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
            importlib.import_module("modelmap.pin").run(layout, options.models)
        elif options.command == "plan":
            chosen = (options.texts, options.error, options.output)
            importlib.import_module("modelmap.plan").run(layout, *chosen)
        elif options.command == "study":
            importlib.import_module(f"modelmap.stages.study_{options.study}").run(layout)
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
    text = " ".join(str(error).split())
    return f"unexpected {type(error).__name__}: {text} (MODELMAP_DEBUG=1 shows the traceback)"


def way_back() -> str:
    """Return how to get earlier results back, which DVC removed before it ran this stage."""
    if "DVC_STAGE" not in os.environ:
        return ""
    return "; earlier results come back with `dvc checkout` and `git checkout -- reports`"


if __name__ == "__main__":
    sys.exit(main())
