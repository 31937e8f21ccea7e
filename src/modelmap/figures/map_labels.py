"""The names on a map, and the lines between models and their parents."""

from collections.abc import Sequence
from itertools import accumulate

import numpy as np
import pandas as pd
from scipy.spatial.distance import pdist, squareform

NAMED_UP_TO = 80
"""Models; on maps of more models, only families are named."""
TOGETHER = 0.018
"""A share of the larger side of the map. A model nearer to its parent has no label of its own."""
LONGEST = 33
"""Characters of a name and of the names in its brackets, together."""
ORDER = {
    **{"base": 0, "pretrained": 0, "finetune": 1, "layers": 1},
    **{"merge": 2, "checkpoint": 3, "quantised": 4},
}


def short_names(models: pd.DataFrame) -> dict[str, str]:
    """Return the short name of each model: without its owner and the name of its parent in front.

    If two names would be the same without their owners, all names keep the owner.
    """
    tails = {name: name.rsplit("/", 1)[-1] for name in models["model"]}
    if len(set(tails.values())) < len(tails):
        tails = {name: name for name in models["model"]}
    short = dict(tails)
    for name, parent in zip(models["model"], models["parent"], strict=True):
        if parent in tails and tails[name].startswith(f"{tails[parent]}-"):
            short[name] = tails[name][len(tails[parent]) + 1 :]
    return short


def choose_labels(models: pd.DataFrame, places: pd.DataFrame) -> pd.DataFrame:
    """Return a table of the names on a map, in the order in which they are to be placed.

    Its columns are model, family, text, root, x and y; `root` says whether the model has no
    parent on the map. Up to NAMED_UP_TO models, every model is named; one that lies where its
    parent does is named in brackets after it. With more models, each family is named once: at
    its root if it has just one, and in its middle otherwise.
    """
    joined = models.merge(places, on="model")
    if len(joined) > NAMED_UP_TO:
        return _family_labels(joined)
    return _model_labels(joined)


def _model_labels(joined: pd.DataFrame) -> pd.DataFrame:
    rank = joined["kind"].map(ORDER).fillna(1)
    ordered = joined.assign(rank=rank).sort_values("rank", kind="stable")
    short = short_names(joined)
    span = float(max(np.ptp(joined["x"]), np.ptp(joined["y"])))
    known = set(joined["model"])
    named: list[dict[str, object]] = []
    below: dict[str, list[str]] = {}
    for row in ordered.itertuples():
        if row.parent in below and _distance(joined, row.model, row.parent) < TOGETHER * span:
            below[row.parent].append(short[row.model])
            continue
        below[row.model] = []
        named.append(
            {
                "model": row.model,
                "family": row.family,
                "root": row.parent not in known,
                "x": row.x,
                "y": row.y,
            }
        )
    labels = pd.DataFrame(named)
    texts = [with_brackets(short[name], below[name]) for name in labels["model"]]
    labels.insert(2, "text", texts)
    return _hardest_first(labels)


def _hardest_first(labels: pd.DataFrame) -> pd.DataFrame:
    """Return the labels, roots first; within both groups, those nearest to another label first."""
    apart = squareform(pdist(labels[["x", "y"]]))
    np.fill_diagonal(apart, np.inf)
    keyed = labels.assign(other=~labels["root"], apart=apart.min(axis=1))
    ordered = keyed.sort_values(["other", "apart"], kind="stable", ignore_index=True)
    return ordered.drop(columns=["other", "apart"])


def _distance(joined: pd.DataFrame, model: str, other: str) -> float:
    placed = joined.set_index("model")[["x", "y"]]
    return float(np.hypot(*(placed.loc[model] - placed.loc[other])))


def with_brackets(name: str, names: Sequence[str]) -> str:
    """Return a name with others in brackets: those that fit in LONGEST, and how many do not."""
    if not names:
        return name
    ends = accumulate((len(other) + len(", ") for other in names), initial=len(name))
    n_shown = max(0, sum(end - len(", ") <= LONGEST for end in ends) - 1)
    rest = [f"+{len(names) - n_shown}"] if n_shown < len(names) else []
    return f"{name} ({', '.join([*names[:n_shown], *rest])})"


def _family_labels(joined: pd.DataFrame) -> pd.DataFrame:
    rows = []
    for family, members in joined.groupby("family", sort=False):
        roots = members[~members["parent"].isin(set(joined["model"]))]
        place = roots.iloc[0] if len(roots) == 1 else members.loc[_middle(members)]
        rows.append(
            {
                "model": place["model"],
                "family": family,
                "text": family,
                "root": True,
                "x": place["x"],
                "y": place["y"],
                "size": len(members),
            }
        )
    ordered = pd.DataFrame(rows).sort_values("size", ascending=False, kind="stable")
    return ordered.drop(columns="size").reset_index(drop=True)


def _middle(members: pd.DataFrame) -> int:
    """Return the row of the model that is nearest to the median of its family."""
    offset = members[["x", "y"]] - members[["x", "y"]].median()
    return int((offset**2).sum(axis=1).idxmin())


def parent_lines(joined: pd.DataFrame) -> pd.DataFrame:
    """Return a row per model whose parent is on the map, with the positions of both."""
    ends = joined[["model", "x", "y"]].rename(
        columns={"model": "parent", "x": "parent_x", "y": "parent_y"}
    )
    lines = joined.merge(ends, on="parent")
    return lines[["model", "parent", "family", "x", "y", "parent_x", "parent_y"]]
