"""Stage score: the log-likelihood of every text under every model."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from modelmap.models.file import read_roster
from modelmap.models.source import local_files, revisions
from modelmap.models.spec import ModelSpec
from modelmap.models.weights import count_weights
from modelmap.plumbing.errors import MAX_LISTED, UserError
from modelmap.plumbing.hardware import load_hardware
from modelmap.plumbing.layout import Layout
from modelmap.plumbing.section import read_section
from modelmap.plumbing.tables import read_table
from modelmap.score.batches import estimated_tflop
from modelmap.score.identity import identify
from modelmap.score.jobs import Job, JobList
from modelmap.score.run import score_all
from modelmap.score.settings import PlanSeed, ScoreSettings
from modelmap.texts.random_order import first_in_random_order
from modelmap.texts.tables import TEXTS
from modelmap.texts.text_set import text_set_hash

# The size of a hub model is unknown until it is downloaded. This guess affects only the order in
# which models are scored, and the estimate of the time left.
HUB_WEIGHTS = 250_000_000


def run(layout: Layout, overrides: Sequence[str] = ()) -> None:
    """Write one score file per model into data/scores.

    `overrides` are Hydra overrides that select the hardware. Models with source "imported" have
    log-likelihoods already and are left out.
    """
    models = [spec for spec in read_roster(layout.roster) if spec.source != "imported"]
    score_all(job_list_of(models, layout, overrides), overrides)


def job_list_of(
    models: Sequence[ModelSpec], layout: Layout, overrides: Sequence[str] = ()
) -> JobList:
    """Return what is to be scored of these models. Raises UserError if one has no usable files."""
    scoring = read_section(layout, "score", ScoreSettings)
    texts = read_table(layout.texts, TEXTS)
    jobs = _jobs(models, scoring, _texts_to_score(models, texts, layout), layout)
    hardware = load_hardware(layout.conf, overrides)
    return JobList(root=layout.root, jobs=jobs, scoring=scoring, hardware=hardware)


@dataclass(frozen=True)
class _Texts:
    """The texts that some models are scored on."""

    ids: list[int] | None
    """None: all texts."""
    text_set: str
    n_bytes: int


def _texts_to_score(
    models: Sequence[ModelSpec], texts: pd.DataFrame, layout: Layout
) -> dict[int | None, _Texts]:
    """Return the texts of models by the number in their entries, None for all texts."""
    found: dict[int | None, _Texts] = {}
    found[None] = _Texts(None, text_set_hash(texts["text"]), int(texts["n_bytes"].sum()))
    for number in {spec.texts for spec in models if spec.texts is not None}:
        seed = read_section(layout, "plan", PlanSeed).seed
        ids = first_in_random_order(texts, number, seed)
        chosen = texts[texts["text_id"].isin(ids)]
        total_bytes = int(chosen["n_bytes"].sum())
        found[number] = _Texts(ids, text_set_hash(chosen["text"]), total_bytes)
    return found


def _jobs(
    models: Sequence[ModelSpec],
    scoring: ScoreSettings,
    texts: dict[int | None, _Texts],
    layout: Layout,
) -> list[Job]:
    """Return one job per model. Raises UserError that lists all models without usable files."""
    jobs, problems = [], []
    for spec in models:
        try:
            jobs.append(_job(spec, scoring, texts[spec.texts], layout))
        except UserError as error:
            message = str(error)
            problems.append(message if spec.name in message else f"model {spec.name}: {message}")
    if problems:
        rest = len(problems) - MAX_LISTED
        raise UserError(
            "; ".join(problems[:MAX_LISTED]) + (f"; and {rest} more models" if rest > 0 else "")
        )
    return jobs


def _job(spec: ModelSpec, scoring: ScoreSettings, texts: _Texts, layout: Layout) -> Job:
    revision, tokenizer = revisions(spec, layout)
    whole = spec.base or spec
    weights = HUB_WEIGHTS if whole.source == "hub" else count_weights(local_files(whole, layout))
    return Job(
        spec=spec,
        identity=identify(spec, revision, tokenizer, scoring, texts.text_set),
        text_ids=texts.ids,
        expected_tflop=estimated_tflop(weights, texts.n_bytes),
    )
