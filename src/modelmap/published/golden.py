"""Values of the published data that its authors print in their notebooks.

They identify the data of Oyama et al. 2025 (ACL). A file with the same models and number of texts
but other values has been changed.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from modelmap.plumbing.arrays import Matrix

N_MODELS, N_TEXTS = 1018, 10_000
LLAMA, OPEN_BIO = "meta-llama/Llama-2-7b-hf", "aaditya/Llama3-OpenBioLLM-8B"
MINIMUM, MAXIMUM = -20503.7119140625, -0.007867919746786356
QUANTILE, CLIP = 0.02, -1412.3424912643432
LLAMA_FIRST = (-626.65048254, -437.79926527, -519.74895704)
LLAMA_LAST = (-432.20114279, -747.06967819, -525.0877068)
OPEN_BIO_MEAN = -590.1384971457811
MEAN_BYTES = 972.3188
FIRST_TEXT = ("940294", 237, "Gutenberg (PG-19)")
RELATIVE, PRINTED = 1e-9, 1e-8
"""Tolerances: relative for values printed in full, absolute for those with 8 decimals."""


def is_published(models: Sequence[str], n_texts: int) -> bool:
    """Return whether a matrix has the shape of the published one and contains two of its models."""
    named = {LLAMA, OPEN_BIO} <= set(models)
    return named and (len(models), n_texts) == (N_MODELS, N_TEXTS)


def differences(loglik_nats: Matrix, models: Sequence[str], clip: float | None) -> list[str]:
    """Return one message for each printed value that the matrix does not have.

    `loglik_nats` has shape (K, N). `clip` is the threshold, in nats, at which it was clipped, or
    None if it was not.
    """
    threshold = float(np.quantile(loglik_nats, QUANTILE)) if clip is None else clip
    llama = loglik_nats[list(models).index(LLAMA)]
    row = loglik_nats[list(models).index(OPEN_BIO)]
    # The notebook does not say whether this mean is of raw or of clipped values: either is right.
    means = [float(row.mean()), float(np.maximum(row, threshold).mean())]
    mean = min(means, key=lambda value: abs(value - OPEN_BIO_MEAN))
    pairs = {
        "the smallest value": (float(loglik_nats.min()), MINIMUM if clip is None else CLIP),
        "the largest value": (float(loglik_nats.max()), MAXIMUM),
        "the 2% quantile": (threshold, CLIP),
        f"the mean of {OPEN_BIO}": (mean, OPEN_BIO_MEAN),
    }
    messages = [
        f"{what} is {here!r}, not {there!r}"
        for what, (here, there) in pairs.items()
        if abs(here - there) > RELATIVE * abs(there)
    ]
    for what, here, there in (
        ("starts", llama[:3], LLAMA_FIRST),
        ("ends", llama[-3:], LLAMA_LAST),
    ):
        if not np.allclose(here, there, rtol=0, atol=PRINTED):
            messages.append(f"{LLAMA} {what} with {_row(here)}, not {_row(there)}")
    return messages


def _row(values: Sequence[float] | Matrix) -> str:
    return " ".join(f"{value:.8f}" for value in values)


def text_differences(texts: pd.DataFrame) -> list[str]:
    """Return one message for each printed fact that is not true of the texts."""
    row = texts.iloc[0]
    first = (row["document_id"], int(row["chunk_index"]), row["category"])
    messages = []
    if first != FIRST_TEXT:
        messages.append(f"the first text is {first}, not {FIRST_TEXT}")
    mean_bytes = float(texts["n_bytes"].mean())
    if abs(mean_bytes - MEAN_BYTES) > 5e-5:
        messages.append(f"the mean number of bytes is {mean_bytes:.4f}, not {MEAN_BYTES}")
    return messages
