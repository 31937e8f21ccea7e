"""The section `few_texts` of resolved.yaml."""

from typing import Annotated

from pydantic import Field

from modelmap.plumbing.section import Section


class FewTextsSettings(Section):
    """Which models are scored on all texts, and the samples that are compared with all texts."""

    seed: int
    kinds: Annotated[list[str], Field(min_length=1)]
    n_samples: Annotated[int, Field(ge=2)]
    sizes: Annotated[list[Annotated[int, Field(ge=2)]], Field(min_length=1)]
