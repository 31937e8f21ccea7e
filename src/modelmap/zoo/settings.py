"""The section `zoo` of resolved.yaml: which small models are trained, and how."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from modelmap.models.spec import ModelSpec
from modelmap.plumbing.section import Section

ZOO_VERSION = 1
"""To be raised by hand whenever training gives other weights: the stage depends on this number and
not on the code, so that other edits of the code do not train the zoo again."""

Count = Annotated[int, Field(ge=1)]
Architecture = Literal["llama", "gpt2", "gpt_neox", "qwen3"]
FamilyName = Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
Bits = Literal["int8", "int4"]
# Categories become parts of the names of directories.
Category = Annotated[str, Field(pattern=r"^[A-Za-z0-9]+([._-][A-Za-z0-9]+)*$")]


class TokenizerRecipe(Section):
    """A byte-level BPE tokenizer trained on the training pool."""

    vocab_size: Annotated[int, Field(ge=257)]
    add_bos: bool


class Shape(Section):
    """The size of every model of the zoo."""

    hidden_size: Count
    n_layers: Count
    n_heads: Count
    max_length: Count


class Training(Section):
    """Settings of a training run by AdamW, with linear warm-up and cosine decay."""

    steps: Annotated[int, Field(ge=0)]
    batch_size: Count
    sequence_length: Count
    learning_rate: Annotated[float, Field(gt=0)]
    warmup_steps: Annotated[int, Field(ge=0)]


class Family(Section):
    """A base model, which its descendants are made from.

    Its random numbers depend on its name, or on `seed_name`. So two families that differ only in
    their names are the same model trained from two seeds.
    """

    name: FamilyName
    seed_name: FamilyName | None = None
    """The name that random numbers depend on, where the family has been given another name since it
    was first trained: its weights stay the same."""
    architecture: Architecture
    tokenizer: str


class Descendants(Section):
    """The models that are derived from every base model."""

    checkpoints: list[Count] = []
    """Training steps whose weights are kept."""
    finetunes: list[Category] = []
    """Categories of documents that a copy of the base model is trained on further."""
    merges: list[tuple[Category, Category]] = []
    """Pairs of fine-tunes whose weights are averaged."""
    quantised: list[Bits] = []


class PretrainedFamily(Section):
    """A pretrained model, and the models that are derived from it."""

    base: ModelSpec
    """In conf/zoo this is the name of a model of the roster."""
    finetuning: Training
    trained_layers: Count
    """How many of the last layers fine-tuning changes. All other weights stay as they are."""
    finetunes: list[Category] = []
    merges: list[tuple[Category, Category]] = []
    quantised: list[Bits] = []
    layers: list[Count] = []
    """Numbers of layers that are kept, from the first on. Final norm and head are kept too."""

    @model_validator(mode="after")
    def _base_is_pinned(self) -> "PretrainedFamily":
        # The stage depends on this section, and not on the files of a model of one's own.
        if self.base.source != "hub" and self.base.sha256 is None:
            raise ValueError("the base must be a hub model or a GGUF file in packages")
        return self

    @model_validator(mode="after")
    def _merges_are_of_finetunes(self) -> "PretrainedFamily":
        if {name for pair in self.merges for name in pair} - set(self.finetunes):
            raise ValueError("merges must name finetunes")
        return self


class ZooSettings(Section):
    """The families of the zoo and their settings. Without families the zoo is empty."""

    seed: int
    tokenizers: dict[str, TokenizerRecipe] = {}
    shape: Shape | None = None
    training: Training | None = None
    finetuning: Training | None = None
    families: list[Family] = []
    descendants: Descendants = Descendants()
    pretrained: PretrainedFamily | None = None

    @model_validator(mode="after")
    def _is_consistent(self) -> "ZooSettings":
        if not self.families:
            return self
        if self.shape is None or self.training is None or self.finetuning is None:
            raise ValueError("families need shape, training and finetuning")
        unknown = {family.tokenizer for family in self.families} - set(self.tokenizers)
        if unknown:
            raise ValueError(f"families name unknown tokenizers: {', '.join(sorted(unknown))}")
        merged = {name for pair in self.descendants.merges for name in pair}
        if merged - set(self.descendants.finetunes):
            raise ValueError("merges must name finetunes")
        if any(step >= self.training.steps for step in self.descendants.checkpoints):
            raise ValueError("checkpoints must come before training.steps")
        return self
