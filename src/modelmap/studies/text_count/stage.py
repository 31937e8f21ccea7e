"""Study text_count: what smaller text sets would have given, and how many texts they need."""

from functools import partial

import numpy as np
import pandas as pd

from modelmap.divergence.kl import reason_if_identical
from modelmap.matrix.clip_centre import clipped, double_centred
from modelmap.matrix.file import read_matrix
from modelmap.plumbing.arrays import Matrix
from modelmap.plumbing.files import write_json
from modelmap.plumbing.hardware import load_hardware
from modelmap.plumbing.layout import Layout
from modelmap.plumbing.parallel import parallel_map
from modelmap.plumbing.section import read_section
from modelmap.plumbing.seeds import named_rng
from modelmap.plumbing.tables import empty_table, write_csv
from modelmap.studies.text_count.parts import Analysis, analyse_part, by_size
from modelmap.studies.text_count.settings import TextCountSettings
from modelmap.studies.text_count.tables import TEXT_COUNT


def run(layout: Layout) -> None:
    """Write reports/studies/text_count.csv and text_count.json."""
    settings = read_section(layout, "text_count", TextCountSettings)
    matrix = read_matrix(layout.matrix)
    values = clipped(matrix.loglik_nats, matrix.clip_threshold)
    reason = reason_if_identical(double_centred(values))
    if reason is not None:
        _write(layout, empty_table(TEXT_COUNT), {"skipped": reason})
        return
    parts = [
        (_size(share, matrix.n_texts), number)
        for share in settings.shares
        for number in range(settings.n_parts if share < 1 else 1)
    ]
    analyse = partial(_analyse, values, settings)
    findings = parallel_map(
        analyse, parts, load_hardware(layout.conf).n_workers, "parts of the texts"
    )
    found = [finding for finding in findings if finding is not None]
    table = by_size(pd.DataFrame(found)) if found else empty_table(TEXT_COUNT)
    _write(layout, table, _summary(table, settings, matrix.n_texts))


def _write(layout: Layout, table: pd.DataFrame, summary: dict[str, object]) -> None:
    write_csv(table, TEXT_COUNT, layout.study("text_count", "csv"))
    write_json(layout.study("text_count", "json"), summary)


def _summary(table: pd.DataFrame, settings: TextCountSettings, n_texts: int) -> dict[str, object]:
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
