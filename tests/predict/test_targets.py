"""What is predicted, and that nothing of it is in what it is predicted from."""

import numpy as np
import pandas as pd
import pytest

from modelmap.predict.targets import (
    MEAN_LOGLIK,
    PERCENT,
    held_out_problems,
    outside_category,
    score_problem,
)

ALPHAS = np.array([1.0, 10.0])
CATEGORIES = ["news", "news", "code", "code", "bible", "bible", "bible", "code"]
DOCUMENTS = ["a", "b", "c", "c", "d", "e", "a", "f"]


def texts() -> pd.DataFrame:
    """Return eight texts; one of the bible is cut from a document of the news."""
    return pd.DataFrame({"category": CATEGORIES, "document_id": DOCUMENTS})


def values(seed: int = 0) -> np.ndarray:
    """Return log-likelihoods of five models."""
    return -500 + 100 * np.random.default_rng(seed).standard_normal((5, 8))


def bits() -> pd.DataFrame:
    """Return bits per byte of the five models."""
    rng = np.random.default_rng(1)
    return pd.DataFrame(rng.uniform(1, 3, (5, 3)), columns=["bible", "code", "news"])


def test_texts_kept_apart_share_no_category_and_no_document() -> None:
    """The bible's text from document a is left out with the news, and news' a with the bible."""
    category, document = texts()["category"], texts()["document_id"]
    apart = {
        name: outside_category(category, document, name).nonzero()[0].tolist() for name in bits()
    }
    assert apart == {"bible": [1, 2, 3, 7], "code": [0, 1, 4, 5, 6], "news": [2, 3, 4, 5, 7]}


@pytest.mark.parametrize("held_out", ["bible", "code", "news"])
def test_nothing_of_a_held_out_text_is_in_what_it_is_predicted_from(held_out: str) -> None:
    """Any other score of any text of the category, or of its documents, changes no input."""
    before = values()
    apart = outside_category(texts()["category"], texts()["document_id"], held_out)
    after = before.copy()
    after[:, ~apart] = -1e6 * np.random.default_rng(2).random((5, int((~apart).sum())))
    at = list(bits()).index(held_out)
    one, other = (
        held_out_problems(loglik, texts(), bits(), 0.1, ALPHAS)[0][at] for loglik in (before, after)
    )
    assert one.targets[0].name == held_out
    assert one.loglik_nats.tolist() == other.loglik_nats.tolist()
    assert one.baseline.tolist() == other.baseline.tolist()


def test_the_other_texts_are_clipped_at_their_own_quantile() -> None:
    """Ten values of code's other texts by hand: the 10% quantile lies between the least two."""
    loglik = np.array([[-10.0, -20.0, -1.0, -1.0, -30.0, -40.0, -50.0, -1.0]])
    problems, _ = held_out_problems(loglik, texts(), bits().iloc[:1], 0.25, ALPHAS)
    assert problems[1].loglik_nats.tolist() == [[-10.0, -20.0, -30.0, -40.0, -40.0]]
    assert problems[1].baseline.tolist() == [28.0]


def test_a_category_is_its_own_target_without_bounds_and_there_is_no_mean() -> None:
    """Truths are the bits per byte given; a mean over categories would hold its own inputs."""
    problems, skipped = held_out_problems(values(), texts(), bits(), 0.1, ALPHAS)
    assert skipped == {}
    targets = [target for problem in problems for target in problem.targets]
    assert [target.name for target in targets] == ["bible", "code", "news"]
    for target in targets:
        assert target.truth.tolist() == bits()[target.name].tolist()
        assert target.bounds is None
        assert target.alphas is ALPHAS


def test_one_category_alone_is_skipped_with_the_reason() -> None:
    """There is nothing to predict it from."""
    alone = texts().assign(category="news")
    problems, skipped = held_out_problems(values(), alone, bits()[["news"]], 0.1, ALPHAS)
    assert problems == []
    assert skipped == {
        "news": "needs at least 2 texts of other categories and documents, and there are 0"
    }


def test_scores_are_aligned_with_the_models_and_the_mean_log_likelihood_is_added() -> None:
    """Models without scores are not known; each kind of target has its alphas and bounds."""
    scores = pd.DataFrame({"ARC": [50.0, 60.0, 7.0]}, index=["m2", "m0", "stranger"])
    loglik = values()
    problem = score_problem(loglik, [f"m{i}" for i in range(5)], scores, ALPHAS, ALPHAS / 10)
    arc, mean = problem.targets
    assert arc.truth[[0, 2]].tolist() == [60.0, 50.0]
    assert np.isnan(arc.truth[[1, 3, 4]]).all()
    assert (arc.name, arc.bounds, arc.alphas.tolist()) == ("ARC", PERCENT, [1.0, 10.0])
    assert mean.truth.tolist() == loglik.mean(axis=1).tolist()
    assert (mean.name, mean.bounds, mean.alphas.tolist()) == (MEAN_LOGLIK, None, [0.1, 1.0])
    assert problem.n_texts == 8
