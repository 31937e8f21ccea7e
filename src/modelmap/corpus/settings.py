"""The section `corpus` of resolved.yaml."""

from pathlib import PurePosixPath
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from modelmap.plumbing.archives import PackageName, Pin
from modelmap.plumbing.section import Section

Share = Annotated[float, Field(ge=0, le=1)]


class CorpusSettings(Section):
    """The source of the documents, how they are cut, and how they are split into pools.

    The keys of other sources than the chosen one are not used.
    """

    source: Literal["packages", "jsonl", "pile", "imported"]
    min_bytes: Annotated[int, Field(ge=0)]
    max_bytes: Annotated[int, Field(ge=4)]
    train_share: Share
    # packages
    packages: dict[PackageName, Pin] = {}
    categories: dict[str, list[str]] = {}
    max_document_bytes: int | None = None
    max_category_bytes: int | None = None
    duplicate_share: Share | None = None
    # jsonl
    path: str | None = None
    """The path of the file, relative to data/raw."""
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
    def _source_has_its_keys(self) -> "CorpusSettings":
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
            raise ValueError(f"categories name packages that are not pinned: {', '.join(unknown)}")
        return self
