"""The import closure of a module inside the package, read from source."""

import ast
from pathlib import Path

SOURCE = Path(__file__).parents[1] / "src"


def _module_file(name: str) -> Path | None:
    path = SOURCE / Path(*name.split("."))
    file = path.with_suffix(".py")
    return file if file.is_file() else None


def _imports(file: Path) -> set[str]:
    """Return the dotted names a file imports anywhere, those under TYPE_CHECKING included."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            names.add(node.module)
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
    return names


def import_closure(module: str) -> set[str]:
    """Return the paths, relative to the project, of all package files that `module` imports."""
    found: set[Path] = set()
    waiting = [module]
    while waiting:
        file = _module_file(waiting.pop())
        if file is not None and file not in found:
            found.add(file)
            waiting.extend(name for name in _imports(file) if name.startswith("modelmap."))
    return {file.relative_to(SOURCE.parent).as_posix() for file in found}
