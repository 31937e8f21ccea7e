"""The description of one model: source, lineage, and the options that affect its scores."""

import re
from datetime import date
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    RootModel,
    StrictBool,
    field_validator,
    model_validator,
)

from modelmap.plumbing.archives import PACKAGE_NAME, Pin, Sha256, Version
from modelmap.plumbing.errors import is_label

# A hub id, or a plain name.
NAME = r"^[A-Za-z0-9_][A-Za-z0-9._-]*(/[A-Za-z0-9_][A-Za-z0-9._-]*)?$"
FILE_NAME = r"[A-Za-z0-9_][A-Za-z0-9._-]*"
RESERVED_NAMES = ("text_id",)
"""Names of columns that the matrix has beside those of the models."""
LONGEST_NAME = 200
LONGEST_FAMILY = 60
"""Legends of figures have no room for longer ones."""
LONGEST_LOCATION = 1000
COMMIT = r"^[0-9a-f]{40}$"
DTYPES = ("float32", "float16", "bfloat16")
UNKNOWN_DTYPE = "unknown"
# These options compute in 16 bits whatever dtype is given.
HALF_PRECISION_ONLY = ("int8", "flash_attention_2")


def _label(text: str) -> str:
    if not is_label(text):
        raise ValueError("must be text on one line, without control characters")
    return text


Label = Annotated[str, AfterValidator(_label)]


class FilePart(Pin):
    """A part of a GGUF file: a file in a package, with the version and sha256 of its wheel."""

    location: Annotated[Label, Field(max_length=LONGEST_LOCATION)]
    """`package:file`."""

    @field_validator("location")
    @classmethod
    def _is_in_a_package(cls, location: str) -> str:
        package, colon, _ = location.partition(":")
        if not colon:
            raise ValueError(f"{location!r} is not package:file")
        _check_package(package)
        return location

    @property
    def package(self) -> str:
        return self.location.partition(":")[0]

    @property
    def file(self) -> str:
        return self.location.partition(":")[2]


def _check_package(name: str) -> None:
    if not re.fullmatch(PACKAGE_NAME, name):
        raise ValueError(f"{name!r} is not the name of a package")


