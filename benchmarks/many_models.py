"""Time and memory of 20,000 models by 2,000 texts: from the matrix to neighbours, map and page.

Run with `pip install openTSNE && python benchmarks/many_models.py`; `--page FILE` keeps the page.
The log-likelihoods are synthetic, with families of about 20 models and heavy tails, so the figures
are of these computations, not of language models. The map is computed by scikit-learn in one
thread, as the package does, and by openTSNE in all, for comparison. For 2,000 models the same steps
are compared with the computation from all pairs. Writes benchmarks/many_models.json and prints it.
"""

import argparse
import json
import os
from pathlib import Path

import numpy as np
import openTSNE
import pandas as pd
from meter import Meter
from openTSNE.affinity import PerplexityBasedNN
from openTSNE.nearest_neighbors import PrecomputedNeighbors
from scipy.stats import spearmanr
from sklearn.decomposition import PCA

from modelmap.divergence.kl import LN2, bits_per_byte, nats_per_text, squared_distances
from modelmap.divergence.neighbours import ranked_neighbours
from modelmap.divergence.standard_error import StratifiedDocuments
from modelmap.many_models.nearest import (
    Nearest,
    nearest_by_coordinates,
    nearest_pairs,
)
from modelmap.many_models.neighbour_map import INITIAL_DEVIATION, tsne_of_nearest
from modelmap.map.embed import TsneOptions, perplexity, tsne, tsne_options
from modelmap.map.settings import MapSettings
from modelmap.matrix.clip_centre import clip_threshold
from modelmap.matrix.file import LogLikelihoods
from modelmap.page.content import nearest_kept, page_content
from modelmap.page.html import page
from modelmap.page.page_texts import encoded_texts
from modelmap.plumbing.arrays import Indices, Matrix
from modelmap.plumbing.files import write_json
from modelmap.plumbing.layout import Layout
from modelmap.plumbing.section import read_section
from modelmap.plumbing.seeds import named_rng
from modelmap.studies.synthetic import synthetic_matrix

OUTPUT = Path(__file__).with_suffix(".json")
N_MODELS, N_COMPARED, N_TEXTS, FAMILY_SIZE = 20_000, 2_000, 2_000, 20
CATEGORIES = ("a", "b", "c", "d", "e", "f", "g")
MEAN_BYTES, CLIP_QUANTILE, CONFIDENCE = 970.0, 0.02, 0.95
MAX_ITER, EARLY_ITER = 1_000, 250
"""Iterations of t-SNE, as in the papers, and those with early exaggeration."""
WIDE_START = 30.0
"""Standard deviation of the first coordinate at the start: about half of that of the final map."""
N_LISTED, N_ON_PAGE, N_RANDOM_PAIRS = 5, 12, 100_000
SUMMARY = "Synthetic log-likelihoods, for a measurement of speed: these are not language models."


def main() -> None:
    """Measure all steps with N_MODELS, compare with N_COMPARED, and write the results."""
    parser = argparse.ArgumentParser(description="Measure the steps of many models.")
    parser.add_argument("--page", type=Path, help="where to keep the page of the synthetic models")
    file = parser.parse_args().page
    settings = read_section(Layout(Path(__file__).parents[1]), "map", MapSettings)
    options = tsne_options(settings, MAX_ITER)
    load_before = os.getloadavg()[0]
    meter = Meter()
    about = many(N_MODELS, options, meter, file)
    compared = comparison(N_COMPARED, options)
    results = {
        **{"models": N_MODELS, "texts": N_TEXTS, "data": "synthetic", "map_iterations": MAX_ITER},
        "processors": len(os.sched_getaffinity(0)),
        **{"load_average_before": load_before, "load_average_after": os.getloadavg()[0]},
        **about,
        "steps": meter.steps,
        "seconds": round(sum(step["seconds"] for step in meter.steps.values()), 1),
        "peak_gb": max(step["peak_gb"] for step in meter.steps.values()),
        "compared_with_all_pairs": compared,
    }
    write_json(OUTPUT, results)
    print(json.dumps(results, indent=1))


