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
# # A tour of the map
#
# Every model of the project reads the same texts. For each text it gives a log-likelihood: how
# probable the text is under the model. Two models that are alike give similar log-likelihoods to
# all texts. How much they differ is measured by the KL divergence, in bits per byte of text: it is
# 0 for two equal models, and the larger it is, the fewer texts are needed to tell them apart.
#
# This notebook reads the tables that `dvc repro` writes. `data/README.md` describes their columns.
# It runs in the project's root or in `notebooks/`.

# %%
from pathlib import Path

import pandas as pd
import seaborn as sns

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
places = read_table(layout.map, MAP)
print(f"{len(models)} models, {matrix.n_texts} texts, {matrix.mean_bytes:.1f} bytes a text")

# %% [markdown]
# ## The map
#
# Each point is a model. The map is drawn by t-SNE, which puts models with small KL divergences near
# each other. Which models are near each other can be read from the map; long distances and
# directions have no meaning.

# %%
axes = sns.scatterplot(models.merge(places), x="x", y="y", hue="family", style="kind")
sns.move_legend(axes, "upper left", bbox_to_anchor=(1, 1))

# %% [markdown]
# ## Which models are nearest to each other?
#
# The nearest model of each base model, which was trained from random weights.

# %%
bases = models.loc[models["kind"] == "base", "model"]
neighbours[neighbours["model"].isin(bases) & (neighbours["rank"] == 1)]

# %% [markdown]
# ## How far are derived models from their parents?
#
# The KL divergence between each model and the model that it was made from, and its standard error,
# which says how much the estimate would vary with other texts. Medians by kind of model: a model
# with rounded (quantised) weights is much nearer to its parent than one that was trained further.

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
# The rank correlation between distances on the map and KL divergences over all pairs of models is 1
# if the map has them all in the right order.

# %%
on_map = places.set_index("model")[["x", "y"]]
offsets = on_map.loc[pairs["model_a"]].to_numpy() - on_map.loc[pairs["model_b"]].to_numpy()
compared = pairs.assign(map_distance=(offsets**2).sum(axis=1) ** 0.5)
correlation = compared["map_distance"].corr(compared["kl_bits_per_byte"], method="spearman")
print(f"Spearman {correlation:.3f}")
