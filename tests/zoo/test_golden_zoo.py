"""Training gives the weights of this ZOO_VERSION.

The stage zoo depends on that version and not on its code. So a change of code that gives other
weights must raise the version, and this test finds out if it does not. Processors round
differently, so losses and weights are compared within a tolerance. Other instruction sets change
the numbers by up to 6e-5; a weight decay of 0.101 in place of 0.1 changes them by 6e-4.

After raising ZOO_VERSION, this writes the new values:

    PYTHONPATH=tests python tests/zoo/test_golden_zoo.py
"""

import json
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import torch

from modelmap.zoo.build import FamilyBuilder
from modelmap.zoo.settings import ZOO_VERSION, ZooSettings

GOLDEN = Path(__file__).with_name("golden.json")
TOLERANCE = 3e-4
POOL = {
    "code": [f"def f{i}(x):\n    return x + {i}\n" * 3 for i in range(6)],
    "news": [f"The {i} people of the town said they would vote. " * 3 for i in range(6)],
}
ARCHITECTURES = ("llama", "gpt2", "gpt_neox", "qwen3")
TRAINING = {"steps": 6, "batch_size": 2, "sequence_length": 16, "warmup_steps": 2}
SETTINGS = ZooSettings.model_validate(
    {
        "seed": 1,
        "tokenizers": {"bpe": {"vocab_size": 280, "add_bos": True}},
        "shape": {"hidden_size": 32, "n_layers": 1, "n_heads": 2, "max_length": 64},
        "training": {**TRAINING, "learning_rate": 0.01},
        "finetuning": {**TRAINING, "learning_rate": 0.005},
        "families": [
            {"name": name.replace("_", "-"), "architecture": name, "tokenizer": "bpe"}
            for name in ARCHITECTURES
        ],
        "descendants": {
            "checkpoints": [3],
            "finetunes": ["code", "news"],
            "merges": [["code", "news"]],
            "quantised": ["int8", "int4"],
        },
    }
)


def numbers(which: int, folder: Path) -> dict[str, float]:
    """Return losses, and of each model the length and the direction of all its weights."""
    builder = FamilyBuilder(SETTINGS.families[which], SETTINGS, POOL, folder)
    builder.build()
    found = {f"{name}, loss": loss for name, loss in builder.losses.items()}
    for name, state in builder.states.items():
        weights = torch.cat([weight.flatten() for _, weight in sorted(state.items())]).double()
        # The direction is told by one projection, so that weights that change places are noticed.
        projection = weights @ torch.sin(torch.arange(len(weights), dtype=torch.float64))
        found[f"{name}, norm"] = float(weights.norm())
        found[f"{name}, direction"] = float(projection / weights.norm())
    return found


@pytest.mark.parametrize("which", range(len(ARCHITECTURES)), ids=ARCHITECTURES)
def test_golden_weights_guard_the_version_of_the_zoo(which: int, tmp_path: Path) -> None:
    """Weights are those of this ZOO_VERSION: a change of weights asks for a new version."""
    golden = json.loads(GOLDEN.read_text())
    again = "raise ZOO_VERSION, then run PYTHONPATH=tests python tests/zoo/test_golden_zoo.py"
    assert golden["zoo_version"] == ZOO_VERSION, again
    found = numbers(which, tmp_path)
    assert found == pytest.approx(golden["numbers"][ARCHITECTURES[which]], rel=0, abs=TOLERANCE), (
        again
    )


if __name__ == "__main__":
    torch.set_num_threads(1)
    with TemporaryDirectory() as made:
        found = {name: numbers(i, Path(made)) for i, name in enumerate(ARCHITECTURES)}
    content = {"zoo_version": ZOO_VERSION, "numbers": found}
    GOLDEN.write_text(json.dumps(content, indent=1) + "\n")
