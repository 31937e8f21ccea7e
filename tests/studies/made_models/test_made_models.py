"""Scores of models in memory."""

import numpy as np
import pandas as pd
import pytest
from helpers.tiny_models import SHAPE, TEXTS, tiny_model, tiny_tokenizer

from modelmap.score.loglik import log_likelihoods
from modelmap.studies.made_models.scores import TextScorer, first_and_bytes
from modelmap.texts.segments import segments


def text_table() -> pd.DataFrame:
    """Return the columns of TEXTS that scoring needs."""
    sizes = [len(text.encode()) for text in TEXTS]
    return pd.DataFrame({"text_id": range(len(TEXTS)), "text": TEXTS, "n_bytes": sizes})


@pytest.mark.parametrize("add_bos", [True, False])
def test_segments_add_up_to_the_scores_of_texts(add_bos: bool) -> None:
    """Without BOS the first token is not scored, so the first segment of each text is missing."""
    tokenizer, model = tiny_tokenizer(add_bos), tiny_model("llama")
    texts = text_table()
    found = TextScorer(tokenizer, texts, "own", SHAPE.max_length).scores(model)
    ids = [tokenizer(text)["input_ids"] for text in TEXTS]
    np.testing.assert_allclose(found.loglik_nats, log_likelihoods(model, ids, 64), atol=1e-3)
    first, n_bytes = first_and_bytes(texts)
    assert len(found.segments_nats) == sum(len(segments(text)) for text in TEXTS) == len(n_bytes)
    if add_bos:
        sums = np.add.reduceat(found.segments_nats, first)
        np.testing.assert_allclose(sums, found.loglik_nats, atol=1e-3)
    else:
        assert np.isnan(found.segments_nats[first]).all()
