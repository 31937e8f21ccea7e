"""Time of error curves at the papers' size: 1,018 models, 10,000 texts, 109 sizes, 100 runs.

Run with `python benchmarks/resample_speed.py`. The matrix is synthetic, so only the times have a
meaning, not the errors. The direct computation, which computes a matrix of distances from
coordinates for each size and run, is measured on some sizes and compared. Writes
benchmarks/resample_speed.json and prints it.
"""

import json
import os
import time
from functools import partial
from pathlib import Path

import numpy as np
import psutil
from meter import peak_gb
from threadpoolctl import threadpool_limits

from modelmap.matrix.clip_centre import clip_threshold, clipped, double_centred
from modelmap.plumbing.arrays import Matrix, Vector
from modelmap.plumbing.parallel import parallel_map
from modelmap.plumbing.seeds import named_rng
from modelmap.resample.errors import absolute_error, relative_error
from modelmap.resample.estimate import unique_texts, weighted_coordinates
from modelmap.resample.gram import ErrorMeter, GramSums, run_errors
from modelmap.resample.methods import PAPERS, probabilities
from modelmap.resample.paper_draws import drawn_texts, grid, run_seeds
from modelmap.studies.synthetic import synthetic_matrix

N_MODELS, N_TEXTS, N_FAMILIES, N_RUNS = 1_018, 10_000, 60, 100
DIRECT_SIZES = (100, 1_000, 2_900, 5_000, 10_000)


def main() -> None:
    """Measure, compare, and write the JSON file."""
    loglik, _ = synthetic_matrix(N_MODELS, N_TEXTS, N_FAMILIES, named_rng(42, "synthetic"))
    coordinates = double_centred(clipped(loglik, clip_threshold(loglik, 0.02)))
    n_workers = len(os.sched_getaffinity(0))
    began = time.perf_counter()
    full = GramSums(coordinates)
    full.add(np.arange(N_TEXTS), np.ones(N_TEXTS))
    meter, sizes = ErrorMeter(full.distances()), grid(N_TEXTS)
    curves = {}
    for method in PAPERS:
        pi = probabilities(method, coordinates)
        one = partial(one_run, coordinates, pi, sizes, meter)
        curves[method] = np.stack(parallel_map(one, run_seeds(N_RUNS), n_workers, method))
    wall, peak = time.perf_counter() - began, peak_gb_with_children()
    direct_seconds, difference = direct(coordinates, full.distances(), curves, sizes)
    results = {
        "models": N_MODELS,
        "texts": N_TEXTS,
        "sizes": len(sizes),
        "runs": N_RUNS,
        "workers": n_workers,
        "seconds": round(wall, 1),
        "peak_gb": round(peak, 2),
        "direct_sizes_measured": list(DIRECT_SIZES),
        "direct_seconds_per_size": round(direct_seconds, 3),
        "direct_seconds_for_everything": round(direct_seconds * len(PAPERS) * len(sizes) * N_RUNS),
        "times_faster": round(
            direct_seconds * len(PAPERS) * len(sizes) * N_RUNS / n_workers / wall, 1
        ),
        "largest_relative_difference": float(f"{difference:.1e}"),
    }
    path = Path(__file__).with_suffix(".json")
    path.write_text(json.dumps(results, indent=2) + "\n")
    print(path.read_text())


def one_run(
    coordinates: Matrix, pi: Vector, sizes: list[int], meter: ErrorMeter, seed: int
) -> Matrix:
    """Return the number of unique texts and both errors of one run, at every size."""
    return run_errors(coordinates, pi, drawn_texts(pi, sizes[-1], seed), sizes, meter)


def direct(
    coordinates: Matrix, full: Matrix, curves: dict[str, Matrix], sizes: list[int]
) -> tuple[float, float]:
    """Return the direct computation's seconds per size on one thread, and the largest difference.

    The difference is relative, of the errors from those of `curves`. Distances are computed from
    the Gram matrix of the weighted coordinates, as a straightforward program would.
    """
    seconds, differences = [], []
    seed = run_seeds(1)[0]
    with threadpool_limits(1):
        for method in PAPERS:
            pi = probabilities(method, coordinates)
            drawn = drawn_texts(pi, sizes[-1], seed)
            for size in DIRECT_SIZES:
                began = time.perf_counter()
                rows = weighted_coordinates(coordinates, unique_texts(drawn[:size], pi))
                norms = np.square(rows).sum(axis=1)
                estimated = np.maximum(norms[:, None] + norms - 2 * rows @ rows.T, 0)
                np.fill_diagonal(estimated, 0)
                errors = absolute_error(estimated, full), relative_error(estimated, full)
                seconds.append(time.perf_counter() - began)
                ours = curves[method][0, sizes.index(size), 1:]
                differences.append(np.max(np.abs(ours / np.array(errors) - 1)))
    return float(np.mean(seconds)), float(np.max(differences))


def peak_gb_with_children() -> float:
    """Return the sum of the peak memory of this process and its running children, in gigabytes."""
    here = psutil.Process()
    return sum(peak_gb(one.pid) for one in (here, *here.children(recursive=True)))


if __name__ == "__main__":
    main()
