"""The models of a map, and their log-likelihoods of segments of the first texts of the plan."""

from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd

from modelmap.divergence.mixture import Floats
from modelmap.map.tables import BUNDLE_MAP, MAP
from modelmap.matrix.segments_file import SegmentLogliks, read_segments
from modelmap.matrix.tables import IMPORTED_MODELS, MODELS, SEGMENTS
from modelmap.plan.tables import PLAN
from modelmap.plumbing.arrays import Indices, Mask, Matrix
from modelmap.plumbing.errors import UserError
from modelmap.plumbing.layout import Layout
from modelmap.plumbing.section import read_section
from modelmap.plumbing.tables import read_table
from modelmap.published.manifest import copy_files, read_manifest
from modelmap.published.segments import TABLE, VALUES
from modelmap.published.tables import BUNDLE_TEXTS
from modelmap.score.rule import Rule
from modelmap.score.settings import ScoreSettings
from modelmap.texts.tables import TEXTS
from modelmap.texts.text_set import check_text_set

MAX_TEXTS = 1_000
"""The most texts of the plan whose log-likelihoods are read: with more, nothing gets better."""
FEWEST_MODELS = 3


@dataclass(frozen=True)
class KnownModels:
    """K models of a map, with the M first texts of the plan, in the order of the plan."""

    models: pd.DataFrame
    """Columns model, family, parent, kind; one row for each row of `loglik_nats`."""
    places: Matrix
    """Shape (K, 2): the places on the map."""
    loglik_nats: Floats
    """Shape (K, W): log-likelihoods of the W segments of the M texts; NaN where not scored."""
    first: Indices
    """Shape (M,): the first segment of each text."""
    n_bytes: Indices
    """Shape (W,): the bytes of each segment."""
    texts: pd.DataFrame
    """Columns text_id, text, category, n_bytes; one row for each of the M texts."""
    rule: Rule
    """The rule by which the models were scored."""

    def only(self, keep: Mask) -> "KnownModels":
        """Return some of the models, with the same texts."""
        return replace(
            self,
            models=self.models[keep].reset_index(drop=True),
            places=self.places[keep],
            loglik_nats=self.loglik_nats[keep],
        )

    def scored_on(self, n_texts: int) -> Mask:
        """Return which models have scored at least one segment of each of the first texts."""
        stop = int(np.append(self.first, len(self.n_bytes))[n_texts])
        scored = ~np.isnan(self.loglik_nats[:, :stop])
        by_text = np.logical_or.reduceat(scored, self.first[:n_texts], axis=1)
        return np.asarray(by_text.all(axis=1))


def read_project(layout: Layout) -> KnownModels:
    """Return the models of the map in a project. Raises UserError if a file is missing."""
    texts = read_table(layout.texts, TEXTS)
    segments = read_segments(layout.segments, layout.segment_table)
    check_text_set(texts["text"], segments.text_set, "segments.safetensors")
    numbers = read_table(layout.plan, PLAN).set_index("text_id")["random_number"]
    rule = read_section(layout, "score", ScoreSettings).rule
    models, places = read_table(layout.models, MODELS), read_table(layout.map, MAP)
    order = numbers[texts["text_id"]].to_numpy()
    return known_models(models, places, segments, texts.assign(random_number=order), rule)


def read_bundle(folder: Path) -> KnownModels:
    """Return the models of the map in a bundle.

    Texts that their licences withhold are left out. Raises UserError if the bundle is damaged, has
    no log-likelihoods of segments, none of a text that it contains, or those of texts that were not
    chosen at random.
    """
    manifest = read_manifest(folder)
    if not manifest.n_segment_texts:
        raise UserError(
            f"{folder.name} has no log-likelihoods of segments: export it again with "
            "`modelmap export --segments 160`"
        )
    size_measure = manifest.analysis.plan.size_measure
    if size_measure != "uniform":
        raise UserError(
            f"{folder.name} has the segments of texts that its plan chose by {size_measure}, which "
            "are no simple random sample: set plan.size_measure to uniform there, and export again"
        )
    with TemporaryDirectory() as temporary:
        copy = Path(temporary)
        copy_files(folder, manifest, copy)
        segments = read_segments(copy / VALUES, copy / TABLE)
        in_order = read_table(copy / TABLE, SEGMENTS)["text_id"].unique()
        numbers = read_table(copy / "plan.parquet", PLAN).set_index("text_id")["random_number"]
        texts = read_table(copy / "texts.parquet", BUNDLE_TEXTS).set_index("text_id")
        models = read_table(copy / "models.parquet", IMPORTED_MODELS)
        places = read_table(copy / "map.parquet", BUNDLE_MAP)
        # Read before the copy is removed.
        segments = replace(segments, loglik_nats=np.array(segments.loglik_nats))
    chosen = texts.loc[in_order].reset_index().assign(random_number=numbers[in_order].to_numpy())
    known = known_models(models, places, segments, chosen, manifest.rule)
    if known.texts.empty:
        raise UserError(f"{folder.name} contains none of its texts: their licences withhold them")
    return known


def known_models(
    models: pd.DataFrame,
    places: pd.DataFrame,
    segments: SegmentLogliks,
    texts: pd.DataFrame,
    rule: Rule,
) -> KnownModels:
    """Return the known models from tables that fit one another.

    `texts` are the texts of `segments`, in their order, with a column `random_number` from the
    plan. Raises UserError if fewer than FEWEST_MODELS models have log-likelihoods of segments.
    """
    if len(segments.models) < FEWEST_MODELS:
        raise UserError(
            f"the map has {len(segments.models)} models with log-likelihoods of segments, and at "
            f"least {FEWEST_MODELS} are needed: imported log-likelihoods of whole texts have none"
        )
    # With the papers' estimate, models that are not scored on all texts are not on the map.
    segments = segments.of([name for name in segments.models if name in set(places["model"])])
    # In the order of these numbers the first texts are a simple random sample, whatever the size
    # measure of the plan is.
    order = np.argsort(texts["random_number"].to_numpy(), kind="stable")
    order = order[(texts["text"] != "").to_numpy()[order]][:MAX_TEXTS]
    ends = np.append(segments.first[1:], segments.loglik_nats.shape[1])
    parts = [np.arange(segments.first[text], ends[text]) for text in order]
    columns = np.concatenate([np.zeros(0, dtype=np.int64), *parts])
    first = np.cumsum([0, *(len(part) for part in parts)])[:-1]
    about = models.set_index("model").loc[segments.models].reset_index()
    return KnownModels(
        about[["model", "family", "parent", "kind"]],
        places.set_index("model").loc[segments.models, ["x", "y"]].to_numpy(dtype=np.float64),
        np.asarray(segments.loglik_nats[:, columns]),
        first.astype(np.int64),
        segments.n_bytes[columns],
        texts.iloc[order][["text_id", "text", "category", "n_bytes"]].reset_index(drop=True),
        rule,
    )
