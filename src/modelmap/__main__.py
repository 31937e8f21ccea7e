"""The command line: runs one command, and prints every failure as one line."""

import errno
import os
import sys
import traceback
from pathlib import Path

from modelmap.plumbing.commands import COMMANDS, parser
from modelmap.plumbing.errors import MAX_MESSAGE_LENGTH, UserError, one_line
from modelmap.plumbing.folders import remove_leftovers
from modelmap.plumbing.layout import Layout

PROJECT_FILES = ("dvc.yaml", "params.yaml")
NOT_PERMITTED = (errno.EACCES, errno.EPERM, errno.EROFS)


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return the exit status: 0, or 1 after an error, or 130 if interrupted.

    An error is printed as one line.
    """
    options = parser().parse_args(arguments)
    layout = Layout(options.root.resolve())
    debug = options.debug or bool(os.environ.get("MODELMAP_DEBUG"))
    parts = (options.command, getattr(options, "stage", ""), getattr(options, "study", ""))
    name = " ".join(filter(None, parts))
    try:
        check_root(layout.root)
        remove_leftovers(layout.written_folders)
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


def check_root(root: Path) -> None:
    """Raise UserError if a folder is missing, or inside a project but not the project's own."""
    if not root.is_dir():
        raise UserError(f"no such folder: {root.name}")
    # A command that is run there would look for its files in the wrong place, and write there.
    if all((root / name).is_file() for name in PROJECT_FILES):
        return
    for project in root.parents:
        if all((project / name).is_file() for name in PROJECT_FILES):
            raise UserError(
                f"{root.name} is not the folder of the project, which is {project.name}: "
                f"cd {os.path.relpath(project, root)} first, or use --root"
            )


def error_line(error: Exception) -> str:
    """Return the message of a failure, on one line."""
    if isinstance(error, UserError):
        return str(error)
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        where = f" ({Path(str(error.filename)).name})" if error.filename else ""
        return (
            f"the disk is full{where}: free some space, then run the same command again (if DVC "
            "says that its lock file is corrupted, `modelmap cache` removes it)"
        )
    if isinstance(error, OSError) and error.strerror and error.filename:
        path = Path(str(error.filename))
        # The user knows the folder, but not the temporary files that are written in it.
        name = path.parent.name if path.name.endswith(".part") else path.name
        advice = "; check the permissions of the file and of its folder"
        line = f"{name}: {error.strerror}{advice if error.errno in NOT_PERMITTED else ''}"
        return one_line(line, MAX_MESSAGE_LENGTH)
    if isinstance(error, MemoryError):
        return "memory ran out: end other programs, or use a machine with more memory"
    text = one_line(str(error), MAX_MESSAGE_LENGTH)
    return f"unexpected {type(error).__name__}: {text} (MODELMAP_DEBUG=1 shows the traceback)"


def recovery_advice() -> str:
    """Return how to restore earlier results if DVC runs this command, and nothing otherwise."""
    # DVC removes the outputs of a stage before it runs the stage.
    if "DVC_STAGE" not in os.environ:
        return ""
    return "; to restore earlier results: `dvc checkout` and `git checkout -- reports`"


if __name__ == "__main__":
    sys.exit(main())
