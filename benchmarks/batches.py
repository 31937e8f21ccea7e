"""How fast scoring is with passes of several sizes, on one thread: `make bench` after `dvc repro`.

Prints a table and writes benchmarks/batches.json: texts per second and the share of the rate that a
large float32 matrix product reaches in the same run (2 x parameters x tokens operations a text).
"""

import json
import time
from pathlib import Path

import torch

from modelmap.layout import Layout
from modelmap.models.file import read_roster
from modelmap.models.load import load_model, maximum_length
from modelmap.models.prepare import prepared_directory
from modelmap.models.source import content_hashes, local_files
from modelmap.schemas.scoring import TEXTS
from modelmap.scoring.loglik import log_likelihoods
from modelmap.scoring.rule import encode_texts
from modelmap.tables import read_table

# Model, how many texts, and the megabytes of logits in one pass.
CASES = {
    "llama": (160, [4, 16, 64, 256]),
    "gpt2-3k": (160, [4, 16, 64, 256]),
    "smollm2-135m-instruct": (12, [16, 64, 256]),
}
SIDE = 2048


def product_rate() -> float:
    """Return the operations a second of a large float32 matrix product."""
    matrix = torch.randn(SIDE, SIDE)
    best = float("inf")
    for _ in range(5):
        started = time.perf_counter()
        matrix @ matrix
        best = min(best, time.perf_counter() - started)
    return 2 * SIDE**3 / best


def measured(
    name: str, n_texts: int, sizes: list[float], layout: Layout
) -> list[dict[str, object]]:
    """Return one row per size of pass for one model."""
    (spec,) = (m for m in read_roster(layout.roster) if m.name == name)
    revision, _ = content_hashes(local_files(spec, layout))
    model, tokenizer = load_model(prepared_directory(spec, revision, layout), spec, "cpu")
    texts = read_table(layout.texts, TEXTS)["text"].iloc[:: 640 // n_texts].tolist()[:n_texts]
    limit = maximum_length(model.config, None)
    ids = [item.ids for item in encode_texts(tokenizer, texts, "own", limit)]
    operations = 2 * sum(p.numel() for p in model.parameters()) * sum(map(len, ids))
    rows: list[dict[str, object]] = []
    for size in sizes:
        budget = int(size * 1e6 / (4 * model.config.vocab_size))
        log_likelihoods(model, ids[:2], budget)
        started = time.perf_counter()
        log_likelihoods(model, ids, budget)
        seconds = time.perf_counter() - started
        rows.append(
            {
                "model": name,
                "logits_mb": size,
                "tokens_per_pass": budget,
                "texts_per_s": round(len(ids) / seconds, 2),
                "share_of_product_rate": round(operations / seconds / product_rate(), 2),
            }
        )
    return rows


def main() -> None:
    """Measure all cases, print them and write the JSON."""
    torch.set_num_threads(1)
    layout = Layout(Path(__file__).parents[1])
    rows = [row for name, case in CASES.items() for row in measured(name, *case, layout)]
    for row in rows:
        print("  ".join(f"{key} {value}" for key, value in row.items()))
    Path(__file__).with_suffix(".json").write_text(json.dumps(rows, indent=2) + "\n")


if __name__ == "__main__":
    main()
