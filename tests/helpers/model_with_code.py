"""A model whose Python code comes with it: a table of what follows each token."""

import json
from pathlib import Path

import numpy as np

LOG = "CODE_LOG"
CONFIGURATION = """\
from transformers import PretrainedConfig


class OwnConfig(PretrainedConfig):
    model_type = "own_code"

    def __init__(self, vocab_size=1, **others):
        self.vocab_size = vocab_size
        super().__init__(**others)
"""
MODELLING = """\
import os

import torch
from transformers import AutoConfig, AutoModelForCausalLM, PreTrainedModel
from transformers.modeling_outputs import CausalLMOutput

from .configuration_own import OwnConfig

with open(os.environ["CODE_LOG"], "a") as log:
    log.write("{said}\\n")


class OwnModel(PreTrainedModel):
    config_class = OwnConfig

    def __init__(self, config):
        super().__init__(config)
        self.table = torch.nn.Embedding(config.vocab_size, config.vocab_size)
        self.post_init()

    def forward(self, input_ids, **others):
        return CausalLMOutput(logits=self.table(input_ids))


AutoConfig.register("own_code", OwnConfig)
AutoModelForCausalLM.register(OwnConfig, OwnModel)
"""


def write_own_model(directory: Path, vocabulary: int, said: str, repo: str = "") -> None:
    """Write a model of random weights whose code, once run, adds the line `said` to a log.

    The log's path is in the environment as CODE_LOG. With `repo` the code is named as that repo's.
    """
    import torch
    from safetensors.torch import save_file

    directory.mkdir(parents=True, exist_ok=True)
    generator = torch.Generator().manual_seed(0)
    table = torch.randn(vocabulary, vocabulary, generator=generator)
    save_file({"table.weight": table}, directory / "model.safetensors", {"format": "pt"})
    place = f"{repo}--" if repo else ""
    config = {
        "model_type": "own_code",
        "architectures": ["OwnModel"],
        "vocab_size": vocabulary,
        "auto_map": {
            "AutoConfig": f"{place}configuration_own.OwnConfig",
            "AutoModelForCausalLM": f"{place}modeling_own.OwnModel",
        },
    }
    (directory / "config.json").write_text(json.dumps(config))
    (directory / "configuration_own.py").write_text(CONFIGURATION)
    (directory / "modeling_own.py").write_text(MODELLING.replace("{said}", said))


def expected_loglik(directory: Path, ids: list[int]) -> float:
    """Return the log-likelihood of ids by the table alone: the sum of its log-softmaxes."""
    from safetensors.numpy import load_file

    table = load_file(directory / "model.safetensors")["table.weight"].astype(np.float64)
    rows = table[ids[:-1]]
    return float((rows[np.arange(len(rows)), ids[1:]] - np.log(np.exp(rows).sum(axis=1))).sum())
