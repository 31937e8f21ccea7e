"""The section `imported` of resolved.yaml, and conf/imported.yaml, which it is read from."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Digests(BaseModel):
    """The sha256 of the files in data/imported."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    matrix: Sha256
    models: Sha256
    texts: Sha256


class Imported(BaseModel):
    """What `modelmap import` brought."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["published", "bundle"]
    source: str
    """The name of the file or folder it came from."""
    values: Literal["own", "published"]
    """Whether the values were scored by this program, or come from the papers' authors."""
    n_models: Annotated[int, Field(ge=1)]
    n_texts: Annotated[int, Field(ge=2)]
    by_category: bool
    """Whether a fixed number of texts was drawn from each category."""
    max_bytes: Annotated[int, Field(ge=4)]
    max_document_bytes: int | None = None
    """How texts were cut, as in the corpus they come from."""
    sha256: Digests


class Section(BaseModel):
    """Empty where the experiment's texts and scores are made here."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    data: Imported | None = None