class ModelSpec(BaseModel):
    """One model of an experiment.

    The identity of its scores depends on all fields except name, family, parent, kind and created.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, protected_namespaces=())

    name: Annotated[str, Field(pattern=NAME, max_length=LONGEST_NAME)]
    source: Literal["zoo", "directory", "gguf", "hub", "imported"]
    location: Annotated[Label, Field(max_length=LONGEST_LOCATION)]
    """By source: the name (zoo, imported), a path (directory), a path or `package:file` (gguf), or
    the hub id (hub)."""
    revision: Annotated[str, Field(pattern=COMMIT)] | None = None
    version: Version | None = None
    """The version of the package that contains the GGUF file."""
    sha256: Sha256 | None = None
    """The sha256 of that package's wheel; of a GGUF in parts, that of the joined file."""
    parts: Annotated[tuple[FilePart, ...], Field(min_length=1)] | None = None
    """For a GGUF in parts: files of packages that are joined in this order. `location` is then the
    name of the joined file."""
    family: Annotated[Label, Field(max_length=LONGEST_FAMILY)]
    parent: str | None = None
    kind: Label
    created: date | None = None
    """The date of publication. Models without one are ordered before all others."""
    dtype: Literal["float32", "float16", "bfloat16", "unknown"] = "float32"
    quantisation: Literal["int8", "nf4"] | None = None
    """Quantisation by bitsandbytes while loading: int8 is LLM.int8(); nf4 is 4-bit NormalFloat."""
    attention: Literal["auto", "sdpa", "eager", "flash_attention_2", "flex_attention"] = "auto"
    """The attention implementation; auto is the one that transformers takes for the class of the
    model, which is sdpa where the class has it, and eager elsewhere."""
    max_length: Annotated[int, Field(ge=2)] | None = None
    trust_remote_code: StrictBool | None = None
    """Whether Python files that come with the model may run."""
    texts: Annotated[int, Field(ge=2)] | None = None
    """The number of texts that the model is scored on, the first in random order
    (texts/random_order.py). None: all texts; so are they if there are fewer."""
    base: "ModelSpec | None" = None
    """For an adapter (LoRA), or a descendant of a pretrained model in the zoo: the model that it is
    made from. In conf/models this is a model's name."""

    @field_validator("name")
    @classmethod
    def _is_no_column(cls, name: str) -> str:
        if name in RESERVED_NAMES:
            raise ValueError(f"{name} is a column of the matrix: choose another name")
        return name

    @model_validator(mode="after")
    def _packages_fit_the_source(self) -> "ModelSpec":
        package, colon, _ = self.location.partition(":")
        if self.source == "gguf" and self.parts is None and colon:
            if self.version is None or self.sha256 is None:
                raise ValueError("a GGUF in a package needs the package's version and sha256")
            _check_package(package)
        return self

    @model_validator(mode="after")
    def _parts_make_one_file(self) -> "ModelSpec":
        if self.parts is None:
            return self
        if self.source != "gguf":
            raise ValueError(f"parts: a {self.source} model is not in parts, only a GGUF is")
        if self.sha256 is None or self.version is not None:
            # Each part has a version and a sha256 of its own.
            raise ValueError("parts need the sha256 of the joined file, and no version beside it")
        if not re.fullmatch(FILE_NAME, self.location):
            raise ValueError("the location of a GGUF in parts is the name of the joined file")
        wheels = {(part.package, part.version, part.sha256) for part in self.parts}
        if len(wheels) > len({part.package for part in self.parts}):
            raise ValueError("parts in the same package need the same version and sha256")
        return self

    @model_validator(mode="after")
    def _name_and_dtype_fit_the_source(self) -> "ModelSpec":
        if self.source == "imported" and self.location != self.name:
            raise ValueError("an imported model keeps its name: leave out its location")
        if self.source == "imported" and self.texts is not None:
            raise ValueError("texts: an imported model has log-likelihoods of all texts")
        if self.source != "imported" and self.dtype == UNKNOWN_DTYPE:
            raise ValueError("dtype unknown is for imported models only")
        # In the name of the score file two underscores stand for the slash. Names with underscores
        # in these places could give two models the same file.
        if self.source != "imported" and ("__" in self.name or "/_" in self.name):
            raise ValueError("a name has no double underscore, and no underscore after its slash")
        return self

    @model_validator(mode="after")
    def _code_is_pinned(self) -> "ModelSpec":
        if self.trust_remote_code and self.source not in ("hub", "directory"):
            raise ValueError(f"trust_remote_code: a {self.source} model has no code of its own")
        if self.trust_remote_code and self.source == "hub" and self.revision is None:
            raise ValueError(
                "trust_remote_code needs `revision` in the same entry: the commit that you read"
            )
        return self

    @model_validator(mode="after")
    def _base_fits_an_adapter(self) -> "ModelSpec":
        if self.base is None:
            return self
        if self.source not in ("hub", "directory", "zoo"):
            raise ValueError(
                f"an adapter comes from the hub or a directory, not from {self.source}"
            )
        if self.base.source == "imported":
            raise ValueError("the base of an adapter cannot be an imported model")
        if self.base.base is not None:
            raise ValueError("the base of an adapter cannot be an adapter")
        if self.trust_remote_code or self.base.trust_remote_code:
            raise ValueError("the base of an adapter cannot have code of its own")
        return self

    @model_validator(mode="after")
    def _dtype_is_what_runs(self) -> "ModelSpec":
        """Raise ValueError for options that would compute in 16 bits although dtype is float32."""
        for option in (self.quantisation, self.attention):
            if option in HALF_PRECISION_ONLY and self.dtype == "float32":
                raise ValueError(f"{option} runs in 16 bits: set dtype float16 or bfloat16")
        return self

    @property
    def origin(self) -> str:
        """Return where the files come from, as far as scores depend on it."""
        # Local files are identified by their content alone.
        return f"hub:{self.location}" if self.source == "hub" else "files"

    @property
    def file_name(self) -> str:
        """Return the name of the model's score file."""
        return self.name.replace("/", "__") + ".parquet"


class Models(RootModel[list[ModelSpec]]):
    """The content of roster.yaml."""


class Pins(RootModel[dict[str, Annotated[str, Field(pattern=COMMIT)]]]):
    """The content of conf/pins.yaml: the commit of each hub model, by hub id."""
