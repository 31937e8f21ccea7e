"""Log-likelihoods of the segments of a text, from those of its tokens (ours)."""

import numpy as np

from modelmap.plumbing.arrays import Indices


def segment_sums(token_logliks: np.ndarray, ends: np.ndarray, bounds: Indices) -> np.ndarray:
    """Return the log-likelihood of each segment in nats, float32, shape (segments,).

    `token_logliks` are those of all tokens but the first; `ends` are the bytes up to the end of
    every token, the first included; `bounds` are the bytes at which segments begin, and the end of
    the text. The log-likelihood of a token is spread evenly over its bytes. The sum over segments
    is the sum over tokens: a token without bytes belongs to the segment that ends where it stands,
    and a token after the end of the text to the last segment.
    """
    if not len(token_logliks):
        return np.zeros(len(bounds) - 1, dtype=np.float32)
    starts, stops = ends[:-1], ends[1:]
    inner = bounds[1:-1]
    totals = np.concatenate([[0.0], np.cumsum(token_logliks, dtype=np.float64)])
    # Tokens that end at a bound or before it lie wholly before the bound. The next token may lie
    # across it; of that one a share of the bytes is before the bound.
    n_before = np.searchsorted(stops, inner, side="right")
    across = np.minimum(n_before, len(stops) - 1)
    n_bytes = np.maximum(stops[across] - starts[across], 1)
    share = np.clip((inner - starts[across]) / n_bytes, 0.0, 1.0)
    before = totals[n_before] + np.where(n_before < len(stops), share * token_logliks[across], 0.0)
    sums: np.ndarray = np.diff(before, prepend=0.0, append=totals[-1]).astype(np.float32)
    return sums
