"""Files of exactly the structure that the papers' authors publish, small and made up."""

import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

N_MODELS, N_TEXTS = 6, 12
NAMES = ["aa/Base-7B", "bb/Chat-7B", "cc/Small", "dd/Code_13b", "ee/Big-70B", "ff/Old.v1"]
CATEGORIES = ["Pile-CC", "Github", "ArXiv"]


def made_up_values(seed: int = 0, n_models: int = N_MODELS) -> NDArray[np.float64]:
    """Return log-likelihoods in nats, shape (model, text)."""
    rng = np.random.default_rng(seed)
    return -np.abs(rng.normal(-600, 150, (n_models, N_TEXTS)))


def made_up_lines() -> list[dict[str, Any]]:
    """Return the lines of a file of texts; two texts come from one document."""
    return [
        {
            "index": i,
            "pile_idx": 1000 + i // 2,
            "chunk_idx": 7 * i,
            "pile_set_name": CATEGORIES[i // 2 % len(CATEGORIES)],
            "text": f"Text number {i}: naïve café.\n" + "word " * (20 + i),
        }
        for i in range(N_TEXTS)
    ]


def made_up_metadata() -> list[dict[str, Any]]:
    """Return a list with a dict per model, as in model-data-1018.pkl."""
    return [
        {
            "model_name": name,
            "model_type": "llama-2" if i % 2 else "mistral",
            "model_size": 7 + i,
            "created_at": f"2024-0{i + 1}-20T00:53:57+00:00",
            "downloads": 9308,
            "tags": ["transformers", "license:mit"],
            "log-likelihood-10k": made_up_values()[i],
            "mean_logp": np.float64(-600.5),
            "score_v1_ARC": 58.6,
            "score_v1_6-taskmean": 54.0,
        }
        for i, name in enumerate(NAMES)
    ]


def write_pickle(path: Path, content: object, protocol: int = 4) -> Path:
    """Write a pickle and return its path."""
    path.write_bytes(pickle.dumps(content, protocol))
    return path


def write_lines(path: Path, lines: list[dict[str, Any]]) -> Path:
    """Write a JSONL file and return its path."""
    text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
    path.write_text(text, encoding="utf-8")
    return path


def vectors_of(values: NDArray[np.float64], names: list[str]) -> dict[str, Any]:
    """Return a dict from each model's name to its vector."""
    return dict(zip(names, values, strict=True))
