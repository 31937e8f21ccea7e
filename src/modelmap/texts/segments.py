"""Segments of a text: runs of letters, of digits or of other characters (ours).

Tokenizers divide a text differently. Segments depend on the text alone, so that log-likelihoods of
segments can be compared between models with different tokenizers.
"""

import re

import numpy as np

from modelmap.plumbing.arrays import Indices

# Finer segments than words gave estimates nearer to simulated KLs, because errors that two models
# share within a word then add up less; still finer ones cut through tokens (docs/experiments.md).
# The limit is for long strings of characters and for scripts that put no spaces between words.
SEGMENT = re.compile(r"\s*(?:[^\W\d_]{1,12}|\d{1,12}|[^\w\s]{1,12}|_{1,12})(?:\s+\Z)?")


def segments(text: str) -> list[str]:
    """Return the segments of a text; joined they are the text.

    A segment is a run of letters, of digits, of underscores or of other characters, at most 12 of
    them, with the whitespace before it. Whitespace at the end of a text belongs to the last
    segment. A text of whitespace alone is one segment.
    """
    return SEGMENT.findall(text) or [text]


def segment_bounds(text: str) -> Indices:
    """Return the UTF-8 bytes at which the segments begin, and the end of the text, int64."""
    lengths = [len(segment.encode("utf-8")) for segment in segments(text)]
    return np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
