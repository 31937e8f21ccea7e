"""Study kl_truth: KL by simulation of the zoo's models, against the estimate."""

import numpy as np
import pandas as pd

from modelmap.divergence.kl import LN2, nats_per_text, squared_distances
from modelmap.matrix.file import LogLikelihoods, read_matrix
from modelmap.models.file import read_roster
from modelmap.models.spec import ModelSpec
from modelmap.plumbing.errors import UserError
from modelmap.plumbing.files import write_json
from modelmap.plumbing.hardware import load_hardware
from modelmap.plumbing.layout import Layout
from modelmap.plumbing.section import read_section
from modelmap.plumbing.tables import read_table, write_csv
from modelmap.score.settings import ScoreSettings
from modelmap.score.store import read_scores
from modelmap.studies.kl_truth.comparison import (
    APPROXIMATIONS,
    Simulated,
    by_range,
    by_relation,
    holds_up_to,
    quartiles,
    rank_correlation,
    spread_by_length,
    truth_table,
    with_ratios,
    within_factor,
)
from modelmap.studies.kl_truth.settings import KlTruthSettings
from modelmap.studies.kl_truth.simulate import Group, simulate
from modelmap.studies.kl_truth.tables import KL_TRUTH
from modelmap.texts.tables import TEXTS
from modelmap.texts.text_set import text_set_hash
from modelmap.zoo.settings import ZooSettings


def run(layout: Layout) -> None:
    """Write reports/studies/kl_truth.csv and .json."""
    settings = read_section(layout, "kl_truth", KlTruthSettings)
    rule = read_section(layout, "score", ScoreSettings).rule
    hardware = load_hardware(layout.conf)
    matrix = read_matrix(layout.matrix)
    groups = _groups(layout, matrix, settings.n_texts)
    device = hardware.device_of(0)
    n_workers = hardware.n_workers if device == "cpu" else 1
    simulated = simulate(groups, layout.root, rule, device, settings.seed, n_workers)
    table = _table(groups, simulated, matrix)
    write_csv(table, KL_TRUTH, layout.study("kl_truth", "csv"))
    write_json(layout.study("kl_truth", "json"), _summary(table, groups, settings, matrix))


def _groups(layout: Layout, matrix: LogLikelihoods, n_texts: int) -> list[Group]:
    """Return the zoo's models by tokenizer, where there are two or more."""
    zoo = read_section(layout, "zoo", ZooSettings)
    models = read_roster(layout.roster)
    texts = read_table(layout.texts, TEXTS)
    if text_set_hash(texts["text"]) != matrix.text_set:
        raise UserError("texts.parquet is not the text set of matrix.parquet: run `dvc repro`")
    tokenizers: dict[str, list[ModelSpec]] = {}
    reads = {family.name: family.tokenizer for family in zoo.families}
    for spec in models:
        if spec.source == "zoo":
            tokenizers.setdefault(reads[spec.family], []).append(spec)
    groups = [
        _group(layout, name, specs, texts, n_texts)
        for name, specs in tokenizers.items()
        if len(specs) > 1
    ]
    if not groups:
        raise UserError(
            "kl_truth needs two models of one tokenizer that are trained here: "
            "choose an experiment with a zoo in params.yaml"
        )
    return groups


def _group(
    layout: Layout, tokenizer: str, specs: list[ModelSpec], texts: pd.DataFrame, n_texts: int
) -> Group:
    scores, _ = read_scores(layout.scores / specs[0].file_name)
    n_tokens = scores["n_tokens"].to_numpy()
    places = spread_by_length(n_tokens, n_texts)
    chosen = texts["text"].iloc[places].tolist()
    return Group(tokenizer, tuple(specs), tuple(chosen), tuple(n_tokens[places].tolist()))


def _table(groups: list[Group], simulated: list[Simulated], matrix: LogLikelihoods) -> pd.DataFrame:
    coordinates = matrix.coordinates()
    position = {name: i for i, name in enumerate(matrix.models)}
    tables = []
    for group, sums in zip(groups, simulated, strict=True):
        rows = coordinates[[position[spec.name] for spec in group.specs]]
        estimate = nats_per_text(squared_distances(rows), matrix.n_texts)
        table = truth_table(group.specs, sums, estimate, matrix.mean_bytes * LN2)
        table.insert(2, "tokenizer", group.tokenizer)
        table.insert(3, "n_texts", len(group.texts))
        tables.append(table)
    return pd.concat(tables, ignore_index=True)


def _summary(
    table: pd.DataFrame, groups: list[Group], settings: KlTruthSettings, matrix: LogLikelihoods
) -> dict[str, object]:
    pairs = with_ratios(table)
    width = (table["high_bits_per_byte"] - table["low_bits_per_byte"]) / 2
    return {
        "unit": "bits per byte",
        "nats_per_text_of_one_bit_per_byte": round(matrix.mean_bytes * LN2, 3),
        "n_texts_of_estimate": matrix.n_texts,
        "n_texts_drawn_per_model": settings.n_texts,
        "tokenizers": {
            group.tokenizer: {
                "n_models": len(group.specs),
                "mean_tokens_drawn": round(float(np.mean(group.n_tokens)), 1),
            }
            for group in groups
        },
        "median_relative_half_width": round(
            float((width / table["truth_bits_per_byte"]).median()), 3
        ),
        "within_factor": {
            f"{factor:g}": {
                name: {
                    "share_of_pairs": round(float(within_factor(pairs, ratio, factor).mean()), 3),
                    "up_to_bits_per_byte": holds_up_to(pairs, ratio, factor),
                }
                for name in APPROXIMATIONS
                for ratio in [f"truth_over_{name}"]
            }
            for factor in settings.factors
        },
        "rank_correlation_with_truth": {
            name: rank_correlation(pairs, f"{name}_bits_per_byte")
            for name in (*APPROXIMATIONS, "on_texts")
        },
        "all_pairs": quartiles(pairs),
        "by_relation": by_relation(pairs),
        "by_estimate": by_range(pairs),
    }
