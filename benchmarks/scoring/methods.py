"""Five methods that compute log-likelihoods: from a model and its tokenizer, a function of texts.

Each function tokenises texts and returns nats per text, float64. The rule is "own" (Oyama et al.
2025, ACL), except for lm_eval, which always scores the first token too, as rule "prefixed" does.
"""

import logging
import warnings
from collections.abc import Callable, Sequence
from contextlib import redirect_stderr
from io import StringIO
from typing import Any

import numpy as np
import torch

from modelmap.score.loglik import log_likelihoods
from modelmap.score.rule import Rule, encode_texts

Scorer = Callable[[Sequence[str]], np.ndarray]
Method = Callable[[Any, Any], Scorer]
# Both were faster with 8 texts per batch than with one, on the zoo and on SmolLM2.
LM_EVAL_BATCH = 8
MINICONS_BATCH = 8


def published(model: Any, tokenizer: Any) -> Scorer:
    """Return the papers' method: one text per forward pass, and a loop over positions."""
    return lambda texts: np.array([_published(model, tokenizer, text) for text in texts])


def _published(model: Any, tokenizer: Any, text: str) -> float:
    inputs = tokenizer(text, return_tensors="pt").to(model.device)
    with torch.no_grad():
        logits = model(**inputs).logits
    logprobs = torch.log_softmax(logits.float(), dim=-1)
    ids = inputs["input_ids"][0]
    total = 0.0
    for t in range(1, len(ids)):
        total += logprobs[0, t - 1, ids[t]].item()
    return total


def without_loop(model: Any, tokenizer: Any) -> Scorer:
    """Return the published method with one operation for all positions of a text."""
    return lambda texts: np.array([_without_loop(model, tokenizer, text) for text in texts])


def exact(model: Any, tokenizer: Any) -> Scorer:
    """Return the definition: one text per forward pass, log-softmax of the logits in float64."""
    return lambda texts: np.array(
        [_without_loop(model, tokenizer, text, torch.float64) for text in texts]
    )


def _without_loop(
    model: Any, tokenizer: Any, text: str, dtype: torch.dtype = torch.float32
) -> float:
    inputs = tokenizer(text, return_tensors="pt").to(model.device)
    with torch.no_grad():
        logits = model(**inputs).logits
    logprobs = torch.log_softmax(logits.to(dtype), dim=-1)[0, :-1]
    return float(logprobs.gather(1, inputs["input_ids"][0, 1:, None]).double().sum())


def lm_eval(model: Any, tokenizer: Any) -> Scorer:
    """Return lm_eval's rolling log-likelihood: of all tokens of a text, after BOS or EOS."""
    from lm_eval.api.instance import Instance
    from lm_eval.models.huggingface import HFLM

    logging.getLogger("lm_eval").setLevel(logging.ERROR)
    runner = HFLM(
        pretrained=model,
        tokenizer=tokenizer,
        backend="causal",
        batch_size=LM_EVAL_BATCH,
        softmax_dtype="float32",
        add_bos_token=False,
    )

    def scored(texts: Sequence[str]) -> np.ndarray:
        requests = [
            Instance("loglikelihood_rolling", {}, (text,), row) for row, text in enumerate(texts)
        ]
        # It shows a progress bar for each batch, which cannot be turned off.
        with redirect_stderr(StringIO()):
            return np.array(runner.loglikelihood_rolling(requests, disable_tqdm=True))

    return scored


def minicons(model: Any, tokenizer: Any) -> Scorer:
    """Return minicons' sequence score, as the sum over tokens."""
    from minicons.scorer import IncrementalLMScorer

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        scorer = IncrementalLMScorer(model, str(model.device), tokenizer=tokenizer)

    def scored(texts: Sequence[str]) -> np.ndarray:
        parts = [list(texts[i : i + MINICONS_BATCH]) for i in range(0, len(texts), MINICONS_BATCH)]
        return np.concatenate([scorer.sequence_score(part, reduction=_total) for part in parts])

    return scored


def _total(token_logprobs: torch.Tensor) -> float:
    return float(token_logprobs.double().sum())


def ours(
    model: Any, tokenizer: Any, texts: Sequence[str], token_budget: int, rule: Rule = "own"
) -> np.ndarray:
    """Return this project's scores, computed in this process."""
    encoded = encode_texts(tokenizer, texts, rule, model.config.max_position_embeddings)
    return log_likelihoods(model, [item.ids for item in encoded], token_budget)


OTHERS: dict[str, Method] = {
    "published": published,
    "without the loop": without_loop,
    "lm_eval": lm_eval,
    "minicons": minicons,
}
