"""Writes the data dictionary, data/README.md, from the schemas of the tables."""

from typing import Any

from modelmap.corpus import tables as corpus
from modelmap.divergence import tables as divergence
from modelmap.map import tables as model_map
from modelmap.matrix import tables as matrix
from modelmap.new_models import tables as new_models
from modelmap.plan import tables as plan
from modelmap.plumbing.layout import Layout
from modelmap.predict import tables as predict
from modelmap.published import tables as published
from modelmap.resample import tables as resample
from modelmap.score import tables as score
from modelmap.stability import tables as stability
from modelmap.studies.coverage import tables as coverage
from modelmap.studies.few_texts import tables as few_texts
from modelmap.studies.interpolation import tables as interpolation
from modelmap.studies.kl_truth import tables as kl_truth
from modelmap.studies.leakage import tables as leakage
from modelmap.studies.place_eval import tables as place_eval
from modelmap.studies.text_count import tables as text_count
from modelmap.studies.trajectories import tables as trajectories
from modelmap.texts import tables as texts

HEAD = """\
# Data dictionary

Written by `python -m modelmap.review.dictionary` from every package's `tables.py`: edit those
files, not this one.
Everything here except `raw/`, `models/` and `imported/` is written by `dvc repro`.

- `raw/`, `models/`: your own texts and models.
- `imported/`: the tables `matrix`, `models` and `texts` that `modelmap import` wrote, as below, and
  `segments.safetensors` and `segments.parquet` of the texts for which a bundle has them.
- `zoo/`: the models trained here, as Hugging Face directories. `recipe.json` describes each model.
- `matrix.parquet`: one row per text (`text_id`) and one float64 column per model that has all
  texts: log-likelihoods in nats, unclipped. The metadata of the file contains, at full precision,
  `clip_threshold` (nats), `mean_bytes` (B), `n_texts` (N) and `text_set` (a hash of the texts).
- `segments.safetensors`: the tensor `loglik_nats`, float32, with one row per scored model and one
  column per segment of the texts, in the order of `segments.parquet`: log-likelihoods in nats, NaN
  where a segment is not wholly scored. Its metadata has the names of the `models` and `text_set`.

Texts of the default corpus are read from packages, and the licences of the packages apply to them.
`source`, `source_version` and `source_path` name the package, its version and the file. Score files
have metadata: `fingerprint`, `identity` (what the fingerprint is computed from), `facts` (recorded,
but not part of the identity) and `digest`.
"""

FILES = {
    "corpus.parquet": corpus.CORPUS,
    "texts.parquet": texts.TEXTS,
    "scores/<model>.parquet": score.SCORES,
    "segments.parquet": matrix.SEGMENTS,
    "models.parquet": matrix.MODELS,
    "category_bits.parquet": matrix.CATEGORY_BITS,
    "kl.parquet": divergence.KL,
    "text_importance.parquet": divergence.TEXT_IMPORTANCE,
    "neighbours.parquet": divergence.NEIGHBOURS,
    "clusters.parquet": divergence.CLUSTERS,
    "map.parquet": model_map.MAP,
    "spectrum.parquet": model_map.SPECTRUM,
    "stability.parquet": stability.STABILITY,
    "new_models.parquet": new_models.NEW_MODELS,
    "plan.parquet": plan.PLAN,
    "predictions.parquet": predict.PREDICTIONS,
    "../bundle/texts.parquet": published.BUNDLE_TEXTS,
    "../bundle/models.parquet": matrix.IMPORTED_MODELS,
    "../bundle/map.parquet": model_map.BUNDLE_MAP,
    "../reports/plots/map.csv": model_map.PLACES,
    "../reports/plots/resample.csv": resample.RESAMPLE_CURVES,
    "../reports/plots/designs.csv": resample.DESIGN_ERRORS,
    "../reports/plots/plan.csv": plan.PLAN_ERRORS,
    "../reports/plots/new_models.csv": new_models.NEW_MODEL_ERRORS,
    "../reports/plots/prediction.csv": predict.PREDICTION_CURVES,
    "../reports/plots/prediction_table.csv": predict.PREDICTION_TABLE,
    "../reports/studies/coverage.csv": coverage.COVERAGE,
    "../reports/studies/kl_ingredients.csv": kl_truth.KL_INGREDIENTS,
    "../reports/studies/kl_pretrained.csv": kl_truth.KL_PRETRAINED,
    "../reports/studies/few_texts.csv": few_texts.FEW_TEXTS,
    "../reports/studies/few_texts_categories.csv": few_texts.FEW_TEXTS_CATEGORIES,
    "../reports/studies/interpolation.csv": interpolation.INTERPOLATION,
    "../reports/studies/kl_truth.csv": kl_truth.KL_TRUTH,
    "../reports/studies/leakage.csv": leakage.LEAKAGE,
    "../reports/studies/place_eval.csv": place_eval.PLACE_EVAL,
    "../reports/studies/place_models.csv": place_eval.PLACE_MODELS,
    "../reports/studies/place_papers.csv": place_eval.PLACE_PAPERS,
    "../reports/studies/place_verdicts.csv": place_eval.PLACE_VERDICTS,
    "../reports/studies/text_count.csv": text_count.TEXT_COUNT,
    "../reports/studies/trajectories.csv": trajectories.TRAJECTORIES,
}


def render() -> str:
    """Return the text of data/README.md."""
    return HEAD + "".join(_section(name, schema) for name, schema in FILES.items())


def _section(name: str, schema: Any) -> str:
    rows = [
        f"| `{column}` | {_kind(spec)} | {spec.description} |"
        for column, spec in schema.columns.items()
    ]
    key = ", ".join(f"`{column}`" for column in schema.unique or [])
    lines = ["", f"## `{name}`", "", schema.description + (f" Key: {key}." if key else ""), ""]
    return "\n".join([*lines, "| column | type | description |", "|---|---|---|", *rows, ""])


def _kind(column: Any) -> str:
    name = str(column.dtype)
    return "text" if name.startswith("str") else name


def write(layout: Layout) -> None:
    """Write data/README.md."""
    (layout.root / "data" / "README.md").write_text(render(), encoding="utf-8")


if __name__ == "__main__":
    from pathlib import Path

    write(Layout(Path.cwd()))
