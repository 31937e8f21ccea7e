"""The section `texts` of resolved.yaml."""

from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from modelmap.plumbing.section import Section

Share = Annotated[float, Field(ge=0, le=1)]


class TextsSettings(Section):
    """How many texts are drawn from the sampling pool, and their shares by category."""

    n_texts: Annotated[int, Field(ge=2)] | Literal["all"]
    seed: int
    draw: Literal["random", "first"] = "random"
    """With "first", the first texts of the corpus: for a corpus that is in random order already."""
    shares: dict[str, Share] = {}
    """The share of each category; if empty, texts are drawn from the whole pool."""
    drawn_by_category: bool | None = None
    """For imported texts: whether a fixed number of texts was drawn from each category."""

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
    def _shares_sum_to_one(self) -> "TextsSettings":
        if self.shares and abs(sum(self.shares.values()) - 1) > 1e-9:
            raise ValueError(f"shares must sum to 1, not {sum(self.shares.values()):.6g}")
        return self
