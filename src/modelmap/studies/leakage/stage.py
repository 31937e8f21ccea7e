"""Study leakage: signals of models that were fine-tuned on texts they are scored on."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from modelmap.matrix.file import read_matrix
from modelmap.matrix.segments_file import read_segments
from modelmap.matrix.tables import SEGMENTS
from modelmap.models.file import read_roster
from modelmap.models.prepare import prepared_directory
from modelmap.models.source import revisions
from modelmap.models.spec import ModelSpec
from modelmap.placing.gain import largest_usual
from modelmap.plumbing.arrays import Mask, Vector
from modelmap.plumbing.files import write_json
from modelmap.plumbing.hardware import load_hardware
from modelmap.plumbing.layout import Layout
from modelmap.plumbing.parallel import in_workers
from modelmap.plumbing.section import read_section
from modelmap.plumbing.seeds import named_rng
from modelmap.plumbing.tables import empty_table, read_table, write_csv
from modelmap.score.settings import PlanSeed, ScoreSettings
from modelmap.studies.leakage.detection import (
    HONEST,
    LEAKED,
    detection_summary,
    flagged_shares,
)
from modelmap.studies.leakage.finetune import Arm, finetuned
from modelmap.studies.leakage.settings import LeakageSettings
from modelmap.studies.leakage.signals import Known, own_statistics, signals
from modelmap.studies.leakage.split import Split, split_texts
from modelmap.studies.leakage.tables import LEAKAGE
from modelmap.studies.made_models.scores import first_and_bytes
from modelmap.texts.random_order import first_in_random_order
from modelmap.texts.tables import TEXTS
from modelmap.zoo.settings import Training, ZooSettings


@dataclass(frozen=True)
class RunTexts:
    """The texts of the runs with one number."""

    number: int
    split: Split
    scored: pd.DataFrame
    """The texts that models are scored on."""
    is_leaked: Mask
    """Which of them leak."""


def run(layout: Layout) -> None:
    """Write reports/studies/leakage.csv and leakage.json."""
    settings = read_section(layout, "leakage", LeakageSettings)
    finetuning = read_section(layout, "zoo", ZooSettings).finetuning
    specs = read_roster(layout.roster)
    bases = [one for one in specs if one.source == "zoo" and one.kind == "base"]
    if not bases or finetuning is None:
        _write(layout, empty_table(LEAKAGE), {"skipped": "needs base models of the zoo"})
        return
    texts = _run_texts(layout, settings)
    training = finetuning.model_copy(update={"steps": settings.steps[-1]})
    arms = [arm for one in texts for arm in _arms(layout, settings, training, bases, one)]
    scores = in_workers(finetuned, arms, load_hardware(layout.conf).n_workers, "leakage")
    known = {one.number: _known(layout, one.scored) for one in texts}
    is_leaked = {one.number: one.is_leaked for one in texts}
    rows = [
        {
            "family": arm.spec.family,
            "run": arm.number,
            "arm": arm.name,
            "steps": steps,
            **signals(one.segments_nats, known[arm.number], is_leaked[arm.number]),
        }
        for arm, found in zip(arms, scores, strict=True)
        for steps, one in found.items()
    ]
    table = pd.DataFrame(rows)[list(LEAKAGE.columns)]
    own = np.concatenate([own_statistics(one) for one in known.values()])
    _write(layout, table, _summary(table, own, settings, texts))


def _run_texts(layout: Layout, settings: LeakageSettings) -> list[RunTexts]:
    """Return the texts of each run: those that are scored come first in the plan's order."""
    texts = read_table(layout.texts, TEXTS)
    plan_seed = read_section(layout, "plan", PlanSeed).seed
    found = []
    for number in range(1, settings.n_runs + 1):
        rng = named_rng(settings.seed, "leakage", "texts", str(number))
        split = split_texts(texts, settings.leaked_share, rng)
        ids = first_in_random_order(split.side, settings.n_texts, plan_seed)
        is_scored = split.side["text_id"].isin(ids)
        scored = split.side[is_scored].reset_index(drop=True)
        found.append(RunTexts(number, split, scored, split.is_leaked[is_scored]))
    return found


def _arms(
    layout: Layout,
    settings: LeakageSettings,
    training: Training,
    bases: Sequence[ModelSpec],
    texts: RunTexts,
) -> list[Arm]:
    """Return the two fine-tunes of each base model."""
    rule = read_section(layout, "score", ScoreSettings).rule
    documents = {LEAKED: texts.split.leaked, HONEST: texts.split.honest}
    return [
        Arm(
            spec,
            prepared_directory(spec, revisions(spec, layout)[0], layout),
            texts.number,
            name,
            tuple(documents[name]),
            training,
            tuple(settings.steps),
            texts.scored,
            rule,
            settings.seed,
        )
        for spec in bases
        for name in documents
    ]


def _known(layout: Layout, scored: pd.DataFrame) -> Known:
    """Return the models that have all texts, on the texts that new models are scored on."""
    names = read_matrix(layout.matrix).models
    segments = read_segments(layout.segments, layout.segment_table)
    table = read_table(layout.segment_table, SEGMENTS)
    columns = table["text_id"].isin(scored["text_id"]).to_numpy()
    first, n_bytes = first_and_bytes(scored)
    return Known(names, segments.of(names).loglik_nats[:, columns], first, n_bytes)


def _summary(
    table: pd.DataFrame, own: Vector, settings: LeakageSettings, texts: Sequence[RunTexts]
) -> dict[str, object]:
    """Return the metrics; `own` are the statistics of the map's own models."""
    rng = named_rng(settings.seed, "leakage", "bootstrap")
    sizes = {
        LEAKED: [len("".join(one.split.leaked).encode()) for one in texts],
        HONEST: [len("".join(one.split.honest).encode()) for one in texts],
    }
    return {
        "n_models": len(table),
        "n_pairs_of_runs": len(table) // (2 * len(settings.steps)),
        "n_texts": settings.n_texts,
        "n_leaked_texts": [int(one.is_leaked.sum()) for one in texts],
        "false_alarms": settings.false_alarms,
        "bytes_of_training_texts": sizes,
        "signals": detection_summary(
            table, settings.steps, settings.false_alarms, settings.n_bootstrap, rng
        ),
        "flagged": {
            **flagged_shares(table, settings.n_texts, settings.n_bootstrap, rng),
            "own_models": round(float((own > largest_usual(settings.n_texts)).mean()), 4),
        },
    }


def _write(layout: Layout, table: pd.DataFrame, summary: dict[str, object]) -> None:
    write_csv(table, LEAKAGE, layout.study("leakage", "csv"))
    write_json(layout.study("leakage", "json"), summary)
