"""Differences between our scores and those of lm_eval and llama.cpp.

Run with `python benchmarks/agreement.py` after `make repro`. lm_eval's loglikelihood_rolling is
compared under rule "prefixed" (BOS, or EOS if there is none, before the text), on three models of
the zoo and on the large model. llama.cpp is compared token by token on the large model's GGUF file,
as shipped and with all its weights in float32. Writes benchmarks/agreement.json and the tables of
agreement in docs/scoring-speed.md.
"""

from scoring.environment import ROOT, enter

enter()

import json
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import torch
from scoring.cases import Case, all_texts, cases, some, token_budget
from scoring.llama_cpp import LlamaCpp, dequantised
from scoring.methods import lm_eval, ours
from scoring.summary import marked, rows_table

from modelmap.models.source import local_files
from modelmap.plumbing.hardware import load_hardware
from modelmap.plumbing.layout import Layout
from modelmap.score.rule import encode_texts

ZOO = ("llama", "gpt2-3k", "qwen")
ZOO_TEXTS, LARGE_TEXTS = 64, 16
RESULTS = Path(__file__).with_suffix(".json")
DOCUMENT = ROOT / "docs" / "scoring-speed.md"


def beside_lm_eval(case: Case, texts: list[str], layout: Layout) -> dict[str, Any]:
    """Return the differences of the texts' log-likelihoods, in nats per text."""
    model, tokenizer = case.load("cpu")
    budget = token_budget(model, load_hardware(layout.conf, ["hardware=cpu"]))
    found = ours(model, tokenizer, texts, budget, "prefixed")
    apart = np.abs(lm_eval(model, tokenizer)(texts) - found)
    return {
        "model": case.spec.name,
        "texts": len(texts),
        "mean_loglik_nats": round(float(found.mean()), 2),
        "mean_difference_nats": float(f"{apart.mean():.2g}"),
        "largest_difference_nats": float(f"{apart.max():.2g}"),
    }


def beside_llama_cpp(case: Case, texts: list[str], layout: Layout) -> list[dict[str, Any]]:
    """Return the differences of the tokens' log-probabilities, for both forms of the GGUF file."""
    model, tokenizer = case.load("cpu")
    limit = model.config.max_position_embeddings
    sequences = [item.ids for item in encode_texts(tokenizer, texts, "prefixed", limit)]
    expected = [token_logprobs(model, ids) for ids in sequences]
    shipped = local_files(case.spec, layout)
    with tempfile.TemporaryDirectory() as folder:
        forms = {
            "as shipped": shipped,
            "weights in float32": dequantised(shipped, Path(folder) / "float32.gguf"),
        }
        return [_form(name, path, sequences, expected) for name, path in forms.items()]


def _form(
    name: str, path: Path, sequences: list[tuple[int, ...]], expected: list[np.ndarray]
) -> dict[str, Any]:
    other = LlamaCpp(path, max(map(len, sequences)))
    found = [other.token_logprobs(ids) for ids in sequences]
    other.close()
    by_token = np.concatenate(found) - np.concatenate(expected)
    by_text = np.array([a.sum() - b.sum() for a, b in zip(found, expected, strict=True)])
    return {
        "gguf": name,
        "tokens": len(by_token),
        "mean_difference_nats_per_token": float(f"{by_token.mean():.2g}"),
        "mean_absolute_difference_nats_per_token": float(f"{np.abs(by_token).mean():.2g}"),
        "largest_difference_nats_per_token": float(f"{np.abs(by_token).max():.2g}"),
        "largest_difference_nats_per_text": float(f"{np.abs(by_text).max():.2g}"),
    }


def token_logprobs(model: Any, ids: tuple[int, ...]) -> np.ndarray:
    """Return our log-probability in nats of every id but the first, shape (len(ids) - 1,)."""
    with torch.inference_mode():
        logits = model(input_ids=torch.tensor([ids[:-1]]), use_cache=False).logits[0]
        logprobs = torch.log_softmax(logits.double(), dim=1)
        found: np.ndarray = logprobs.gather(1, torch.tensor(ids[1:])[:, None])[:, 0].numpy()
    return found


def main() -> None:
    """Compare, and write the JSON file and the tables."""
    torch.set_num_threads(2)
    layout = Layout(ROOT)
    texts = all_texts(layout)
    zoo, large = cases(layout)
    chosen = [case for case in zoo if case.spec.name in ZOO]
    few = some(texts, LARGE_TEXTS)
    results = {
        "lm_eval": [
            *(beside_lm_eval(case, some(texts, ZOO_TEXTS), layout) for case in chosen),
            beside_lm_eval(large, few, layout),
        ],
        "llama.cpp": beside_llama_cpp(large, few, layout),
    }
    RESULTS.write_text(json.dumps(results, indent=2) + "\n")
    text = DOCUMENT.read_text()
    for name, rows in results.items():
        text = marked(text, f"agreement {name}", rows_table(rows))
    DOCUMENT.write_text(text)
    print(RESULTS.read_text())


if __name__ == "__main__":
    main()
