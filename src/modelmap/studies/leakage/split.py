"""Which texts are scored, which of them leak, and which others honest models are trained on."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from modelmap.plumbing.arrays import Mask


@dataclass(frozen=True)
class Split:
    """The project's texts in two sides that share no document."""

    side: pd.DataFrame
    """The rows of the first side, of which models are scored on some."""
    is_leaked: Mask
    """Which of these leak."""
    honest: list[str]
    """Texts of the other side, of the categories of the leaked ones."""

    @property
    def leaked(self) -> list[str]:
        """Return the texts that leak."""
        texts: list[str] = self.side.loc[self.is_leaked, "text"].tolist()
        return texts


def split_texts(texts: pd.DataFrame, leaked_share: float, rng: np.random.Generator) -> Split:
    """Return a random division of documents into two sides, and a random part of one that leaks.

    `texts` has the columns document_id, category and text. At least one text leaks.
    """
    # Both kinds of models are trained on texts that no model has seen. If honest ones were trained
    # on texts that the base model has seen already, they would gain less, and a signal would show
    # this and not the leak.
    documents = texts["document_id"].unique()
    chosen = rng.permutation(documents)[: len(documents) // 2]
    is_first = texts["document_id"].isin(chosen)
    side = texts[is_first].reset_index(drop=True)
    n_leaked = max(1, round(leaked_share * len(side)))
    is_leaked = np.zeros(len(side), dtype=bool)
    is_leaked[rng.permutation(len(side))[:n_leaked]] = True
    categories = side.loc[is_leaked, "category"].tolist()
    return Split(side, is_leaked, like_texts(texts[~is_first], categories, rng))


def like_texts(
    texts: pd.DataFrame, categories: Sequence[str], rng: np.random.Generator
) -> list[str]:
    """Return one random text for each of these categories, none twice.

    `texts` has the columns category and text. A category with too few texts gives all it has.
    """
    chosen: list[str] = []
    for category, number in pd.Series(list(categories)).value_counts(sort=False).items():
        found = texts.loc[texts["category"] == category, "text"].to_numpy()
        chosen += rng.permutation(found)[:number].tolist()
    return chosen
