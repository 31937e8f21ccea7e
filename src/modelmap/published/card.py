"""The texts of a bundle's README.md (its data set card) and LICENSE.md."""

import pandas as pd
import yaml

from modelmap.published.manifest import Manifest

LICENCES = "LICENSE.md"

CARD = """\
# Log-likelihoods of {n_models} language models on {n_texts} texts

`matrix.parquet` has one row per text and one column per model: log-likelihoods in **nats**, summed
over the text's scored tokens, unclipped. With Q the matrix clipped and double-centred,
KL(i, j) = ||q_i - q_j||^2 / (2 N) nats per text, or that over B ln 2 in bits per byte
([Oyama et al., 2025](https://arxiv.org/abs/2502.16173)).

{segments}

| | |
|---|---|
| models (K) | {n_models} |
| texts (N) | {n_texts} |
| mean UTF-8 bytes of a text (B) | {mean_bytes:.4f} |
| clip threshold, nats | {clip_threshold_nats!r} |
| texts withheld by licence | {n_withheld} |
| texts with log-likelihoods of segments | {n_segment_texts} |
| sha256 of the texts, in order | `{text_set}` |

- `models.parquet`: what each model is. `texts.parquet`: the texts, with source, licence and sha256.
- `plan.parquet`: the texts in the order they are best scored in. `map.parquet`: the model map.
- `manifest.json`: these numbers, the settings of plan and map, and sizes and sha256 of the files:

| file | bytes | sha256 |
|---|---|---|
{files}

## Use

```sh
modelmap import DIRECTORY   # checks every file and finds withheld texts again
```

A text that its licence keeps back is empty here. `source`, `source_version`, `source_path`,
`document_id` and `chunk_index` say where it stands; its `sha256` proves it. `modelmap import` reads
it again from the package it came from, or names the files to bring.

## Licences

Values: {values_licence}. Texts: each has its own, in the column `licence` and in
[{licences}]({licences}).
"""

SEGMENTS = """\
`segments.safetensors` has the log-likelihoods of segments of the {n_segment_texts} texts that come
first in the plan ({megabytes:.1f} MB, {bytes_per_text:.0f} bytes a text and model).
A segment is a run of letters, digits or other characters with the whitespace before it. The tensor
`loglik_nats` is float32, in nats, with one row per model of `models.parquet` and one column per row
of `segments.parquet`; NaN is a segment that is not wholly scored. Models that are not scored on all
texts have segments, but no column of the matrix. Let Delta be the difference of two
models' log-likelihoods of a segment. The sum of Delta tanh(Delta / 2) over segments that both have,
divided by the bytes of these segments and by ln 2, estimates the KL of the two models in bits per
byte. It is closer to simulated KLs than the estimate above.
"""
NO_SEGMENTS = "There are no log-likelihoods of segments of the texts in this bundle."

TERMS = """\
# Licences of the texts

Each text stands under the licence of its source, whose notices are in the package of that version;
`source_path` in `texts.parquet` names the article, file or part. Values: {values_licence}.

| category | source | version | licence | texts | given |
|---|---|---|---|---|---|
{rows}
"""


def card(manifest: Manifest, values_licence: str) -> str:
    """Return the text of README.md: front matter for a hub, and a description of the bundle.

    `values_licence` is the licence of the log-likelihoods.
    """
    front = {
        "license": "other",
        "license_name": "by-text",
        "license_link": LICENCES,
        "pretty_name": f"Log-likelihoods of {manifest.n_models} language models",
        "tags": ["language-models", "log-likelihood", "model-map"],
        "configs": [
            {"config_name": name.removesuffix(".parquet"), "data_files": name}
            for name in manifest.sha256
            if name.endswith(".parquet")
        ],
    }
    files = "\n".join(
        f"| `{name}` | {manifest.file_bytes[name]} | `{digest}` |"
        for name, digest in manifest.sha256.items()
    )
    text = CARD.format(
        **manifest.model_dump(exclude={"sha256", "file_bytes"}),
        segments=_segments(manifest),
        files=files,
        values_licence=values_licence,
        licences=LICENCES,
    )
    return f"---\n{yaml.safe_dump(front, sort_keys=False)}---\n\n{text}"


def _segments(manifest: Manifest) -> str:
    """Return the paragraph on log-likelihoods of segments."""
    if not manifest.n_segment_texts:
        return NO_SEGMENTS
    n_bytes = manifest.file_bytes["segments.safetensors"]
    return SEGMENTS.format(
        n_segment_texts=manifest.n_segment_texts,
        megabytes=n_bytes / 1e6,
        bytes_per_text=n_bytes / (manifest.n_segment_texts * manifest.n_models),
    ).rstrip()


def terms(licences: pd.DataFrame, values_licence: str) -> str:
    """Return the text of LICENSE.md. `licences` is the table of licences.licence_table."""
    rows = "\n".join(
        f"| {row.category} | {row.source} | {row.source_version} | {row.licence} | {row.n_texts} "
        f"| {'no' if row.withheld else 'yes'} |"
        for row in licences.itertuples()
    )
    return TERMS.format(rows=rows, values_licence=values_licence)
