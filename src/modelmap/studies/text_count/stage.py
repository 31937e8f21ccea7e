"""Study text_count: what smaller text sets would have given, and how many texts they need."""

from functools import partial

import numpy as np
import pandas as pd

from modelmap.matrix.clip_centre import clipped
from modelmap.matrix.file import read_matrix
from modelmap.plumbing.arrays import Matrix
from modelmap.plumbing.files import write_json
from modelmap.plumbing.hardware import load_hardware
from modelmap.plumbing.layout import Layout
from modelmap.plumbing.parallel import parallel_map
from modelmap.plumbing.section import read_section
from modelmap.plumbing.seeds import named_rng
from modelmap.plumbing.tables import write_csv
from modelmap.studies.text_count.parts import Analysis, analyse_part, by_size
from modelmap.studies.text_count.settings import TextCountSettings
from modelmap.studies.text_count.tables import TEXT_COUNT


def run(layout: Layout) -> None:
    """Write reports/studies/text_count.csv and text_count.json."""
    settings = read_section(layout, "text_count", TextCountSettings)
    matrix = read_matrix(layout.matrix)
    values = clipped(matrix.loglik_nats, matrix.clip_threshold)
    parts = [
        (_size(share, matrix.n_texts), number)
        for share in settings.shares
        for number in range(settings.n_parts if share < 1 else 1)
    ]
    analyse = partial(_analyse, values, settings)
    findings = parallel_map(
        analyse, parts, load_hardware(layout.conf).n_workers, "parts of the texts"
    )
    table = by_size(pd.DataFrame(findings))
    write_csv(table, TEXT_COUNT, layout.study("text_count", "csv"))
    last = table.iloc[-1]
    write_json(
        layout.study("text_count", "json"),
        {
            "n_texts": matrix.n_texts,
            "parts_of_each_size": settings.n_parts,
            "relative_error_asked_for": settings.error,
            "plan_texts": {
                f"of_{100 * share:g}_percent": round(
                    table.set_index("n_texts").loc[_size(share, matrix.n_texts), "plan_texts"]
                )
                for share in settings.shares
            },
            "bootstrap_over_measured_error": round(
                float((table["bootstrap_error"] / table["error_to_all"]).median()), 2
            ),
            "ls_ratio_of_all_texts": round(float(last["ls_ratio"]), 2),
        },
    )


def _size(share: float, n_texts: int) -> int:
    """Return the number of texts of a part, at least 4."""
    return max(4, round(share * n_texts))


def _analyse(
    values: Matrix, settings: TextCountSettings, part: tuple[int, int]
) -> dict[str, float]:
    """Return the results of a part, given by its number of texts and its number in that size."""
    size, number = part
    rng = named_rng(settings.seed, "text count", str(size), str(number))
    texts = np.sort(rng.choice(values.shape[1], size, replace=False))
    analysis = Analysis(settings.n_runs, settings.error, settings.even_share)
    return analyse_part(values, texts, analysis)
