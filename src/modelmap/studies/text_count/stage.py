"""Study text_count: what a smaller text set would have said, and needed."""

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
from modelmap.studies.text_count.parts import Question, by_size, finding
from modelmap.studies.text_count.settings import TextCountSettings
from modelmap.studies.text_count.tables import TEXT_COUNT


def run(layout: Layout) -> None:
    """Write reports/studies/text_count.csv and .json."""
    settings = read_section(layout, "text_count", TextCountSettings)
    matrix = read_matrix(layout.matrix)
    values = clipped(matrix.loglik_nats, matrix.clip_threshold)
    parts = [
        (_size(share, matrix.n_texts), number)
        for share in settings.shares
        for number in range(settings.n_parts if share < 1 else 1)
    ]
    one = partial(_one_part, values, settings)
    found = parallel_map(one, parts, load_hardware(layout.conf).n_workers, "parts of the texts")
    table = by_size(pd.DataFrame(found))
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
    """Return the number of texts in a part of that share, 4 or more."""
    return max(4, round(share * n_texts))


def _one_part(
    values: Matrix, settings: TextCountSettings, part: tuple[int, int]
) -> dict[str, float]:
    size, number = part
    rng = named_rng(settings.seed, "text count", str(size), str(number))
    texts = np.sort(rng.choice(values.shape[1], size, replace=False))
    return finding(values, texts, Question(settings.n_runs, settings.error, settings.even_share))
