"""The results of parts of the texts, by their number of texts, and their summary."""

from functools import partial

import numpy as np
import pandas as pd

from modelmap.divergence.kl import reason_if_identical
from modelmap.matrix.clip_centre import double_centred
from modelmap.plumbing.arrays import Matrix
from modelmap.plumbing.parallel import parallel_map
from modelmap.plumbing.seeds import named_rng
from modelmap.plumbing.tables import empty_table
from modelmap.studies.text_count.parts import Analysis, analyse_part, by_size
from modelmap.studies.text_count.settings import TextCountSettings
from modelmap.studies.text_count.tables import TEXT_COUNT


def results_by_size(values: Matrix, settings: TextCountSettings, n_workers: int) -> pd.DataFrame:
    """Return one row for each size of the parts, from clipped log-likelihoods, shape (K, N)."""
    n_texts = values.shape[1]
    parts = [
        (_size(share, n_texts), number)
        for share in settings.shares
        for number in range(settings.n_parts if share < 1 else 1)
    ]
    analyse = partial(_analyse, values, settings)
    findings = parallel_map(analyse, parts, n_workers, "parts of the texts")
    found = [finding for finding in findings if finding is not None]
    return by_size(pd.DataFrame(found)) if found else empty_table(TEXT_COUNT)


def text_count_summary(
    table: pd.DataFrame, settings: TextCountSettings, n_texts: int
) -> dict[str, object]:
    """Return the summary. A number is None if no part of the texts gives it."""
    by_number = table.set_index("n_texts").reindex(
        sorted({_size(share, n_texts) for share in settings.shares})
    )
    return {
        "n_texts": n_texts,
        "parts_of_each_size": settings.n_parts,
        "relative_error_asked_for": settings.error,
        "plan_texts": {
            f"of_{100 * share:g}_percent": _rounded(
                by_number.loc[_size(share, n_texts), "plan_texts"]
            )
            for share in settings.shares
        },
        "bootstrap_over_measured_error": _rounded(
            (by_number["bootstrap_error"] / by_number["error_to_all"]).median(), 2
        ),
        "ls_ratio_of_all_texts": _rounded(by_number["ls_ratio"].iloc[-1], 2),
    }


def _rounded(value: float, digits: int | None = None) -> float | None:
    return None if np.isnan(value) else round(float(value), digits)


def _size(share: float, n_texts: int) -> int:
    """Return the number of texts of a part: at least 4, or all if there are fewer."""
    return min(n_texts, max(4, round(share * n_texts)))


def _analyse(
    values: Matrix, settings: TextCountSettings, part: tuple[int, int]
) -> dict[str, float] | None:
    """Return the results of a part, given by its number of texts and its number in that size.

    They are None if all models are identical on the texts of the part.
    """
    size, number = part
    rng = named_rng(settings.seed, "text count", str(size), str(number))
    texts = np.sort(rng.choice(values.shape[1], size, replace=False))
    if reason_if_identical(double_centred(values[:, texts])) is not None:
        return None
    analysis = Analysis(settings.n_runs, settings.error, settings.even_share)
    return analyse_part(values, texts, analysis)
