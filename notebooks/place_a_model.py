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
# # Place a model
#
# Where does a model lie on the map, if it is not part of the project? `modelmap.place` scores it on
# a few texts, and estimates its KL divergences to the models of the map from these.
#
# Here a model of the project is placed as if it were new: it is left out of the map first. So
# nothing is downloaded, and the answer can be compared with the KL divergences from all texts.

# %%
from pathlib import Path

import pandas as pd
import seaborn as sns

import modelmap
from modelmap.divergence.tables import KL
from modelmap.matrix.tables import MODELS
from modelmap.plumbing.layout import Layout
from modelmap.plumbing.tables import read_table

root = next(p for p in [Path.cwd(), *Path.cwd().parents] if (p / "dvc.yaml").exists())
layout = Layout(root)
models = read_table(layout.models, MODELS).sort_values(["n_params", "model"])
model = models.loc[models["kind"] == "finetune", "model"].iloc[0]
print(f"{model}, a fine-tune of {models.set_index('model').loc[model, 'parent']}")

# %% [markdown]
# ## The answer
#
# In a terminal the command is `modelmap place MODEL`. MODEL may also be a folder with a model, a
# GGUF file, or the name of a model on the Hugging Face hub. The interval beside each KL divergence
# contains, in 95% of the cases, the KL divergence that all texts of the map would give.

# %%
answer = modelmap.place(model, texts=16, root=root)
print(f"{answer.model}: {answer.verdict} ({answer.confidence:.0%})")
answer.models.head()

# %% [markdown]
# ## How good are 16 texts?
#
# The KL divergences from 16 texts beside those from all texts, in bits per byte. On the line both
# are equal.

# %%
pairs = read_table(layout.kl, KL)
both = pd.concat([pairs, pairs.rename(columns={"model_a": "model_b", "model_b": "model_a"})])
known = both.loc[both["model_a"] == model, ["model_b", "kl_bits_per_byte"]]
compared = answer.models.merge(
    known, left_on="model", right_on="model_b", suffixes=("", "_all_texts")
)
axes = sns.scatterplot(compared, x="kl_bits_per_byte_all_texts", y="kl_bits_per_byte", hue="family")
labels = {"xlabel": "KL from all texts, bits per byte", "ylabel": "KL from 16 texts, bits per byte"}
axes.set(xscale="log", yscale="log", **labels)
axes.axline((1, 1), (2, 2), color="grey", linewidth=0.5)
sns.move_legend(axes, "upper left", bbox_to_anchor=(1, 1))

# %% [markdown]
# The median of the relative errors, and the share of intervals that contain the KL divergence from
# all texts:

# %%
exact = compared["kl_bits_per_byte_all_texts"]
error = (compared["kl_bits_per_byte"] / exact - 1).abs().median()
inside = exact.between(compared["low_bits_per_byte"], compared["high_bits_per_byte"]).mean()
print(f"relative error {error:.3f}, {inside:.0%} of intervals contain the value from all texts")
