"""Study kl_truth: simulated KL between models, compared with both estimates."""

from collections.abc import Sequence

import pandas as pd

from modelmap.divergence.settings import DivergenceSettings
from modelmap.divergence.tables import KL
from modelmap.models.file import read_roster
from modelmap.models.spec import ModelSpec
from modelmap.plumbing.errors import UserError
from modelmap.plumbing.files import write_json
from modelmap.plumbing.hardware import load_hardware
from modelmap.plumbing.layout import Layout
from modelmap.plumbing.section import read_section
from modelmap.plumbing.tables import empty_table, read_table, write_csv
from modelmap.studies.kl_truth.comparison import WARNING, pair_table, with_estimates
from modelmap.studies.kl_truth.ingredients import NaturalTexts, ingredients_table, one_changed
from modelmap.studies.kl_truth.pretrained import (
    continuations_table,
    copies_table,
    simulate_continuations,
    simulate_copies,
)
from modelmap.studies.kl_truth.settings import KlTruthSettings
from modelmap.studies.kl_truth.simulate import Where, simulate_zoo, tokens_of_texts
from modelmap.studies.kl_truth.summary import pretrained_summary, truth_summary
from modelmap.studies.kl_truth.tables import KL_INGREDIENTS, KL_PRETRAINED, KL_TRUTH
from modelmap.texts.tables import TEXTS
from modelmap.zoo.settings import ZooSettings

PRETRAINED, BASE = "pretrained", "base"


def run(layout: Layout) -> None:
    """Write kl_truth.csv, kl_pretrained.csv, kl_ingredients.csv and kl_truth.json."""
    settings = read_section(layout, "kl_truth", KlTruthSettings)
    hardware = load_hardware(layout.conf)
    device = hardware.device_of(0)
    where = Where(layout.root, device, hardware.n_workers if device == "cpu" else 1)
    texts = read_table(layout.texts, TEXTS)["text"].tolist()
    kl = _estimates(layout)
    specs = read_roster(layout.roster)
    zoo = trained_here(specs)
    families = read_section(layout, "zoo", ZooSettings).families
    tokenizer_of = {family.name: family.tokenizer for family in families}
    tokenizers = {spec.name: tokenizer_of[spec.family] for spec in zoo}
    drawn = simulate_zoo(where, zoo, tokenizers, texts, settings)
    table = with_estimates(pair_table(zoo, tokenizers, drawn), kl)
    chosen = _evenly(texts, settings.n_natural_texts)
    natural = NaturalTexts(chosen, tokens_of_texts(where, zoo, chosen), tokenizers)
    ingredients = ingredients_table(natural, table)
    real = [spec for spec in specs if spec.kind == PRETRAINED and spec.source != "imported"]
    bases = [spec for spec in zoo if spec.kind == BASE]
    pretrained = _pretrained_table(where, real, bases, specs, texts, settings, kl)
    write_csv(table, KL_TRUTH, layout.study("kl_truth", "csv"))
    write_csv(pretrained, KL_PRETRAINED, layout.study("kl_pretrained", "csv"))
    write_csv(ingredients, KL_INGREDIENTS, layout.study("kl_ingredients", "csv"))
    summary = {
        "n_texts_drawn_per_model": settings.n_texts,
        "n_models": len(zoo),
        **truth_summary(table, settings.factors),
        "pretrained": pretrained_summary(len(real), pretrained),
        "one_ingredient_changed": one_changed(ingredients),
    }
    write_json(layout.study("kl_truth", "json"), summary)


def _estimates(layout: Layout) -> pd.DataFrame:
    """Return the table of KLs. Raises UserError if it has the papers' estimate alone."""
    if read_section(layout, "divergence", DivergenceSettings).estimate != "mixture":
        raise UserError(
            "kl_truth compares the mixture estimate: set divergence.estimate to mixture in "
            "params.yaml, and run `dvc repro`"
        )
    return read_table(layout.kl, KL)


def trained_here(specs: Sequence[ModelSpec]) -> list[ModelSpec]:
    """Return the models of the zoo without descendants of a pretrained model.

    Raises UserError if there are fewer than two.
    """
    zoo = [spec for spec in specs if spec.source == "zoo" and spec.base is None]
    if len(zoo) < 2:
        raise UserError(
            "kl_truth needs two models of the zoo: choose an experiment with a zoo in params.yaml"
        )
    return zoo


def _evenly(texts: Sequence[str], n: int) -> tuple[str, ...]:
    """Return `n` of the texts, or all if there are fewer, at even distances."""
    n = min(n, len(texts))
    return tuple(texts[i * len(texts) // n] for i in range(n))


def _pretrained_table(
    where: Where,
    pretrained: Sequence[ModelSpec],
    bases: Sequence[ModelSpec],
    roster: Sequence[ModelSpec],
    texts: Sequence[str],
    settings: KlTruthSettings,
    kl: pd.DataFrame,
) -> pd.DataFrame:
    """Return the pairs with a pretrained model, with the columns of KL_PRETRAINED."""
    if not pretrained:
        return empty_table(KL_PRETRAINED)
    chosen = _evenly(texts, settings.n_pretrained_texts)
    copies = simulate_copies(where, pretrained, roster, chosen)
    drawn = simulate_continuations(where, pretrained, bases, chosen, settings)
    pairs = with_estimates(continuations_table(pretrained, bases, drawn), kl)
    parts = [copies_table(one) for one in copies]
    return pd.concat([*parts, pairs.drop(columns=WARNING)], ignore_index=True)