def synthetic(n_models: int) -> tuple[LogLikelihoods, pd.DataFrame]:
    """Return a matrix and its table of models."""
    rng = named_rng(42, "many models", str(n_models))
    values, family = synthetic_matrix(n_models, N_TEXTS, n_models // FAMILY_SIZE, rng)
    models = [f"synthetic-{number}/model-{i}" for i, number in enumerate(family)]
    base = pd.Series(models).groupby(family).transform("first")
    table = pd.DataFrame(
        {
            "model": models,
            "family": [f"synthetic-{number}" for number in family],
            "parent": base.where(base != models, None),
            "kind": np.where(base == models, "base", "finetune"),
            "n_params": 0,
        }
    )
    threshold = clip_threshold(values, CLIP_QUANTILE)
    return LogLikelihoods(values, models, threshold, MEAN_BYTES, "synthetic"), table


def many(n_models: int, options: TsneOptions, meter: Meter, file: Path | None) -> dict[str, object]:
    """Compute everything from the matrix to the page; return what the maps keep."""
    matrix, models = synthetic(n_models)
    with meter.step("clip and centre"):
        coordinates = matrix.coordinates()
    with meter.step("neighbours"):
        nearest = nearest_by_coordinates(coordinates, n_for_map(options))
    with meter.step("map"):
        places = tsne_of_nearest(nearest, coordinates, options)
    with meter.step("intervals"):
        pairs = nearest_pairs(matrix, nearest.first(N_ON_PAGE), documents(), CONFIDENCE)
    with meter.step("page"):
        html = page_of(matrix, models, places, pairs, nearest)
    if file is not None:
        file.write_text(html, encoding="utf-8")
    return {
        **{"neighbours_of_a_model": n_for_map(options), "pairs_with_intervals": len(pairs)},
        "page_mb": round(len(html.encode()) / 1e6, 2),
        **quality(coordinates, nearest, places),
        **other_maps(nearest, coordinates, options),
    }


def other_maps(nearest: Nearest, coordinates: Matrix, options: TsneOptions) -> dict[str, object]:
    """Return the quality of principal components, and time and quality of openTSNE's methods."""
    components = PCA(2, svd_solver="covariance_eigh").fit_transform(coordinates)
    found: dict[str, object] = {"principal_components": quality(coordinates, nearest, components)}
    threads = len(os.sched_getaffinity(0))
    neighbours = PrecomputedNeighbors(nearest.models, np.sqrt(nearest.distances))
    largest = perplexity(len(coordinates), options.largest_perplexity)
    for method, width in (
        ("bh", INITIAL_DEVIATION),
        ("bh", WIDE_START),
        ("fft", INITIAL_DEVIATION),
    ):
        meter, name = Meter(), f"opentsne {method}, start {width:g}"
        with meter.step(name):
            affinities = PerplexityBasedNN(knn_index=neighbours, perplexity=largest, n_jobs=threads)
            embedding = openTSNE.TSNE(
                early_exaggeration=options.early_exaggeration,
                early_exaggeration_iter=EARLY_ITER,
                n_iter=MAX_ITER - EARLY_ITER,
                negative_gradient_method=method,
                n_jobs=threads,
            )
            start = components / components[:, 0].std() * width
            places = np.asarray(embedding.fit(affinities=affinities, initialization=start))
        found[name] = {**meter.steps[name], **quality(coordinates, nearest, places)}
    return found


def n_for_map(options: TsneOptions) -> int:
    """Return how many neighbours t-SNE reads."""
    return int(3 * options.largest_perplexity) + 1


def documents() -> StratifiedDocuments:
    """Return a document for each text, in strata by category."""
    return StratifiedDocuments(np.arange(N_TEXTS), np.arange(N_TEXTS) % len(CATEGORIES))


def page_of(
    matrix: LogLikelihoods,
    models: pd.DataFrame,
    places: Matrix,
    pairs: pd.DataFrame,
    nearest: Nearest,
) -> str:
    """Return the page, without texts that compare models."""
    kl = bits_per_byte(nats_per_text(nearest.distances, matrix.n_texts), matrix.mean_bytes)
    listed = ranked_neighbours(nearest.models[:, :N_LISTED], kl[:, :N_LISTED], matrix.models)
    loss = {
        name: -matrix.loglik_nats[:, i :: len(CATEGORIES)].mean(axis=1) / (MEAN_BYTES * LN2)
        for i, name in enumerate(CATEGORIES)
    }
    bits = pd.DataFrame({"model": matrix.models, **loss}).melt(
        "model", var_name="category", value_name="bits_per_byte"
    )
    no_ellipses = np.full((len(models), 3), np.nan)
    n_kls = N_ON_PAGE * len(models)
    pairs = pairs.assign(warning="")
    content = page_content(models, places, no_ellipses, bits, pairs, listed, n_kls)
    content["confidence"] = CONFIDENCE
    # Not even one text of usual length fits, with log-likelihoods of its segments for all models.
    texts = pd.DataFrame({"text_id": [], "category": [], "text": []})
    rows = np.full(len(models), -1)
    values = np.empty((0, 0), dtype=np.float32)
    content["text_differences"] = encoded_texts(texts, texts, values, rows)
    return page(content, SUMMARY)


def quality(coordinates: Matrix, nearest: Nearest, places: Matrix) -> dict[str, object]:
    """Return how many of the listed neighbours a map keeps near, and how well distances agree."""
    pairs = named_rng(42, "random pairs").integers(len(places), size=(2, N_RANDOM_PAIRS))
    first, second = pairs[:, pairs[0] != pairs[1]]
    squared = np.concatenate(
        [
            np.square(coordinates[a] - coordinates[b]).sum(axis=1)
            for a, b in zip(np.array_split(first, 100), np.array_split(second, 100), strict=True)
        ]
    )
    on_map = np.linalg.norm(places[first] - places[second], axis=1)
    return {
        f"nearest_{N_LISTED}_kept_on_map": round(kept_share(nearest.models, places), 3),
        "rank_correlation_of_distances": round(float(spearmanr(squared, on_map).statistic), 3),
    }


def kept_share(nearest: Matrix | Indices, places: Matrix) -> float:
    """Return the share of the N_LISTED nearest models that are as near on the map."""
    rows = np.repeat(np.arange(len(places)), N_LISTED)
    table = pd.DataFrame({"model": rows, "other": nearest[:, :N_LISTED].ravel()})
    return float(nearest_kept(table, places).mean()) / N_LISTED


def comparison(n_models: int, options: TsneOptions) -> dict[str, object]:
    """Return time and quality of both ways, and the share of neighbours that both find."""
    matrix, _ = synthetic(n_models)
    coordinates = matrix.coordinates()
    approximate, exact = Meter(), Meter()
    with approximate.step("neighbours"):
        nearest = nearest_by_coordinates(coordinates, n_for_map(options))
    with approximate.step("map"):
        places = tsne_of_nearest(nearest, coordinates, options)
    with exact.step("neighbours"):
        distances = squared_distances(coordinates)
        np.fill_diagonal(distances, np.inf)
        order = np.argsort(distances, axis=1, kind="stable")[:, : n_for_map(options)]
    with exact.step("map"):
        exact_places = tsne(coordinates, options)
    same = [len(np.intersect1d(*pair)) for pair in zip(order, nearest.models, strict=True)]
    return {
        "models": n_models,
        "neighbours_found_share": round(float(np.mean(same)) / order.shape[1], 5),
        "from_neighbours": {
            **quality(coordinates, nearest, places),
            "steps": approximate.steps,
            **other_maps(nearest, coordinates, options),
        },
        "from_all_pairs": {
            **quality(coordinates, nearest, exact_places),
            "steps": exact.steps,
        },
    }


if __name__ == "__main__":
    main()
