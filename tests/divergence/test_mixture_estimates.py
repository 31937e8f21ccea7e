"""The mixture estimates of all pairs, against plain loops over models, texts and segments."""

import math
from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelmap.divergence import mixture
from modelmap.divergence.mixture import (
    MixtureEstimates,
    TextSums,
    mixture_estimates,
    mixture_kl,
    text_sums,
)
from modelmap.divergence.standard_error import StratifiedDocuments
from modelmap.plumbing.arrays import Indices

LN2 = math.log(2)
MATRICES = ("kl", "standard_error", "degrees_of_freedom", "n_texts", "preference")


@dataclass(frozen=True)
class Made:
    """Log-likelihoods of the segments of a few texts under a few models."""

    loglik_nats: np.ndarray
    first: Indices
    n_bytes: Indices

    def segments(self, text: int) -> range:
        """Return the columns of a text's segments."""
        ends = [*self.first[1:].tolist(), self.loglik_nats.shape[1]]
        return range(int(self.first[text]), int(ends[text]))

    def sums(self, n_rows: int) -> TextSums:
        """Return the sums by text of the first models with all others."""
        rows, columns = self.loglik_nats[:n_rows], self.loglik_nats[n_rows:]
        return text_sums(rows, columns, self.first, self.n_bytes)

    def estimates(self, documents: StratifiedDocuments | None = None) -> MixtureEstimates:
        """Return the estimates, by default with a document for each text."""
        documents = documents or own_documents(len(self.first))
        return mixture_estimates(self.loglik_nats, self.first, self.n_bytes, documents)


def own_documents(n_texts: int) -> StratifiedDocuments:
    """Return documents of one text each, in one stratum."""
    return StratifiedDocuments(np.arange(n_texts), np.zeros(n_texts, dtype=np.int64))


def made_up(
    n_models: int, n_texts: int, missing_share: float = 0.0, seed: int = 0, longest: int = 12
) -> Made:
    """Return log-likelihoods of texts of 1 to `longest` segments, some of them not scored."""
    rng = np.random.default_rng(seed)
    n_segments = rng.integers(1, longest + 1, n_texts)
    total = int(n_segments.sum())
    common = -rng.gamma(2.0, 2.0, total)
    values = common + rng.normal(0, rng.uniform(0.1, 3, (n_models, 1)), (n_models, total))
    values[rng.random(values.shape) < missing_share] = np.nan
    first = np.concatenate([[0], np.cumsum(n_segments)[:-1]])
    return Made(values.astype(np.float32), first, rng.integers(1, 13, total))


def scored_differences(made: Made, i: int, j: int, text: int) -> list[tuple[float, int]]:
    """Return the difference and the bytes of each segment that both models have scored."""
    pairs = [
        (float(made.loglik_nats[i, w]) - float(made.loglik_nats[j, w]), int(made.n_bytes[w]))
        for w in made.segments(text)
    ]
    return [pair for pair in pairs if not math.isnan(pair[0])]


def sums_by_loops(made: Made, i: int, j: int) -> np.ndarray:
    """Return the four sums of a pair by text, shape (N, 4), in the order of TextSums."""
    rows = []
    for text in range(len(made.first)):
        scored = scored_differences(made, i, j, text)
        rows.append(
            (
                sum(delta * math.tanh(delta / 2) for delta, _ in scored),
                sum(math.tanh(delta / 2) for delta, _ in scored),
                sum(size for _, size in scored),
                len(scored),
            )
        )
    return np.array(rows, dtype=np.float64)


def pair_by_loops(made: Made, i: int, j: int) -> dict[str, float]:
    """Return the estimates of a pair whose texts have a document each."""
    rows = [row for row in sums_by_loops(made, i, j).tolist() if row[3]]
    if not rows:
        return dict.fromkeys(("kl", "standard_error", "n_texts", "preference"), math.nan)
    total, total_bytes = sum(row[0] for row in rows), sum(row[2] for row in rows)
    residuals = [row[0] - total / total_bytes * row[2] for row in rows]
    variance = sum(value**2 for value in residuals) * len(rows) / max(len(rows) - 1, 1)
    return {
        "kl": total / total_bytes / LN2,
        "standard_error": math.sqrt(variance) / total_bytes / LN2,
        "n_texts": len(rows),
        "preference": abs(sum(row[1] for row in rows)) / sum(row[3] for row in rows),
    }


