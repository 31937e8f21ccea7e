"""Finding what is damaged in DVC's cache, whose objects DVC trusts once they are read-only."""

import hashlib
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from modelmap.plumbing.errors import UserError, listed
from modelmap.plumbing.files import read_yaml
from modelmap.plumbing.layout import Layout

OBJECT = re.compile(r"[0-9a-f]{2}/[0-9a-f]{30}(\.dir)?")


def run(layout: Layout) -> None:
    """Take damaged objects out of the cache, with the files that were checked out from them.

    Files whose content is not that of a damaged object are left, whatever dvc.lock says of them.
    """
    told = subprocess.run(
        [sys.executable, "-m", "dvc", "cache", "dir"],
        cwd=layout.root,
        capture_output=True,
        text=True,
        check=False,
    )
    if told.returncode:
        raise UserError(f"{layout.root.name} is no DVC project: `dvc cache dir` finds no cache")
    objects = Path(told.stdout.strip()) / "files" / "md5"
    damaged = damaged_objects(objects)
    copies = [
        path
        for path, name in checked_out(layout.root, objects)
        if name in damaged and path.is_file() and md5(path) == damaged[name]
    ]
    for path in [*(objects / name[:2] / name[2:] for name in damaged), *copies]:
        path.unlink()
    print(_finding(damaged, [path.relative_to(layout.root).as_posix() for path in copies]))


def _finding(damaged: dict[str, str], copies: list[str]) -> str:
    if not damaged:
        return "cache: every object is whole"
    also = f", and so are their copies {listed(copies)}" if copies else ""
    return (
        f"cache: damaged objects are taken out: {listed(list(damaged))}{also}; "
        "`dvc pull`, or `dvc repro` where there is no remote, brings them back"
    )


def md5(path: Path) -> str:
    """Return the MD5 of a file's content in hexadecimal digits, DVC's name for it."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "md5").hexdigest()


def damaged_objects(objects: Path) -> dict[str, str]:
    """Return the objects whose content is not what their name says, each with its content's MD5.

    `objects` holds one file per object, two digits of its name a folder; unfinished downloads,
    which have other names, are passed over.
    """
    contents = {
        "".join(path.parts[-2:]): md5(path)
        for path in sorted(objects.glob("*/*"))
        if OBJECT.fullmatch("/".join(path.parts[-2:]))
    }
    return {name: found for name, found in contents.items() if name.removesuffix(".dir") != found}


def checked_out(root: Path, objects: Path) -> Iterator[tuple[Path, str]]:
    """Yield each file that DVC checks out below `root`, with its object's name.

    The files of a directory are known while the object that lists them is whole.
    """
    for out in _outs(root):
        path, name = root / out["path"], out.get("md5", "")
        if not name.endswith(".dir"):
            yield path, name
            continue
        listing = objects / name[:2] / name[2:]
        if listing.is_file() and md5(listing) == name.removesuffix(".dir"):
            for entry in json.loads(listing.read_text(encoding="utf-8")):
                yield path / entry["relpath"], entry["md5"]


def _outs(root: Path) -> Iterator[dict[str, str]]:
    if (root / "dvc.lock").is_file():
        for stage in read_yaml(root / "dvc.lock").get("stages", {}).values():
            yield from stage.get("outs", [])
    for pointer in sorted((root / "data").rglob("*.dvc")):
        for out in read_yaml(pointer).get("outs", []):
            yield {**out, "path": f"{pointer.parent.relative_to(root).as_posix()}/{out['path']}"}
