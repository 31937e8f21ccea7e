"""Speed of scoring with forward passes of several sizes, on one thread.

Run with `python benchmarks/batches.py` after `make repro`. Prints a table and writes
benchmarks/batches.json: texts per second, and the floating-point rate as a share of the rate of a
large float32 matrix product in the same run.
"""

import json
import time
from pathlib import Path
from typing import Any

import torch
from scoring.cases import LARGE, Case, all_texts, cases, some
from scoring.operations import operations, product_rate
from scoring.summary import rows_table

from modelmap.models.load import maximum_length
from modelmap.plumbing.files import write_text
from modelmap.plumbing.layout import Layout
from modelmap.score.loglik import log_likelihoods
from modelmap.score.rule import encode_texts

# Model -> number of texts, and the limits on one pass in megabytes of logits.
CASES = {
    "tiny-llama-a": (160, [4, 16, 64, 256]),
    "tiny-gpt2-b": (160, [4, 16, 64, 256]),
    LARGE: (12, [16, 64, 256]),
}


def measured(case: Case, texts: list[str], sizes: list[int]) -> list[dict[str, Any]]:
    """Return one row for each size of a pass, of one model."""
    model, tokenizer = case.load("cpu")
    limit = maximum_length(model.config, None)
    ids = [item.ids for item in encode_texts(tokenizer, texts, "own", limit)]
    flop = operations(model, [len(one) for one in ids])
    rows: list[dict[str, Any]] = []
    for size in sizes:
        budget = int(size * 1e6 / (4 * model.config.vocab_size))
        log_likelihoods(model, ids[:2], budget)
        started = time.perf_counter()
        log_likelihoods(model, ids, budget)
        seconds = time.perf_counter() - started
        rows.append(
            {
                "model": case.spec.name,
                "logits_mb": size,
                "tokens_per_pass": budget,
                "texts_per_s": round(len(ids) / seconds, 2),
                "share_of_product_rate": round(flop / seconds / product_rate(), 2),
            }
        )
    return rows


def main() -> None:
    """Measure all cases, print the table and write the JSON file."""
    torch.set_num_threads(1)
    layout = Layout(Path(__file__).parents[1])
    texts = all_texts(layout)
    zoo, large = cases(layout)
    named = {case.spec.name: case for case in (*zoo, large)}
    rows = [
        row
        for name, (n_texts, sizes) in CASES.items()
        for row in measured(named[name], some(texts, n_texts), sizes)
    ]
    print(rows_table(rows))
    write_text(Path(__file__).with_suffix(".json"), json.dumps(rows, indent=2) + "\n")


if __name__ == "__main__":
    main()
