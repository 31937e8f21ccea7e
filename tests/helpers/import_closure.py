"""Which packages a module uses, read from the import statements of the source."""

import ast
from pathlib import Path

from helpers import ROOT

SOURCE = ROOT / "src"
PLUMBING = "src/modelmap/plumbing"


def _module_file(name: str) -> Path | None:
    file = (SOURCE / Path(*name.split("."))).with_suffix(".py")
    return file if file.is_file() else None


def imports(file: Path) -> set[str]:
    """Return the dotted names a file imports anywhere, those under TYPE_CHECKING included."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            names.add(node.module)
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
    return names


def import_closure(module: str) -> set[Path]:
    """Return the files of this project that `module` imports, directly or not, and its own."""
    found: set[Path] = set()
    waiting = [module]
    while waiting:
        file = _module_file(waiting.pop())
        if file is not None and file not in found:
            found.add(file)
            waiting.extend(name for name in imports(file) if name.startswith("modelmap."))
    return found


def packages_used(module: str) -> set[str]:
    """Return the packages, as folders relative to the project, that `module` needs."""
    folders = {file.parent.relative_to(ROOT).as_posix() for file in import_closure(module)}
    return folders - {PLUMBING}
