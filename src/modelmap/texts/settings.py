"""The sections `corpus` and `texts` of resolved.yaml."""

from pathlib import PurePosixPath
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

Share = Annotated[float, Field(ge=0, le=1)]


class Corpus(BaseModel):
    """Where documents come from, how they are cut, and how they are split into pools."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    source: Literal["packages", "jsonl", "pile", "imported"]
    min_bytes: Annotated[int, Field(ge=0)]
    max_bytes: Annotated[int, Field(ge=4)]
    train_share: Share
    # packages
    packages: dict[str, str] = {}
    categories: dict[str, list[str]] = {}
    max_document_bytes: int | None = None
    max_category_bytes: int | None = None
    duplicate_share: Share | None = None
    # jsonl
    path: str | None = None
    """Below data/raw."""
    # pile
    dataset: str | None = None
    revision: str | None = None
    split: str = "train"
    n_documents: int | None = None
    n_drawn: int | None = None
    seed: int | None = None

    @field_validator("path")
    @classmethod
    def _stays_in_data_raw(cls, value: str | None) -> str | None:
        path = PurePosixPath(value or "")
        if path.is_absolute() or ".." in path.parts:
            raise ValueError(f"{value!r} is not inside data/raw")
        return value

    @model_validator(mode="after")
    def _source_has_its_keys(self) -> "Corpus":
        needed = {
            "packages": ("packages", "categories"),
            "jsonl": ("path",),
            "pile": ("dataset", "n_documents", "n_drawn", "seed"),
            "imported": (),
        }[self.source]
        missing = [key for key in needed if getattr(self, key) in (None, {})]
        if missing:
            raise ValueError(f"source {self.source} also needs {', '.join(missing)}")
        unknown = sorted(
            {name for names in self.categories.values() for name in names} - set(self.packages)
        )
        if unknown:
            raise ValueError(f"categories name packages without a version: {', '.join(unknown)}")
        return self


class Sampling(BaseModel):
    """How many texts are drawn from the sampling pool, and in what shares."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    n_texts: Annotated[int, Field(ge=2)] | Literal["all"]
    seed: int
    shares: dict[str, Share] = {}
    """Category to share; empty: from the whole pool."""
    drawn_by_category: bool | None = None
    """Of imported texts, which were drawn elsewhere, in place of `shares`."""

    @field_validator("shares", mode="before")
    @classmethod
    def _none_is_empty(cls, value: object) -> object:
        return {} if value is None else value

    @property
    def by_category(self) -> bool:
        """Whether a fixed number of texts is drawn from each category."""
        if self.drawn_by_category is not None:
            return self.drawn_by_category
        return bool(self.shares) and self.n_texts != "all"

    @model_validator(mode="after")
    def _shares_sum_to_one(self) -> "Sampling":
        if self.shares and abs(sum(self.shares.values()) - 1) > 1e-9:
            raise ValueError(f"shares must sum to 1, not {sum(self.shares.values()):.6g}")
        return self
