"""Speed of scoring, compared with other methods that compute the same log-likelihoods.

Run with `python benchmarks/scoring_speed.py` after `make repro`. The methods take turns on the same
texts: the papers' published method, the same without its loop over positions, lm_eval's rolling
log-likelihood, minicons, and ours. On a CPU the others run in one process with two threads, ours in
two processes with one thread each. Loading a model is not timed, tokenisation is. Before anything
is timed the scores must agree. Writes benchmarks/scoring_speed.json and the tables of speed in
docs/scoring-speed.md. `--device cuda` measures in bfloat16, and adds a Llama of the shape of a 7B
model.
"""

from scoring.environment import ROOT, enter

enter()

import argparse
import json
from pathlib import Path
from statistics import median
from typing import Any

import torch
from scoring.cases import all_texts, cases, some
from scoring.device import on_device
from scoring.pool import Pool
from scoring.speed import measured
from scoring.summary import marked, summary, table

from modelmap.plumbing.files import write_json
from modelmap.plumbing.hardware import load_hardware
from modelmap.plumbing.layout import Layout

N_PROCESSES = 2
TABLES = ("zoo", "large", "7b")
DOCUMENT = ROOT / "docs" / "scoring-speed.md"
RESULTS = Path(__file__).with_suffix(".json")


def on_cpu(n_zoo: int, n_large: int, layout: Layout) -> dict[str, Any]:
    """Return the summaries and rows of the zoo and of the large model."""
    torch.set_num_threads(N_PROCESSES)
    hardware, texts = load_hardware(layout.conf, ["hardware=cpu"]), all_texts(layout)
    zoo, large = cases(layout)
    pool = Pool(N_PROCESSES)
    results: dict[str, Any] = {"cores": N_PROCESSES, "dtype": "float32"}
    try:
        rows = {
            "zoo": [measured(case, texts, n_zoo, 1, pool, hardware) for case in zoo],
            "large": [measured(large, some(texts, n_large), n_large, 2, pool, hardware)],
        }
    finally:
        pool.close()
    rate = median(row["product_gflop_per_s"] for part in rows.values() for row in part)
    for name, part in rows.items():
        results[name] = {**summary(part, rate), "rows": [rounded(row) for row in part]}
    return results


def rounded(value: Any) -> Any:
    """Return a row with its numbers rounded to four significant digits."""
    if isinstance(value, dict):
        return {key: rounded(one) for key, one in value.items()}
    return float(f"{value:.4g}") if isinstance(value, float) else value


def main() -> None:
    """Measure on one device, and write the JSON file and the tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    parser.add_argument("--zoo-texts", type=int, default=24, help="of each zoo model, every method")
    parser.add_argument("--large-texts", type=int, default=24, help="of the large model")
    parser.add_argument("--tiny", action="store_true", help="the device part on a CPU, to try it")
    asked = parser.parse_args()
    layout = Layout(ROOT)
    if asked.device == "cuda" or asked.tiny:
        found = on_device("cpu" if asked.tiny else "cuda", asked.large_texts, asked.tiny, layout)
    else:
        found = on_cpu(asked.zoo_texts, asked.large_texts, layout)
    for name in TABLES:
        print(f"{name}\n{table(found[name])}" if name in found else f"{name} is not measured")
    if asked.tiny or "skipped" in found:
        print(found.get("skipped", ""))
        return
    results = json.loads(RESULTS.read_text()) if RESULTS.is_file() else {}
    results[asked.device] = found
    write_json(RESULTS, results)
    text = DOCUMENT.read_text()
    for name in TABLES:
        if name in found:
            text = marked(text, f"{asked.device} {name}", table(found[name]))
    DOCUMENT.write_text(text)


if __name__ == "__main__":
    main()
