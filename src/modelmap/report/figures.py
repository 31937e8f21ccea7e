"""The figures of the report: inline SVG, and where each comes from."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from modelmap.figures.catalogue import FIGURES
from modelmap.figures.inputs import FOLDERS, path_of

FULL_WIDTH = 504.0
"""Points: a figure of 7 inches is as wide as the page, and narrower ones in proportion."""
WIDTH = re.compile(r'<svg[^>]*? width="([0-9.]+)pt"', re.DOTALL)
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
    """Return name, picture, width, caption and sources of each figure of the index, in its order.

    `read_svg` returns a file below reports/figures, and `digest` the hash of a file by its path in
    the project. A figure that was not written as SVG has a link to its image instead.
    """
    inputs = {entry.name: entry.files for entry in FIGURES}
    return [
        {
            "name": figure["name"],
            "caption": figure["caption"],
            "svg": picture,
            "width_percent": width_percent(picture),
            "file": figure["files"][0],
            "sources": sources(inputs.get(figure["name"], ()), index["tables"], digest),
        }
        for figure in index["figures"]
        for picture in [_picture(figure, read_svg)]
    ]


def width_percent(svg: str) -> int:
    """Return how much of the page's width a picture takes, in percent; 100 if it has no width."""
    found = WIDTH.search(svg)
    return 100 if found is None else min(100, round(100 * float(found[1]) / FULL_WIDTH))


def sources(
    names: Sequence[str], tables: Sequence[str], digest: Callable[[str], str]
) -> list[dict[str, str]]:
    """Return name, link, hash and link to the CSV of each file that a figure reads.

    Links are from the folder reports. `tables` are the CSV files below reports/figures. The last
    link is "" if there is no CSV.
    """
    found = []
    for name in names:
        path, table = path_of(name, FOLDERS), f"csv/{name.removesuffix('.parquet')}.csv"
        link = f"../{path}"
        csv = link if name.endswith(".csv") else f"figures/{table}" if table in tables else ""
        found.append({"name": name, "link": link, "digest": digest(path), "csv": csv})
    return found


def _picture(figure: Mapping[str, Any], read_svg: Callable[[str], str]) -> str:
    files = [file for file in figure["files"] if file.endswith(".svg")]
    return inline_svg(read_svg(files[0]), figure["name"]) if files else ""
