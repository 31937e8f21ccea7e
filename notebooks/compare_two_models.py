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
# # Compare two models
#
# How much do two models differ, and on what? This notebook answers with the tables that `dvc repro`
# writes, for the two largest models that were made from no other. To compare others, name them in
# the next cell.

# %%
import json
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd
import seaborn as sns

from modelmap.__main__ import main
from modelmap.divergence.tables import KL
from modelmap.matrix.tables import CATEGORY_BITS, MODELS
from modelmap.plumbing.layout import Layout
from modelmap.plumbing.tables import read_table

root = next(p for p in [Path.cwd(), *Path.cwd().parents] if (p / "dvc.yaml").exists())
layout = Layout(root)
models = read_table(layout.models, MODELS)
roots = models[models["parent"].isna()].sort_values(["n_params", "model"], ascending=False)
first, second = roots["model"].iloc[:2]
print(f"{first} and {second}")

# %% [markdown]
# ## How far apart are they?
#
# The KL divergence of the two, in bits per byte of text, with its 95% interval: other texts of the
# same kinds would give a value in the interval in 95% of the cases. The share of all pairs that are
# nearer to each other says whether the value is large among the models of the map.

# %%
pairs = read_table(layout.kl, KL)
pair = pairs[pairs["model_a"].isin([first, second]) & pairs["model_b"].isin([first, second])]
columns = ["kl_bits_per_byte", "low_bits_per_byte", "high_bits_per_byte", "n_texts", "relation"]
below = (pairs["kl_bits_per_byte"] < pair["kl_bits_per_byte"].iloc[0]).mean()
print(f"{below:.0%} of all pairs of models are nearer to each other")
pair[columns]

# %% [markdown]
# ## Which kinds of text set them apart?
#
# Bits per byte by category: how many bits a model needs for a byte of such text. Lower is better.

# %%
bits = read_table(layout.category_bits, CATEGORY_BITS)
both = bits[bits["model"].isin([first, second])]
axes = sns.barplot(both, x="bits_per_byte", y="category", hue="model", hue_order=[first, second])
axes.set(xlabel="bits per byte", ylabel="")
sns.move_legend(axes, "upper left", bbox_to_anchor=(1, 1))

# %% [markdown]
# ## Which texts and words set them apart?
#
# `modelmap place --compare` lists the texts that make most of the KL divergence, and in each the
# words on which the models differ most. In a terminal it colours the words, and with `--html` it
# writes them as a page.

# %%
with TemporaryDirectory() as folder:
    answer = Path(folder) / "answer.json"
    main(["--root", str(root), "place", "--compare", first, second, "--json", str(answer)])
    texts = pd.DataFrame(json.loads(answer.read_text())["texts"])

# %% [markdown]
# Each point is a text, with its bits per byte under both models. On the line both are equal, and
# above it the first model needs fewer bits.

# %%
under = pd.DataFrame(texts["bits_per_byte"].to_list(), columns=[first, second])
axes = sns.scatterplot(under.assign(category=texts["category"]), x=first, y=second, hue="category")
axes.set(xlabel=f"{first}, bits per byte", ylabel=f"{second}, bits per byte")
axes.axline((1, 1), (2, 2), color="grey", linewidth=0.5)
sns.move_legend(axes, "upper left", bbox_to_anchor=(1, 1))

# %% [markdown]
# The share of the KL divergence that each category makes, beside its share of the texts. Where the
# first is much larger, texts of the category tell the two models apart.

# %%
shares = texts.groupby("category")["kl_share"].agg(["sum", "size"])
shares = pd.DataFrame(
    {"share of the KL": shares["sum"], "share of the texts": shares["size"] / shares["size"].sum()}
)
shares.sort_values("share of the KL", ascending=False).round(3)
