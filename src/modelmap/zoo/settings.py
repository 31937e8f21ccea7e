"""The section `zoo` of resolved.yaml: which small models are made, and how."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from modelmap.plumbing.section import Section

ZOO_VERSION = 1
"""Raised by hand whenever training gives other weights; the stage depends on it, not on code."""

Count = Annotated[int, Field(ge=1)]
Architecture = Literal["llama", "gpt2", "gpt_neox", "qwen3"]
Bits = Literal["int8", "int4"]
# A category becomes part of a directory's name.
Category = Annotated[str, Field(pattern=r"^[A-Za-z0-9]+([._-][A-Za-z0-9]+)*$")]


class TokenizerRecipe(Section):
    """A byte-level BPE tokenizer trained on the training pool."""

    vocab_size: Annotated[int, Field(ge=257)]
    add_bos: bool


class Shape(Section):
    """The size of every base model."""

    hidden_size: Count
    n_layers: Count
    n_heads: Count
    max_length: Count


class Training(Section):
    """One run of AdamW with linear warm-up and cosine decay, in float32 on one thread."""

    steps: Annotated[int, Field(ge=0)]
    batch_size: Count
    sequence_length: Count
    learning_rate: Annotated[float, Field(gt=0)]
    warmup_steps: Annotated[int, Field(ge=0)]


class Family(Section):
    """A base run. Its name seeds its draws: a second name with one recipe is a second seed."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
    architecture: Architecture
    tokenizer: str


class Descendants(Section):
    """What every base run has besides its last state."""

    checkpoints: list[Count] = []
    finetunes: list[Category] = []
    merges: list[tuple[Category, Category]] = []
    quantised: list[Bits] = []


class ZooSettings(Section):
    """The whole zoo; no families, no zoo."""

    seed: int
    tokenizers: dict[str, TokenizerRecipe] = {}
    shape: Shape | None = None
    training: Training | None = None
    finetuning: Training | None = None
    families: list[Family] = []
    descendants: Descendants = Descendants()

    @model_validator(mode="after")
    def _names_meet(self) -> "ZooSettings":
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
