"""The models and texts that the benchmarks of scoring use."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from modelmap.models.file import read_roster
from modelmap.models.load import load_model, load_tokenizer
from modelmap.models.prepare import prepared_directory
from modelmap.models.roster import Roster, roster_models
from modelmap.models.source import content_hashes, local_files
from modelmap.models.spec import ModelSpec
from modelmap.plumbing.hardware import Hardware
from modelmap.plumbing.layout import Layout
from modelmap.plumbing.tables import read_table
from modelmap.resolve.configuration import compose_configuration
from modelmap.texts.tables import TEXTS
from modelmap.zoo.settings import ZooSettings

PRETRAINED = "pretrained"
T = TypeVar("T")
LARGE = "smollm2-135m-instruct"


@dataclass(frozen=True)
class Case:
    """A model of the project: its entry, and the directory that transformers loads it from."""

    spec: ModelSpec
    directory: Path

    def load(self, device: str) -> tuple[Any, Any]:
        """Return the model and its tokenizer."""
        return load_model(self.directory, self.spec, device), load_tokenizer(
            self.directory, self.spec
        )


def cases(layout: Layout) -> tuple[list[Case], Case]:
    """Return the models that were trained in the zoo, and the large model."""
    # Descendants of the large model cost as much as it does.
    made = {
        spec.name: _case(spec, layout)
        for spec in read_roster(layout.roster)
        if (spec.source == "zoo" and spec.base is None) or spec.name == LARGE
    }
    large = made.pop(LARGE)
    return list(made.values()), large


def pretrained(layout: Layout) -> list[Case]:
    """Return the models of the experiment `pretrained` that are GGUF files."""
    roster = Roster.model_validate(compose_configuration(layout.root, PRETRAINED)["roster"])
    entries = roster_models(roster, ZooSettings(seed=0), {})
    return [_case(ModelSpec.model_validate(one), layout) for one in entries]


def _case(spec: ModelSpec, layout: Layout) -> Case:
    revision = content_hashes(local_files(spec, layout))[0]
    return Case(spec, prepared_directory(spec, revision, layout))


def all_texts(layout: Layout) -> list[str]:
    """Return the project's texts."""
    texts: list[str] = read_table(layout.texts, TEXTS)["text"].tolist()
    return texts


def some(texts: Sequence[T], n: int) -> list[T]:
    """Return n texts at equal distances in the list."""
    return [texts[i * len(texts) // n] for i in range(n)]


def token_budget(model: Any, hardware: Hardware) -> int:
    """Return the tokens of one forward pass, as scoring computes them."""
    n_weights = sum(parameter.numel() for parameter in model.parameters())
    return hardware.token_budget(model.config.get_text_config().vocab_size, n_weights)
