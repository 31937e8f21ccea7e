"""The texts of a bundle's README.md (its data set card) and LICENSE.md."""

import pandas as pd
import yaml

from modelmap.published.manifest import TABLES, Manifest

LICENCES = "LICENSE.md"

CARD = """\
# Log-likelihoods of {n_models} language models on {n_texts} texts

`matrix.parquet` has one row per text and one column per model: log-likelihoods in **nats**, summed
over the text's scored tokens, unclipped. With Q the matrix clipped and double-centred,
KL(i, j) = ||q_i - q_j||^2 / (2 N) nats per text, or that over B ln 2 in bits per byte
([Oyama et al., 2025](https://arxiv.org/abs/2502.16173)).

| | |
|---|---|
| models (K) | {n_models} |
| texts (N) | {n_texts} |
| mean UTF-8 bytes of a text (B) | {mean_bytes:.4f} |
| clip threshold, nats | {clip_threshold_nats!r} |
| texts withheld by licence | {n_withheld} |
| sha256 of the texts, in order | `{text_set}` |

- `models.parquet`: what each model is. `texts.parquet`: the texts, with source, licence and sha256.
- `plan.parquet`: the texts in the order they are best scored in. `map.parquet`: the model map.
- `manifest.json`: these numbers, the settings of plan and map, and the sha256 of every table:

| table | sha256 |
|---|---|
{digests}

## Use

```sh
modelmap import DIRECTORY   # checks every sha256 and finds withheld texts again
```

A text that its licence keeps back is empty here. `source`, `source_version`, `source_path`,
`document_id` and `chunk_index` say where it stands; its `sha256` proves it. `modelmap import` reads
it again from the package it came from, or names the files to bring.

## Licences

Values: {values_licence}. Texts: each has its own, in the column `licence` and in
[{licences}]({licences}).
"""

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
            {"config_name": name.removesuffix(".parquet"), "data_files": name} for name in TABLES
        ],
    }
    digests = "\n".join(f"| `{name}` | `{value}` |" for name, value in manifest.sha256.items())
    text = CARD.format(
        **manifest.model_dump(exclude={"sha256"}),
        digests=digests,
        values_licence=values_licence,
        licences=LICENCES,
    )
    return f"---\n{yaml.safe_dump(front, sort_keys=False)}---\n\n{text}"


def terms(licences: pd.DataFrame, values_licence: str) -> str:
    """Return the text of LICENSE.md. `licences` is the table of licences.licence_table."""
    rows = "\n".join(
        f"| {row.category} | {row.source} | {row.source_version} | {row.licence} | {row.n_texts} "
        f"| {'no' if row.withheld else 'yes'} |"
        for row in licences.itertuples()
    )
    return TERMS.format(rows=rows, values_licence=values_licence)
