"""The page as one text: the template with the style, the scripts and the data put into it."""

import base64
import hashlib
from importlib.resources import files
from typing import Any

from jinja2 import Environment, StrictUndefined

from modelmap.page.encoding import script_json

SCRIPTS = ("data.js", "compare.js", "marks.js", "map.js", "controls.js", "panel.js", "main.js")
"""In this order: each uses only what is in those before it until the page is loaded."""


def page(content: dict[str, Any], summary: str) -> str:
    """Return the HTML file of the interactive map, which loads nothing from elsewhere.

    `content` is what the scripts read, and `summary` is one paragraph. The file allows its own
    scripts only, by their hashes, so that no text in the data can be run.
    """
    web = files("modelmap.page") / "web"
    style = (web / "page.css").read_text("utf-8")
    script = "\n".join((web / name).read_text("utf-8") for name in SCRIPTS)
    template = Environment(autoescape=True, undefined=StrictUndefined).from_string(
        (web / "page.html").read_text("utf-8")
    )
    return template.render(
        style=style,
        script=script,
        policy=f"default-src 'none'; script-src '{_hash(script)}'; style-src '{_hash(style)}'; "
        "img-src data:; base-uri 'none'; form-action 'none'",
        data=script_json(content),
        summary=summary,
    )


def _hash(text: str) -> str:
    """Return the hash of an inline script or style as a content security policy names it."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii")
