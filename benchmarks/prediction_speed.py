"""Time of the papers' prediction experiment through the Gram matrix, and as published.

Run with `python benchmarks/prediction_speed.py`, which takes about a quarter of an hour. The
log-likelihoods are synthetic and have the papers' size: 1,018 models, 10,000 texts, 8 targets, 3
methods at 28 sizes, 5 splits of 5 folds. They serve to measure time and agreement only. Everything
is run through the Gram matrix, in two processes. The reference, scikit-learn's RidgeCV as
published, is run on some sizes of one method and on one fold; its time is scaled to all 25 folds
and interpolated between sizes. Ratios are of processor time, which other work on the machine does
not affect. Prints a table and writes benchmarks/prediction_speed.json.
"""

import json
import time
import warnings
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.linear_model import RidgeCV
from threadpoolctl import threadpool_limits

from modelmap.matrix.clip_centre import clip_threshold, clipped, double_centred
from modelmap.plumbing.parallel import parallel_map
from modelmap.plumbing.seeds import named_rng
from modelmap.predict.correlation import correlations
from modelmap.predict.evaluate import (
    Families,
    Point,
    all_texts_point,
    curve_rows,
    fold_members,
    out_of_fold,
    sampled_points,
)
from modelmap.predict.targets import Problem, Target, score_problem
from modelmap.studies.synthetic import synthetic_matrix

N_MODELS, N_TEXTS, N_FAMILIES, N_BENCHMARKS = 1018, 10_000, 120, 6
SIZES = [*range(10, 100, 10), *range(100, 1000, 100), *range(1000, 10_001, 1000)]
SPLIT_SEEDS, N_PROCESSES = range(5), 2
REFERENCE_SIZES = (10, 100, 500, 900, 1000, 10_000)
REFERENCE_METHOD = "uniform"
SCORE_ALPHAS, LOGLIK_ALPHAS = 10.0 ** np.arange(1, 10), 10.0 ** np.arange(-4, 5)


def problem() -> tuple[Problem, Families]:
    """Return synthetic models and scores, which depend on the coordinates, with noise."""
    rng = named_rng(0, "benchmark", "prediction")
    values, family = synthetic_matrix(N_MODELS, N_TEXTS, N_FAMILIES, rng)
    loglik_nats = clipped(values, clip_threshold(values, 0.02))
    names = [f"m{i}" for i in range(N_MODELS)]
    seen = double_centred(loglik_nats) @ rng.standard_normal((N_TEXTS, N_BENCHMARKS))
    noisy = seen / seen.std(axis=0) + 0.5 * rng.standard_normal(seen.shape)
    scores = pd.DataFrame(
        np.clip(50 + 15 * noisy, 0, 100),
        index=names,
        columns=[f"benchmark {i}" for i in range(N_BENCHMARKS)],
    )
    scores["mean of benchmarks"] = scores.mean(axis=1)
    families: Families = family.astype(object)
    return score_problem(loglik_nats, names, scores, SCORE_ALPHAS, LOGLIK_ALPHAS), families


def timed_rows(point: Point, families: Families) -> tuple[float, pd.DataFrame]:
    """Return a point's processor seconds and results."""
    started = time.process_time()
    rows = curve_rows(point, families, SPLIT_SEEDS)
    return time.process_time() - started, rows


def reference(
    coordinates: NDArray[np.float64], target: Target, training: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return the published method's predictions for all models that are not in `training`."""
    model = RidgeCV(alphas=target.alphas, cv=5)
    model.fit(coordinates[training], target.truth[training])
    found: NDArray[np.float64] = model.predict(np.delete(coordinates, training, axis=0))
    return found if target.bounds is None else np.clip(found, *target.bounds)


def compared(point: Point, families: Families, seconds: float) -> dict[str, object]:
    """Return one row: the reference on one fold of every target, and the Gram matrix."""
    coordinates, targets = point.coordinates(), point.problem.targets
    part = fold_members(families, SPLIT_SEEDS[0])[0]
    training = np.delete(np.arange(len(families)), part)
    found = out_of_fold(coordinates, targets, families, SPLIT_SEEDS[:1])[:, 0, part]
    started = time.process_time()
    published = [reference(coordinates, target, training) for target in targets]
    n_folds = sum(len(fold_members(families, seed)) for seed in SPLIT_SEEDS)
    scaled = (time.process_time() - started) * n_folds
    apart = [
        np.abs(np.subtract(correlations(a, t.truth[part]), correlations(b, t.truth[part]))).max()
        for a, b, t in zip(found, published, targets, strict=True)
    ]
    return {
        "n": point.n,
        "d": len(point.sample),
        "gram_seconds": round(seconds, 2),
        "reference_seconds": round(scaled, 1),
        "ratio": round(scaled / seconds, 1),
        "largest_difference_of_correlations": float(f"{max(apart):.1e}"),
    }


def main() -> None:
    """Run everything through the Gram matrix, then a part of the reference; write the JSON file."""
    warnings.simplefilter("ignore", UserWarning)
    made, families = problem()
    started = time.perf_counter()
    points = [all_texts_point(made), *sampled_points(made, SIZES)]
    done = parallel_map(partial(timed_rows, families=families), points, N_PROCESSES, "Gram matrix")
    wall = time.perf_counter() - started
    seconds = np.array([one for one, _ in done])
    print(f"through the Gram matrix: {wall:.0f} s in {N_PROCESSES} processes", flush=True)
    rows = []
    with threadpool_limits(1):
        for point, each_seconds in zip(points, seconds, strict=True):
            if point.method == REFERENCE_METHOD and point.n in REFERENCE_SIZES:
                rows.append(compared(point, families, float(each_seconds)))
                print("  ".join(f"{key} {value}" for key, value in rows[-1].items()), flush=True)
    d = np.array([len(point.sample) for point in points])
    hours = np.interp(d, [row["d"] for row in rows], [row["reference_seconds"] for row in rows])
    results = {
        "n_models": N_MODELS,
        "n_texts": N_TEXTS,
        "n_targets": len(made.targets),
        "n_points": len(points),
        "gram_wall_seconds": round(wall, 1),
        "gram_processor_seconds": round(float(seconds.sum()), 1),
        "reference_processor_hours": round(float(hours.sum()) / 3600, 2),
        "ratio": round(float(hours.sum() / seconds.sum()), 1),
        "measured": rows,
    }
    print({key: value for key, value in results.items() if key != "measured"})
    Path(__file__).with_suffix(".json").write_text(json.dumps(results, indent=2) + "\n")


if __name__ == "__main__":
    main()
