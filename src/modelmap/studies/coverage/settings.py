"""The section `coverage` of resolved.yaml."""

from typing import Annotated

from pydantic import Field, model_validator

from modelmap.plumbing.section import Section


class CoverageSettings(Section):
    """The numbers and sizes of the populations, of their samples, and of the pairs studied."""

    seed: int
    n_populations: Annotated[int, Field(ge=1)]
    copies: Annotated[int, Field(ge=2)]
    n_replications: Annotated[int, Field(ge=2000)]
    max_pairs: Annotated[int, Field(ge=1)]
    part_shares: list[Annotated[float, Field(gt=0, lt=1)]]

    @model_validator(mode="after")
    def _check_replications(self) -> "CoverageSettings":
        if self.n_replications % self.n_populations:
            raise ValueError("n_replications must be a multiple of n_populations")
        return self

    def part_sizes(self, n_texts: int) -> list[int]:
        """Return the number of texts of each part of N texts, at least 2."""
        return [max(2, round(share * n_texts)) for share in self.part_shares]
