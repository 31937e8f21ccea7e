"""The documentation as a site: `make docs` builds it with Sphinx from the pages as they are.

The source folder is the root of the repository, so that links between pages work on the site, on
GitHub and in an editor alike.
"""

from typing import Any

from docutils import nodes
from latex2mathml.converter import convert
from pygments.lexers.special import TextLexer
from sphinx.application import Sphinx
from sphinx.writers.html5 import HTML5Translator

project = html_title = "modelmap"
root_doc = "README"
include_patterns = [
    "*.md",
    "data/README.md",
    "docs/*.md",
    "docs/*.rst",
    "reports/notebooks/*.ipynb",
]
# Environments, caches and outputs would be searched for pages.
exclude_patterns = [".*", "site", "data/*/*"]
NAVIGATION = {
    "Notebooks": ["reports/notebooks/*"],
    "Use": [
        *("docs/findings", "docs/read-the-map", "docs/place", "docs/models", "docs/hardware"),
        *("docs/sharing", "docs/sweeps", "docs/published", "docs/full-run", "data/README"),
    ],
    "Methods": [
        *("docs/methods", "docs/methods-divergence", "docs/methods-resampling"),
        *("docs/scoring", "docs/scoring-speed"),
    ],
    "Change the code": [
        *("CONTRIBUTING", "docs/api", "docs/review", "docs/decisions", "docs/decisions-scoring"),
        *("docs/experiments", "docs/experiments-tools", "CHANGELOG"),
    ],
}

extensions = ["myst_nb", "sphinx.ext.autodoc"]
html_theme = "furo"
html_copy_source = False
html_math_renderer = "mathml"
# The anchors that GitHub gives to headings, so that links to them are checked.
myst_heading_anchors = 6
myst_fence_as_directive = ["math"]
# The study `notebooks` executes them.
nb_execution_mode = "off"
# In docstrings, as in Markdown, single backticks mark code.
default_role = "code"
autodoc_default_options = {"members": True, "member-order": "bysource"}
autodoc_typehints = "description"


def add_navigation(_: Sphinx, page: str, source: list[str]) -> None:
    """Append the lists of pages, which only the site shows, to the front page."""
    if page == root_doc:
        for heading, pages in NAVIGATION.items():
            head = ["\n```{toctree}", ":hidden:", ":glob:", f":caption: {heading}\n"]
            source[0] += "\n".join([*head, *pages, "```\n"])


def escape_bars(*arguments: Any) -> None:
    """Keep the bars of |x| in a docstring, which would name a substitution."""
    lines: list[str] = arguments[-1]
    lines[:] = [line.replace("|", r"\|") for line in lines]


def add_mathml(translator: HTML5Translator, node: nodes.Element) -> None:
    """Write a formula as MathML, which browsers show offline and without a script."""
    display = "block" if isinstance(node, nodes.math_block) else "inline"
    translator.body.append(convert(node.astext(), display=display))
    raise nodes.SkipNode


def setup(app: Sphinx) -> None:
    """Register the functions of this file."""
    app.connect("source-read", add_navigation)
    app.connect("autodoc-process-docstring", escape_bars)
    app.add_html_math_renderer("mathml", (add_mathml, None), (add_mathml, None))
    # A diagram is shown as its source. Drawing it would load a script from the internet.
    app.add_lexer("mermaid", TextLexer)
