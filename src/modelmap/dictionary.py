"""The data dictionary, written from the schemas of the tables."""

from typing import Any

from modelmap.layout import Layout
from modelmap.schemas import maps, prediction, published, resampling, scoring, studies

HEAD = """\
# Data dictionary

Written by `python -m modelmap.dictionary` from `src/modelmap/schemas`: edit that, not this.
Everything here but `raw/` and `models/` is made by `dvc repro`.

- `raw/`, `models/`: texts and models of your own.
- `imported/`: what `modelmap import` brought: `matrix`, `models` and `texts`, as below.
- `zoo/`: the models trained here, as Hugging Face directories; `recipe.json` says what each is.
- `matrix.parquet`: one row per text (`text_id`) and one float64 column per model:
  log-likelihoods in nats, unclipped. The file's metadata holds, at full precision,
  `clip_threshold` (nats), `mean_bytes` (B), `n_texts` (N) and `text_set` (a hash of the texts).

Texts of the embedded corpus are read from installed packages under those packages' licences;
`source`, `source_version` and `source_path` say where each stands. Score files carry metadata:
`fingerprint`, `identity` (what that is made of), `facts` (recorded, no part of it) and `digest`.
"""

FILES = {
    "texts.parquet": scoring.TEXTS,
    "scores/<model>.parquet": scoring.SCORES,
    "models.parquet": scoring.MODELS,
    "category_bits.parquet": scoring.CATEGORY_BITS,
    "kl.parquet": maps.KL,
    "neighbours.parquet": maps.NEIGHBOURS,
    "clusters.parquet": maps.CLUSTERS,
    "map.parquet": maps.MAP,
    "spectrum.parquet": maps.SPECTRUM,
    "stability.parquet": maps.STABILITY,
    "newcomers.parquet": resampling.NEWCOMERS,
    "plan.parquet": resampling.PLAN,
    "predictions.parquet": prediction.PREDICTIONS,
    "../bundle/texts.parquet": published.BUNDLE_TEXTS,
    "../reports/plots/resample.csv": resampling.RESAMPLE_CURVES,
    "../reports/plots/designs.csv": resampling.DESIGN_ERRORS,
    "../reports/plots/plan.csv": resampling.PLAN_ERRORS,
    "../reports/plots/newcomers.csv": resampling.NEWCOMER_ERRORS,
    "../reports/plots/prediction.csv": prediction.PREDICTION_CURVES,
    "../reports/plots/prediction_table.csv": prediction.PREDICTION_TABLE,
    "../reports/studies/coverage.csv": studies.COVERAGE,
    "../reports/studies/kl_truth.csv": studies.KL_TRUTH,
    "../reports/studies/text_count.csv": studies.TEXT_COUNT,
}


def render() -> str:
    """Return the text of data/README.md."""
    return HEAD + "".join(_section(name, schema) for name, schema in FILES.items())


def _section(name: str, schema: Any) -> str:
    rows = [
        f"| `{column}` | {_kind(spec)} | {spec.description} |"
        for column, spec in schema.columns.items()
    ]
    key = ", ".join(f"`{column}`" for column in schema.unique)
    lines = ["", f"## `{name}`", "", f"{schema.description} Key: {key}.", ""]
    return "\n".join([*lines, "| column | type | what |", "|---|---|---|", *rows, ""])


def _kind(column: Any) -> str:
    name = str(column.dtype)
    return "text" if name.startswith("str") else name


def write(layout: Layout) -> None:
    """Write data/README.md."""
    (layout.root / "data" / "README.md").write_text(render(), encoding="utf-8")


if __name__ == "__main__":
    from pathlib import Path

    write(Layout(Path.cwd()))
