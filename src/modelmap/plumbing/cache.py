"""Removing damaged objects from DVC's cache.

DVC does not check an object again once it is read-only, so it would go on using a damaged one.
"""

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
    """Move damaged objects out of the cache, and remove the files that were checked out from them.

    A file is removed only if its content is that of the damaged object. Nothing is lost: where the
    cache uses hard links, an edited file and its damaged object are one, and its only copy is the
    object that is moved to the folder `damaged` beside the cache's objects.
    """
    result = subprocess.run(
        [sys.executable, "-m", "dvc", "cache", "dir"],
        cwd=layout.root,
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode:
        raise UserError(f"{layout.root.name} is not a DVC project: `dvc cache dir` finds no cache")
    objects = Path(result.stdout.strip()) / "files" / "md5"
    damaged = damaged_objects(objects)
    copies = [
        path
        for path, name in checked_out(layout.root, objects)
        if name in damaged and path.is_file() and md5(path) == damaged[name]
    ]
    aside = objects.parent.parent / "damaged"
    for name in damaged:
        aside.mkdir(exist_ok=True)
        (objects / name[:2] / name[2:]).rename(aside / name)
    for path in copies:
        path.unlink()
    _remove_damaged_lock(layout.root / ".dvc" / "tmp" / "rwlock")
    names = [path.relative_to(layout.root).as_posix() for path in copies]
    print(_message(damaged, names, aside))


def _remove_damaged_lock(path: Path) -> None:
    """Remove DVC's file of locks if a full disk cut it short: DVC would refuse every command."""
    try:
        json.loads(path.read_bytes())
    except FileNotFoundError:
        return
    except ValueError:
        path.unlink()
        print("cache: removed DVC's file of locks, which was cut short (.dvc/tmp/rwlock)")


def _message(damaged: dict[str, str], copies: list[str], aside: Path) -> str:
    if not damaged:
        return "cache: no object is damaged"
    also = f"; removed the copies {listed(copies)}" if copies else ""
    return (
        f"cache: moved damaged objects to {aside}: {listed(list(damaged))}{also}; `dvc pull`, or "
        "`dvc repro` where there is no remote, restores what was committed"
    )


def md5(path: Path) -> str:
    """Return the MD5 of a file's content in hexadecimal digits: the name of its object in DVC."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "md5").hexdigest()


def damaged_objects(objects: Path) -> dict[str, str]:
    """Return the objects whose name is not the MD5 of their content, each with that MD5.

    `objects` contains one file per object. The first two digits of an object's name are a folder.
    Unfinished downloads are ignored, because they have names of another form.
    """
    contents = {
        "".join(path.parts[-2:]): md5(path)
        for path in sorted(objects.glob("*/*"))
        if OBJECT.fullmatch("/".join(path.parts[-2:]))
    }
    return {name: found for name, found in contents.items() if name.removesuffix(".dir") != found}


def checked_out(root: Path, objects: Path) -> Iterator[tuple[Path, str]]:
    """Yield each file that DVC checks out below `root`, with the name of its object.

    The files of a directory are listed in an object of their own. If that object is damaged, they
    are left out.
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
