"""The pages of the documentation: their links, and the site that is built from them."""

import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from helpers import ROOT
from markdown_it import MarkdownIt
from markdown_it.token import Token

PARSER = MarkdownIt("commonmark").enable("table")
LISTED = subprocess.run(
    ["git", "ls-files", "*.md"], cwd=ROOT, capture_output=True, text=True, check=True
).stdout
PAGES = [ROOT / name for name in LISTED.split()]


def anchors(page: Path) -> set[str]:
    """Return the anchors that GitHub gives to the headings of a page."""
    tokens = PARSER.parse(page.read_text())
    found: set[str] = set()
    seen: Counter[str] = Counter()
    for opening, inline in pairwise(tokens):
        if opening.type == "heading_open":
            text = "".join(token.content for token in inline.children or [])
            name = re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-")
            found.add(f"{name}-{seen[name]}" if seen[name] else name)
            seen[name] += 1
    return found


def targets(tokens: list[Token]) -> Iterator[str]:
    """Yield what the links and images of a page refer to, except for addresses."""
    for token in tokens:
        yield from targets(token.children or [])
        target = str(token.attrs.get("href") or token.attrs.get("src") or "")
        if target and not re.match(r"[a-z]+:", target):
            yield target


def broken(page: Path) -> list[str]:
    """Return the links of a page whose file or heading does not exist."""
    found = []
    for target in targets(PARSER.parse(page.read_text())):
        name, _, anchor = target.partition("#")
        file = page.parent / name if name else page
        if not file.exists() or (anchor and anchor not in anchors(file)):
            found.append(target)
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_leads_to_a_file_or_heading_that_exists(page: Path) -> None:
    """Links between pages, to headings, and to images and other files of the repository."""
    assert broken(page) == []


def test_broken_links_are_found(tmp_path: Path) -> None:
    """A missing file, image and heading are; a heading with code and a repeated one are there."""
    page = tmp_path / "page.md"
    links = "[a](none.md) ![b](none.svg) [c](#none) [d](#two-words-code) [e](#same-1) [f](page.md)"
    page.write_text(f"# Two words: `code`\n\n## Same\n\n## Same\n\n{links} [g](https://none)\n")
    assert broken(page) == ["none.md", "none.svg", "#none"]


def test_the_site_is_built_without_a_warning_and_needs_no_other_host(tmp_path: Path) -> None:
    """Every page is in the navigation, formulas are MathML, and functions are described."""
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-c", "docs"]
    built = subprocess.run(
        [*command, "-d", str(tmp_path / "doctrees"), ".", str(tmp_path / "site")],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert (built.returncode, built.stderr) == (0, "")
    pages = {path: path.read_text() for path in (tmp_path / "site").rglob("*.html")}
    assert tmp_path / "site/README.html" in pages
    loaded = r'<(?:script|img|iframe)[^>]* src="(?:https?:)?//|<link[^>]* href="(?:https?:)?//'
    assert [path.name for path, text in pages.items() if re.search(loaded, text)] == []
    assert "<mfrac>" in pages[tmp_path / "site/docs/methods-divergence.html"]
    assert "mixture_kl" in pages[tmp_path / "site/docs/api.html"]
