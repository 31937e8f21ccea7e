"""Licences of texts, from conf/licences.yaml, and which texts may be given to others."""

import hashlib
from typing import Literal

import pandas as pd
from pydantic import BaseModel, ConfigDict, model_validator

UNKNOWN = "unknown"
Values = Literal["own", "published"]
Sources = dict[str, dict[str, str]]


class Licences(BaseModel):
    """The content of conf/licences.yaml: SPDX expressions by category and source.

    Texts under `given` may be given to others. Texts under `withheld`, and texts of any other
    source, may not.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    values: dict[Values, str]
    given: Sources
    withheld: Sources

    @model_validator(mode="after")
    def _check_sources(self) -> "Licences":
        both = sorted(_pairs(self.given) & _pairs(self.withheld))
        if both:
            raise ValueError(f"both given and withheld: {_joined(both)}")
        unclear = sorted(
            (category, source)
            for category, source in _pairs(self.given)
            if self.given[category][source] == UNKNOWN
        )
        if unclear:
            raise ValueError(f"given without a known licence: {_joined(unclear)}")
        return self

    def of(self, category: str, source: str) -> tuple[str, bool]:
        """Return the licence of a category's texts from a source, and whether they may be given."""
        given = self.given.get(category, {}).get(source)
        if given is not None:
            return given, True
        return self.withheld.get(category, {}).get(source, UNKNOWN), False


def _pairs(sources: Sources) -> set[tuple[str, str]]:
    return {(category, source) for category, names in sources.items() for source in names}


def _joined(pairs: list[tuple[str, str]]) -> str:
    return ", ".join(f"{category} of {source}" for category, source in pairs)


def text_digest(text: str) -> str:
    """Return the sha256 of a text's UTF-8 bytes."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def licensed_texts(texts: pd.DataFrame, licences: Licences) -> pd.DataFrame:
    """Return the texts table of a bundle, with digests and licences. Withheld texts are empty."""
    pairs = zip(texts["category"], texts["source"], strict=True)
    terms = [licences.of(category, source) for category, source in pairs]
    withheld = pd.Series([not given for _, given in terms], index=texts.index, dtype=bool)
    return texts.assign(
        text=texts["text"].mask(withheld, ""),
        sha256=[text_digest(text) for text in texts["text"]],
        licence=[licence for licence, _ in terms],
        withheld=withheld,
    )


def licence_table(texts: pd.DataFrame) -> pd.DataFrame:
    """Return one row per category, source and licence of a bundle's texts, and n_texts."""
    keys = ["category", "source", "source_version", "licence", "withheld"]
    return texts.groupby(keys, sort=True).size().rename("n_texts").reset_index()
