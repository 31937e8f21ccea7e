"""Time and memory of the mixture estimates, for as many models as in the papers and for 20,000.

Run with `python benchmarks/kl_speed.py`. The log-likelihoods are random, because the time does not
depend on their values. Writes benchmarks/kl_speed.json and prints it.
"""

import json
import resource
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from meter import peak_gb
from threadpoolctl import threadpool_limits

from modelmap.divergence.mixture import Floats, mixture_estimates, mixture_kl
from modelmap.divergence.standard_error import StratifiedDocuments
from modelmap.many_models.nearest import Nearest, nearest_models
from modelmap.plumbing.arrays import Matrix
from modelmap.plumbing.files import write_json

OUTPUT = Path(__file__).with_suffix(".json")
SEGMENTS_PER_TEXT, BYTES_PER_SEGMENT, N_STRATA, SEED = 140, 7, 7, 42
ALL_PAIRS = {"n_models": 1_018, "n_texts": 500}
NEIGHBOURS = {"n_models": 20_000, "n_texts": 16}
N_NEIGHBOURS, N_WORKERS = 5, 2


def logliks(n_models: int, n_texts: int) -> Floats:
    """Return random log-likelihoods of segments in nats, as large as those of real models."""
    rng = np.random.default_rng(SEED)
    shape = (n_models, n_texts * SEGMENTS_PER_TEXT)
    values = -rng.standard_exponential(shape, dtype=np.float32)
    values *= np.float32(8)
    return values


def all_pairs() -> dict[str, object]:
    """Return the time of all estimates with their standard errors, and the memory it takes."""
    n_texts = ALL_PAIRS["n_texts"]
    values = logliks(**ALL_PAIRS)
    first = np.arange(0, values.shape[1], SEGMENTS_PER_TEXT)
    n_bytes = np.full(values.shape[1], BYTES_PER_SEGMENT)
    documents = StratifiedDocuments(np.arange(n_texts), np.arange(n_texts) % N_STRATA)
    started = time.perf_counter()
    mixture_estimates(values, first, n_bytes, documents)
    seconds = time.perf_counter() - started
    return {**ALL_PAIRS, "seconds": round(seconds, 1), "peak_gb": round(peak_gb(), 2)}


def nearest_of_part(part: int) -> Nearest:
    """Return the nearest models, by the pairs that one of N_WORKERS processes computes."""
    values = logliks(**NEIGHBOURS)
    n_bytes = np.full(values.shape[1], BYTES_PER_SEGMENT)

    def block(rows: slice, columns: slice) -> Matrix:
        return mixture_kl(values[rows], values[columns], n_bytes)

    with threadpool_limits(1):
        return nearest_models(len(values), N_NEIGHBOURS, block, part, N_WORKERS)


def neighbours() -> dict[str, object]:
    """Return the time of the nearest models of all models, without a matrix of all pairs."""
    started = time.perf_counter()
    with ProcessPoolExecutor(N_WORKERS, get_context("spawn")) as workers:
        first, *others = workers.map(nearest_of_part, range(N_WORKERS))
    for part in others:
        first = first.merged(part.models, part.distances)
    seconds = time.perf_counter() - started
    assert np.isfinite(first.distances).all()
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1e6
    return {**NEIGHBOURS, "seconds": round(seconds, 1), "peak_gb_of_a_worker": round(peak, 2)}


def main() -> None:
    """Measure both, and write the results."""
    found = {
        "segments_per_text": SEGMENTS_PER_TEXT,
        "all_pairs": all_pairs(),
        "neighbours": neighbours(),
    }
    write_json(OUTPUT, found)
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
