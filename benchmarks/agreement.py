"""Differences between our scores and those of lm_eval and llama.cpp.

Run with `python benchmarks/agreement.py` after `make repro`. lm_eval's loglikelihood_rolling is
compared under rule "prefixed" (BOS, or EOS if there is none, before the text), on three models of
the zoo and on the large model. llama.cpp is compared on the GGUF files of the pretrained models:
the token ids of all texts, and token by token the log-probabilities of a few texts, with the file
as shipped and with all its weights in float32. `--only llama.cpp` needs no zoo. Writes
benchmarks/agreement.json and the tables of agreement in docs/scoring-speed.md.
"""

from scoring.environment import ROOT, enter

enter()

import argparse
import json
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import torch
from scoring.cases import Case, all_texts, cases, pretrained, some, token_budget
from scoring.llama_cpp import LlamaCpp, dequantised
from scoring.methods import lm_eval, ours
from scoring.summary import marked, rows_table

from modelmap.models.source import local_files
from modelmap.plumbing.hardware import load_hardware
from modelmap.plumbing.layout import Layout
from modelmap.score.rule import encode_texts

ZOO = ("tiny-llama-a", "tiny-gpt2-b", "tiny-qwen-a")
ZOO_TEXTS, LARGE_TEXTS, GGUF_TEXTS = 64, 16, 6
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
    """Return the differences of the tokens' log-probabilities, for both forms of the GGUF file.

    The texts are a few of `texts`, and the longest: longer than the window of attention of Gemma.
    """
    model, tokenizer = case.load("cpu")
    encoded = encode_texts(tokenizer, texts, "own", model.config.max_position_embeddings)
    sequences = [item.ids for item in encoded]
    longest = max(range(len(texts)), key=lambda i: len(sequences[i]))
    few = [*some(range(len(texts)), GGUF_TEXTS - 1), longest]
    expected = {i: token_logprobs(model, sequences[i]) for i in few}
    n_bytes = sum(len(texts[i].encode()) for i in few)
    bits = -sum(float(logprobs.sum()) for logprobs in expected.values()) / np.log(2) / n_bytes
    facts = {"model": case.spec.name, "bits_per_byte": round(float(bits), 3)}
    # Not needed any more, and the other program loads the weights too.
    del model
    shipped = local_files(case.spec, layout)
    with tempfile.TemporaryDirectory() as folder:
        forms = {
            "as shipped": shipped,
            "weights in float32": dequantised(shipped, Path(folder) / "float32.gguf"),
        }
        rows = []
        for name, path in forms.items():
            rows.append({**facts, "gguf": name, **_form(path, texts, sequences, expected)})
            print(rows[-1], flush=True)
        return rows


def _form(
    path: Path, texts: list[str], sequences: list[tuple[int, ...]], expected: dict[int, np.ndarray]
) -> dict[str, Any]:
    other = LlamaCpp(path, max(map(len, sequences)))
    same_ids = sum(
        other.tokens(text) == list(ids) for text, ids in zip(texts, sequences, strict=True)
    )
    found = {i: other.token_logprobs(sequences[i]) for i in expected}
    other.close()
    by_token = np.concatenate([found[i] - expected[i] for i in expected])
    by_text = np.array([found[i].sum() - expected[i].sum() for i in expected])
    return {
        "texts_with_the_same_ids": f"{same_ids} of {len(texts)}",
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


def all_beside_lm_eval(layout: Layout, texts: list[str]) -> list[dict[str, Any]]:
    """Return the differences from lm_eval, for some models of the zoo and for the large model."""
    zoo, large = cases(layout)
    chosen = [case for case in zoo if case.spec.name in ZOO]
    return [
        *(beside_lm_eval(case, some(texts, ZOO_TEXTS), layout) for case in chosen),
        beside_lm_eval(large, some(texts, LARGE_TEXTS), layout),
    ]


def all_beside_llama_cpp(layout: Layout, texts: list[str]) -> list[dict[str, Any]]:
    """Return the differences from llama.cpp, for both forms of each pretrained model."""
    return [row for case in pretrained(layout) for row in beside_llama_cpp(case, texts, layout)]


PROGRAMS = {"lm_eval": all_beside_lm_eval, "llama.cpp": all_beside_llama_cpp}


def main() -> None:
    """Compare, and write the JSON file and the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=PROGRAMS, help="compare with this program only")
    only = parser.parse_args().only
    torch.set_num_threads(1)
    layout = Layout(ROOT)
    texts = all_texts(layout)
    results = json.loads(RESULTS.read_text())
    for name in [only] if only else PROGRAMS:
        results[name] = PROGRAMS[name](layout, texts)
    RESULTS.write_text(json.dumps(results, indent=2) + "\n")
    text = DOCUMENT.read_text()
    for name, rows in results.items():
        text = marked(text, f"agreement {name}", rows_table(rows))
    DOCUMENT.write_text(text)
    print(RESULTS.read_text())


if __name__ == "__main__":
    main()
