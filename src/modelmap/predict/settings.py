"""The section `predict` of resolved.yaml."""

from pathlib import PurePosixPath
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, field_validator

from modelmap.plumbing.section import Section

HELD_OUT = "held-out categories"
SUFFIXES = (".csv", ".pkl")

# The largest seed of numpy's legacy generator, with which the papers draw.
MAX_SEED = 2**32 - 1
# Powers of ten beyond these exponents are 0 or infinite, or nearly so.
MAX_EXPONENT = 300
Exponent = Annotated[int, Field(ge=-MAX_EXPONENT, le=MAX_EXPONENT)]
Exponents = Annotated[list[Exponent], Field(min_length=1)]


class PredictSettings(Section):
    """What is predicted from the coordinates, from how many texts, and with which penalties."""

    targets: str
    """`held-out categories`, or the name of a file of scores in data/raw."""
    split_seeds: Annotated[list[Annotated[int, Field(ge=0, le=MAX_SEED)]], Field(min_length=1)]
    score_alphas: Exponents
    """Exponents of ten, ascending: the penalties alpha of ridge regression for benchmark scores."""
    loglik_alphas: Exponents
    """The same for mean log-likelihoods and bits per byte."""
    sizes: Annotated[list[Annotated[int, Field(ge=1, le=10_000)]], Field(min_length=1)]
    """Numbers of draws from 10,000 texts, ascending; they are scaled to N."""

    def alphas(self, kind: Literal["score", "loglik"]) -> NDArray[np.float64]:
        """Return the penalties alpha for benchmark scores, or for log-likelihoods."""
        exponents = self.score_alphas if kind == "score" else self.loglik_alphas
        return 10.0 ** np.array(exponents)

    @field_validator("targets")
    @classmethod
    def _check_targets(cls, value: str) -> str:
        path = PurePosixPath(value)
        if value != HELD_OUT and (len(path.parts) != 1 or path.suffix not in SUFFIXES):
            raise ValueError(
                f"{value!r} is neither {HELD_OUT!r} nor the name of a .csv or .pkl file in data/raw"
            )
        return value

    @field_validator("split_seeds", "score_alphas", "loglik_alphas", "sizes")
    @classmethod
    def _check_ascending(cls, value: list[int]) -> list[int]:
        if value != sorted(set(value)):
            raise ValueError("values must ascend, without repetitions")
        return value
