"""The figures of the report: inline SVG, and where each comes from."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from modelmap.figures.catalogue import FIGURES
from modelmap.figures.inputs import FOLDERS, path_of

REFERENCES = re.compile(r"""(\bid="|="#|url\(#)""")


def inline_svg(svg: str, prefix: str) -> str:
    """Return the svg element of an SVG file, with `prefix` before all its ids.

    Without it, elements of several figures in one page would have the same id.
    """
    element = svg[svg.index("<svg") :]
    return REFERENCES.sub(rf"\g<1>{prefix}-", element).strip()


def figure_entries(
    index: Mapping[str, Any], read_svg: Callable[[str], str], digest: Callable[[str], str]
) -> list[dict[str, Any]]:
    """Return name, picture, caption and sources of each figure of the index, in its order.

    `read_svg` returns a file below reports/figures, and `digest` the hash of a file by its path in
    the project. A figure that was not written as SVG has a link to its image instead.
    """
    inputs = {entry.name: entry.files for entry in FIGURES}
    return [
        {
            "name": figure["name"],
            "caption": figure["caption"],
            "svg": _picture(figure, read_svg),
            "file": figure["files"][0],
            "sources": sources(inputs.get(figure["name"], ()), digest),
        }
        for figure in index["figures"]
    ]


def sources(names: Sequence[str], digest: Callable[[str], str]) -> list[dict[str, str]]:
    """Return name, link from the folder reports, and hash of each file that a figure reads."""
    paths = {name: path_of(name, FOLDERS) for name in names}
    return [
        {"name": name, "link": f"../{path}", "digest": digest(path)} for name, path in paths.items()
    ]


def _picture(figure: Mapping[str, Any], read_svg: Callable[[str], str]) -> str:
    files = [file for file in figure["files"] if file.endswith(".svg")]
    return inline_svg(read_svg(files[0]), figure["name"]) if files else ""