@pytest.fixture(params=[1, 7, 1 << 16], ids=lambda size: f"{size} segments at once")
def _any_chunks(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Compute the sums in chunks of one text, of few texts, or of all."""
    monkeypatch.setattr(mixture, "SEGMENTS_AT_ONCE", request.param)


@pytest.mark.usefixtures("_any_chunks")
@pytest.mark.parametrize("missing_share", [0.0, 0.1, 0.9])
def test_sums_by_text_are_those_of_a_double_loop(missing_share: float) -> None:
    """Of scored segments alone, for texts shorter and longer than a chunk."""
    made = made_up(5, 9, missing_share)
    sums = made.sums(n_rows=2)
    for i in range(2):
        for j in range(3):
            expected = sums_by_loops(made, i, 2 + j)
            found = [sums.terms, sums.preference, sums.n_bytes, sums.n_segments]
            signs = np.array([1, -1, 1, 1])
            by_text = np.stack([values[:, i, j] for values in found], axis=1) * signs
            np.testing.assert_allclose(by_text, expected, rtol=1e-5, atol=1e-5)


def test_a_row_with_unscored_segments_changes_no_other_row() -> None:
    """The sizes of a text are counted for each pair, also where most models are complete."""
    made = made_up(5, 6)
    made.loglik_nats[0, 1:4] = np.nan
    sums = made.sums(n_rows=3)
    for i in range(3):
        expected = sums_by_loops(made, i, 3)
        np.testing.assert_array_equal(sums.n_bytes[:, i, 0], expected[:, 2])
        np.testing.assert_array_equal(sums.n_segments[:, i, 0], expected[:, 3])


@pytest.mark.parametrize("models_at_once", [1, 2, 3, 32])
@pytest.mark.parametrize("missing_share", [0.0, 0.3])
def test_estimates_are_those_of_plain_loops(
    models_at_once: int, missing_share: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For more models than a block has, and for a last block of one model."""
    monkeypatch.setattr(mixture, "MODELS_AT_ONCE", models_at_once)
    made = made_up(7, 10, missing_share)
    found = made.estimates()
    for i in range(7):
        for j in range(i + 1, 7):
            for name, value in pair_by_loops(made, i, j).items():
                assert getattr(found, name)[i, j] == pytest.approx(value, rel=1e-4, abs=1e-6)


def test_matrices_are_symmetric_with_zero_diagonals() -> None:
    """A model's divergence from itself is 0, whichever segments are scored."""
    found = made_up(6, 8, 0.2).estimates()
    for name in MATRICES:
        values = getattr(found, name)
        np.testing.assert_array_equal(values, values.T)
        np.testing.assert_array_equal(np.diag(values), np.zeros(6))


@pytest.mark.parametrize("missing_share", [0.0, 0.3])
def test_the_order_of_models_changes_nothing(
    missing_share: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The estimates of a pair are the same bit for bit, in whatever block it is."""
    monkeypatch.setattr(mixture, "MODELS_AT_ONCE", 3)
    made, order = made_up(8, 9, missing_share), np.array([5, 2, 7, 0, 1, 6, 3, 4])
    found = made.estimates()
    shuffled = replace(made, loglik_nats=made.loglik_nats[order]).estimates()
    for name in MATRICES:
        expected = getattr(found, name)[np.ix_(order, order)]
        np.testing.assert_allclose(getattr(shuffled, name), expected, rtol=1e-12)
    np.testing.assert_allclose(shuffled.text_importance, found.text_importance, rtol=1e-9)


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 1000), st.sampled_from([0.0, 0.2]))
def test_estimates_add_up_over_segments(seed: int, missing_share: float) -> None:
    """KL times bytes of two halves of the segments is that of all; a third are other estimates."""
    made = made_up(4, 6, missing_share, seed, longest=6)
    middle = made.loglik_nats.shape[1] // 2
    totals = []
    for part in (slice(None), slice(None, middle), slice(middle, None)):
        values, sizes = made.loglik_nats[:, part], made.n_bytes[part]
        scored = ~np.isnan(values)
        common = (scored[:, None] & scored) @ sizes
        totals.append(np.where(common > 0, mixture_kl(values, values, sizes) * common, 0.0))
    np.testing.assert_allclose(totals[0], totals[1] + totals[2], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("missing_share", [0.0, 0.3])
def test_the_estimate_alone_is_the_same(missing_share: float) -> None:
    """Of some models with others, without standard errors."""
    made = made_up(7, 10, missing_share)
    alone = mixture_kl(made.loglik_nats[:3], made.loglik_nats[3:], made.n_bytes)
    np.testing.assert_allclose(alone, made.estimates().kl[:3, 3:], rtol=1e-5)


def test_pairs_without_a_common_text_have_no_estimate() -> None:
    """They are NaN, in both functions, and others are as without them."""
    made = made_up(4, 6)
    half = made.first[3]
    made.loglik_nats[0, half:] = np.nan
    made.loglik_nats[3, :half] = np.nan
    found = made.estimates()
    for name in MATRICES:
        assert np.isnan(getattr(found, name)[[0, 3], [3, 0]]).all()
        assert np.isfinite(np.delete(getattr(found, name).ravel(), [3, 12])).all()
    alone = mixture_kl(made.loglik_nats, made.loglik_nats, made.n_bytes)
    np.testing.assert_array_equal(np.isnan(alone), np.isnan(found.kl))
    assert found.n_texts[0].tolist()[1:3] == [3, 3]
    others = replace(made, loglik_nats=made.loglik_nats[:3]).estimates()
    np.testing.assert_array_equal(found.kl[:3, :3], others.kl)


def test_a_standard_error_by_hand() -> None:
    """Terms 1, 2, 6 on 10, 10, 20 bytes: R = 9 / 40, residuals -1.25, -.25, 1.5, SE of R .0601."""
    # x tanh(x / 2) is the wanted term for these differences.
    differences = [1.5434046384, 2.3993572805, 6.0289655521]
    made = Made(
        np.array([[0.0, 0.0, 0.0], differences], dtype=np.float32),
        np.array([0, 1, 2]),
        np.array([10, 10, 20]),
    )
    terms = [x * math.tanh(x / 2) for x in differences]
    assert terms == pytest.approx([1, 2, 6], rel=1e-6)
    found = made.estimates()
    assert found.kl[0, 1] == pytest.approx(9 / 40 / LN2, rel=1e-6)
    squares = 1.25**2 + 0.25**2 + 1.5**2
    assert found.standard_error[0, 1] == pytest.approx(math.sqrt(1.5 * squares) / 40 / LN2)
    assert found.text_importance.tolist() == pytest.approx([1.25 / 9, 0.25 / 9, 1.5 / 9], rel=1e-5)
    # 2 / (sum v^2 / V^2 - 1 / D), which is above its limit of D - 1 = 2.
    assert found.degrees_of_freedom[0, 1] == 2


def test_texts_of_one_document_count_as_one() -> None:
    """Each text twice in its document: the estimate and its error are those of one copy each."""
    made = made_up(3, 6)
    twice = Made(
        np.tile(made.loglik_nats, 2),
        np.concatenate([made.first, made.first + made.loglik_nats.shape[1]]),
        np.tile(made.n_bytes, 2),
    )
    documents = StratifiedDocuments(np.tile(np.arange(6), 2), np.zeros(6, dtype=np.int64))
    one, two = made.estimates(), twice.estimates(documents)
    np.testing.assert_allclose(two.kl, one.kl, rtol=1e-6)
    np.testing.assert_allclose(two.standard_error, one.standard_error, rtol=1e-5)


@pytest.mark.parametrize("missing_share", [0.0, 0.3])
def test_the_importance_of_texts_is_that_of_a_loop(
    missing_share: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The root mean square over pairs that differ of residuals relative to the sum of terms."""
    monkeypatch.setattr(mixture, "MODELS_AT_ONCE", 2)
    made = made_up(5, 8, missing_share)
    made.loglik_nats[1] = made.loglik_nats[0]
    squares = np.zeros(8)
    n_pairs = 0
    for i in range(5):
        for j in range(i + 1, 5):
            terms, _, n_bytes, _ = sums_by_loops(made, i, j).T
            if terms.sum() > 0:
                n_pairs += 1
                ratio = terms.sum() / n_bytes.sum()
                squares += np.square((terms - ratio * n_bytes) / terms.sum())
    assert n_pairs == 9
    expected = np.sqrt(squares / n_pairs)
    np.testing.assert_allclose(made.estimates().text_importance, expected, rtol=1e-4)


def test_identical_models_have_no_divergence_and_no_error() -> None:
    """All is 0, and no text is important."""
    made = made_up(1, 5)
    found = replace(made, loglik_nats=np.repeat(made.loglik_nats, 3, axis=0)).estimates()
    for name in ("kl", "standard_error", "preference", "text_importance"):
        assert (getattr(found, name) == 0).all()


@pytest.mark.parametrize("difference", [0.2, -3.0])
def test_a_preference_is_that_of_a_constant_difference(difference: float) -> None:
    """The size of tanh(Delta / 2) if it is the same in all segments; 0 if signs alternate."""
    made = made_up(2, 4, longest=1)
    made.loglik_nats[1] = made.loglik_nats[0] + np.float32(difference)
    expected = math.tanh(abs(difference) / 2)
    assert made.estimates().preference[0, 1] == pytest.approx(expected, rel=1e-5)
    signs = np.array([1, -1, 1, -1], dtype=np.float32)
    made.loglik_nats[1] = made.loglik_nats[0] + np.float32(difference) * signs
    assert made.estimates().preference[0, 1] == pytest.approx(0.0, abs=1e-6)
