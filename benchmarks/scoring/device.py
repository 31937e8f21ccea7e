"""Speed on one GPU in bfloat16: the large model, and a Llama of the shape of a 7B model."""

import time
from typing import Any

import numpy as np
import torch

from modelmap.plumbing.hardware import load_hardware
from modelmap.plumbing.layout import Layout
from modelmap.plumbing.seeds import named_rng
from modelmap.score.loglik import log_likelihoods
from scoring.cases import all_texts, cases, some, token_budget
from scoring.methods import OTHERS, exact, ours
from scoring.operations import operations, product_rate, synchronise
from scoring.speed import N_CHECKED, OURS, Clock, differences
from scoring.summary import summary

# bfloat16 scores of a text differ by up to this between a pass of one text and one of many.
TOLERANCE_NATS = 2.0
PRODUCT_SIDE = 8192
ROUNDS = 3
SHAPE_7B = {
    "hidden_size": 4096,
    "intermediate_size": 11008,
    "num_hidden_layers": 32,
    "num_attention_heads": 32,
    "vocab_size": 32000,
}
SHAPE_TINY = {
    "hidden_size": 64,
    "intermediate_size": 128,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "vocab_size": 512,
}


def on_device(device: str, n_texts: int, tiny: bool, layout: Layout) -> dict[str, Any]:
    """Return the summaries on a device, or the reason why there are none."""
    if device == "cuda" and not torch.cuda.is_available():
        return {"skipped": "this machine has no CUDA device"}
    side = 256 if tiny else PRODUCT_SIDE
    peak = product_rate(device, torch.bfloat16, side)
    results: dict[str, Any] = {
        "device": torch.cuda.get_device_name() if device == "cuda" else "cpu",
        "dtype": "bfloat16",
        "peak_gflop_per_s": round(peak / 1e9, 1),
        "peak_measured_by": f"a bfloat16 product of side {side}",
    }
    results["large"] = summary([_large(device, n_texts, tiny, layout)], peak / 1e9)
    shape, n_random = (SHAPE_TINY, 8) if tiny else (SHAPE_7B, 256)
    results["7b"] = summary([_random(device, shape, n_random, layout)], peak / 1e9)
    return results


def _large(device: str, n_texts: int, tiny: bool, layout: Layout) -> dict[str, Any]:
    zoo, large = cases(layout)
    model, tokenizer = (zoo[0] if tiny else large).load(device)
    model = model.to(torch.bfloat16)
    budget = token_budget(model, load_hardware(layout.conf, ["hardware=cuda"]))
    texts = some(all_texts(layout), n_texts)
    scorers = {name: method(model, tokenizer) for name, method in OTHERS.items()}
    scorers[OURS] = lambda texts: ours(model, tokenizer, texts, budget)
    apart = differences(
        scorers,
        some(texts, N_CHECKED),
        exact(model, tokenizer),
        lambda texts: ours(model, tokenizer, texts, budget, "prefixed"),
        TOLERANCE_NATS,
    )
    clock = Clock()
    for _ in range(ROUNDS):
        for name, scorer in scorers.items():
            clock.timed(name, lambda scorer=scorer: scorer(texts))
    lengths = [len(ids) for ids in tokenizer(texts, verbose=False)["input_ids"]]
    return {
        "texts": len(texts) * ROUNDS,
        "tokens": (sum(lengths) - len(lengths)) * ROUNDS,
        "gflop": operations(model, lengths) * ROUNDS / 1e9,
        "seconds": clock.seconds,
        "largest_difference_nats": apart,
    }


def _random(device: str, shape: dict[str, int], n_texts: int, layout: Layout) -> dict[str, Any]:
    """Return a row for random token ids, as long as the texts, and a model with random weights."""
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(0)
    with torch.device(device):
        model: Any = LlamaForCausalLM(LlamaConfig(**shape, dtype="bfloat16")).to(torch.bfloat16)
    model.eval()
    rng = named_rng(0, "benchmark", "7b")
    sizes = [len(text.encode()) // 3 for text in some(all_texts(layout), n_texts)]
    sequences: list[np.ndarray] = [rng.integers(shape["vocab_size"], size=size) for size in sizes]
    budget = token_budget(model, load_hardware(layout.conf, ["hardware=cuda"]))
    log_likelihoods(model, sequences[:8], budget)
    seconds = {}
    for name, tokens in {"one text a pass": 1, OURS: budget}.items():
        synchronise(device)
        started = time.perf_counter()
        log_likelihoods(model, sequences, tokens)
        seconds[name] = time.perf_counter() - started
    return {
        "texts": len(sequences),
        "tokens": sum(sizes) - len(sizes),
        "gflop": operations(model, sizes) / 1e9,
        "seconds": seconds,
    }
