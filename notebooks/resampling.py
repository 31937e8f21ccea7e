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
# # How many texts are enough?
#
# Scoring a model on a text takes time, so it matters how few texts give nearly the same KL
# divergences. A part of the texts is drawn at random, the divergences are estimated from it, and
# the estimates are compared with those from all texts. The stage `resample` has done this for many
# numbers of texts and ways to draw them. Here it is done once by hand, before its results are read.

# %%
from pathlib import Path

import matplotlib.pyplot as plt
import seaborn as sns

from modelmap.divergence.kl import squared_distances
from modelmap.matrix.file import read_matrix
from modelmap.plan.tables import PLAN_ERRORS
from modelmap.plumbing.layout import Layout
from modelmap.plumbing.seeds import named_rng
from modelmap.plumbing.tables import read_csv
from modelmap.resample.comparison import Design, design_sample
from modelmap.resample.errors import relative_error
from modelmap.resample.estimate import weighted_coordinates
from modelmap.resample.methods import METHODS
from modelmap.resample.tables import DESIGN_ERRORS

root = next(p for p in [Path.cwd(), *Path.cwd().parents] if (p / "dvc.yaml").exists())
layout = Layout(root)

# %% [markdown]
# ## One sample
#
# In the papers a model is a vector of its log-likelihoods of all texts, from which means are
# subtracted (the coordinates Q), and half the mean squared difference of two such vectors is their
# KL divergence. A text may be drawn with a larger probability if models differ on it. It then gets
# a smaller weight, so that the estimates are right on average.
#
# Half of the texts are drawn in two ways: all with the same probability, and with probabilities
# proportional to the variance over models (length-squared sampling). The relative error is the root
# mean square over pairs of models; 0.1 means that a distance is typically wrong by 10%.

# %%
coordinates = read_matrix(layout.matrix).coordinates()
distances = squared_distances(coordinates)
n_texts = coordinates.shape[1] // 2
for design in (Design("simple random", "uniform"), Design("sequential Poisson", "ls")):
    size = METHODS[design.size].size(coordinates, distances)
    sample = design_sample(design, size, n_texts, named_rng(0, "notebook", design.size))
    estimated = squared_distances(weighted_coordinates(coordinates, sample))
    error = relative_error(estimated, distances)
    print(f"{len(sample)} texts, {METHODS[design.size].label}: relative error {error:.3f}")

# %% [markdown]
# ## Many samples
#
# The table `reports/plots/designs.csv` has the errors of the papers' estimate for all ways to draw,
# over many samples of each. Draws with replacement may take a text twice, which adds nothing new,
# so they need more draws for the same number of unique texts.

# %%
designs = read_csv(layout.plot("designs"), DESIGN_ERRORS)
_, axes = plt.subplots()
sns.lineplot(designs, x="d", y="relative_error", hue="size_measure", style="draws", ax=axes)
axes.set(xscale="log", yscale="log", xlabel="unique texts", ylabel="relative error")
sns.move_legend(axes, "upper left", bbox_to_anchor=(1, 1))

# %% [markdown]
# ## Texts to score
#
# The plan is an order of the texts whose first texts are a sample, whatever their number.
# `modelmap plan --error 0.05` prints how many texts an accepted error needs. The errors are those
# of the KL divergences in the project's tables (`divergence.estimate` in `params.yaml` chooses the
# estimate). The expected error is computed before any text is drawn; the errors of other random
# orders show that it is right.

# %%
plan = read_csv(layout.plot("plan"), PLAN_ERRORS)
plan[["d", "predicted_error", "this_order_error", "redrawn_error"]]
