"""The answer as one self-contained HTML file: the map with the new model, and the table of KLs."""

from html import escape
from typing import Any

import numpy as np
import pandas as pd

from modelmap.placing.answer import Placement
from modelmap.placing.known import KnownModels
from modelmap.plumbing.arrays import Matrix

SIZE, MARGIN = 560, 24
"""Of the map, in pixels."""
NOTE = (
    "KL divergences say how alike models are on these texts. They do not prove that a model was "
    "made from another: where both models' weights are at hand, methods that compare weights show "
    "that better."
)
STYLE = """
:root { color-scheme: light dark; --ink: #222; --paper: #fff; --pale: #8a8f98; --new: #b3261e; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e8e8e8; --paper: #16181c; --pale: #8a8f98; --new: #ff8a80; }
}
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper);
  margin: 2rem auto; max-width: 60rem; padding: 0 1rem; }
svg { width: 100%; max-width: 560px; height: auto; border: 1px solid var(--pale); }
circle { fill: var(--pale); } circle.tied { fill: var(--ink); } circle.new { fill: var(--new); }
text { fill: var(--new); font-weight: 600; }
table { border-collapse: collapse; } th, td { padding: 0.15rem 0.8rem 0.15rem 0; text-align: left; }
td.number { text-align: right; font-variant-numeric: tabular-nums; } tr.tied { font-weight: 600; }
"""


def with_confidence(found: Placement) -> str:
    """Return the verdict and how probably it is right."""
    return found.verdict + (f" ({found.confidence:.0%})" if found.confidence is not None else "")


def each_confidence(found: Placement) -> str:
    """Return the probability of each kind of verdict."""
    return ", ".join(f"{kind} {share:.0%}" for kind, share in found.confidences.items())


def interval(row: Any) -> str:
    """Return the 95% interval of a row of one of the tables, or a dash if it has none."""
    ends = row.low_bits_per_byte, row.high_bits_per_byte
    return "-" if pd.isna(ends[0]) else f"{ends[0]:.4g} to {ends[1]:.4g}"


def saved(found: Placement) -> str:
    """Return how exact the KLs are, and how many texts the known models save."""
    n_more = found.n_texts_without_known - found.n_texts
    error = f"standard errors of the KLs about {100 * found.relative_error:.2g}%"
    return f"{error}, as with {n_more} more texts without the known models"


def page(found: Placement, known: KnownModels) -> str:
    """Return the HTML file, which loads nothing from elsewhere."""
    flags = "".join(f"<li>{escape(flag)}</li>" for flag in found.flags)
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(found.model)} on the map</title><style>{STYLE}</style></head><body>
<h1>{escape(found.model)}</h1>
<p><strong>{escape(with_confidence(found))}</strong>. {escape(each_confidence(found))}</p>
<p>{found.n_texts} of {len(known.first)} texts; {saved(found)}. Nearest:
<strong>{escape(found.models.iloc[0]["model"])}</strong>. Models in bold cannot be told apart from
it at 95%.</p>
{_map(found, known)}
<ul>{flags}</ul>
<table><thead><tr><th>texts</th><th>number</th><th>bits per byte</th><th>95% interval</th></tr>
</thead><tbody>{_bits(found)}</tbody></table>
<table><thead><tr><th>model</th><th>family</th><th>KL, bits per byte</th><th>95% interval</th></tr>
</thead><tbody>{_rows(found)}</tbody></table>
<p>{NOTE}</p>
</body></html>
"""


def _rows(found: Placement) -> str:
    return "\n".join(
        f"<tr{' class=tied' if row.is_tied else ''}><td>{escape(row.model)}</td>"
        f"<td>{escape(row.family)}</td><td class=number>{row.kl_bits_per_byte:.4g}</td>"
        f"<td class=number>{interval(row)}</td></tr>"
        for row in found.models.itertuples()
    )


def _bits(found: Placement) -> str:
    return "\n".join(
        f"<tr><td>{escape(row.category)}</td><td class=number>{row.n_texts}</td>"
        f"<td class=number>{row.bits_per_byte:.3f}</td><td class=number>{interval(row)}</td></tr>"
        for row in found.bits.itertuples()
    )


def _map(found: Placement, known: KnownModels) -> str:
    """Return the map as SVG: a point for each known model, named when it is pointed at."""
    everyone = np.vstack([known.places, [found.x, found.y]])
    spots = _pixels(everyone)
    tied = set(found.models.loc[found.models["is_tied"], "model"])
    points = "\n".join(
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="5"{" class=tied" if name in tied else ""}>'
        f"<title>{escape(name)}</title></circle>"
        for name, (x, y) in zip(known.models["model"], spots, strict=False)
    )
    x, y = spots[-1]
    side = "end" if x > SIZE / 2 else "start"
    shift = -10 if side == "end" else 10
    return (
        f'<svg viewBox="0 0 {SIZE} {SIZE}" role="img" aria-label="map of models">{points}'
        f'<circle class=new cx="{x:.1f}" cy="{y:.1f}" r="7"><title>{escape(found.model)}</title>'
        f'</circle><text x="{x + shift:.1f}" y="{y + 5:.1f}" text-anchor="{side}">'
        f"{escape(found.model)}</text></svg>"
    )


def _pixels(places: Matrix) -> Matrix:
    """Return places in pixels, with the second coordinate upwards and one scale for both."""
    low, high = places.min(axis=0), places.max(axis=0)
    scale = (SIZE - 2 * MARGIN) / max(float((high - low).max()), 1e-9)
    centred = (places - (low + high) / 2) * scale
    pixels: Matrix = centred * np.array([1.0, -1.0]) + SIZE / 2
    return pixels
