# ---
# jupyter:
#   jupytext:
#     formats: py:percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Reading the map
#
# A first look at the tables that `dvc repro` writes. `data/README.md` describes their columns. Run
# this notebook in the project's root or in `notebooks/`.

# %%
from pathlib import Path

import pandas as pd

from modelmap.divergence.neighbours import square_form
from modelmap.divergence.tables import KL, NEIGHBOURS
from modelmap.map.tables import MAP
from modelmap.matrix.file import read_matrix
from modelmap.matrix.tables import MODELS
from modelmap.plumbing.layout import Layout
from modelmap.plumbing.tables import read_table

root = next(p for p in [Path.cwd(), *Path.cwd().parents] if (p / "dvc.yaml").exists())
layout = Layout(root)
matrix = read_matrix(layout.matrix)
models = read_table(layout.models, MODELS)
pairs = read_table(layout.kl, KL)
neighbours = read_table(layout.neighbours, NEIGHBOURS)
print(f"{len(models)} models, {matrix.n_texts} texts, {matrix.mean_bytes:.1f} bytes a text")

# %% [markdown]
# ## Which models are nearest to each other?
#
# The nearest model of each base run, by KL divergence in bits per byte.

# %%
bases = models.loc[models["kind"] == "base", "model"]
neighbours[neighbours["model"].isin(bases) & (neighbours["rank"] == 1)]

# %% [markdown]
# ## How far are derived models from their parents?
#
# The KL divergence between each model and the model that it was made from, and its standard error:
# medians by kind of model.

# %%
kin = models.dropna(subset="parent")[["model", "parent", "kind"]]
both = pd.concat([pairs, pairs.rename(columns={"model_a": "model_b", "model_b": "model_a"})])
steps = kin.merge(both, left_on=["model", "parent"], right_on=["model_a", "model_b"])
steps.groupby("kind")[["kl_bits_per_byte", "se_bits_per_byte"]].median().sort_values(
    "kl_bits_per_byte"
)

# %% [markdown]
# ## Does the map show the KL divergences?
#
# Rank correlation between distances on the map and KL divergences, over all pairs of models.

# %%
placed = read_table(layout.map, MAP).set_index("model").loc[matrix.models, ["x", "y"]].to_numpy()
distance = ((placed[:, None, :] - placed[None, :, :]) ** 2).sum(axis=2) ** 0.5
kl = square_form(pairs, matrix.models)
upper = pd.DataFrame({"map": distance[kl > 0], "kl": kl[kl > 0]})
print(f"Spearman {upper.corr(method='spearman').iloc[0, 1]:.3f}")
