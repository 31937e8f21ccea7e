import numpy as np
import pandas as pd
import pytest
from helpers.matrices import made_up

from modelmap.studies.synthetic import RANK, synthetic_matrix
from modelmap.studies.text_count.parts import Analysis, analyse_part, by_size

ANALYSIS = Analysis(n_runs=5, error=0.1, even_share=0.1)


def test_all_texts_have_no_error_to_themselves() -> None:
    """The part that is the whole is exact, and says what the whole says."""
    result = analyse_part(made_up(6, 50), np.arange(50), ANALYSIS)
    assert result["error_to_all"] == pytest.approx(0, abs=1e-12)
    assert result["n_texts"] == 50
    assert 2 < result["plan_texts"] <= 50


def test_smaller_parts_err_more() -> None:
    """A tenth of the texts is farther off than half, and expects to be."""
    loglik = made_up(6, 200)
    rng = np.random.default_rng(0)
    few, many = (
        analyse_part(loglik, rng.choice(200, n, replace=False), ANALYSIS) for n in (20, 100)
    )
    assert few["error_to_all"] > many["error_to_all"] > 0
    assert few["bootstrap_error"] > many["bootstrap_error"] > 0


def test_findings_of_one_size_become_one_row() -> None:
    """Errors .3 and .4 on half the texts: sqrt(.125) over sqrt(1 - .5); medians of the rest."""
    shared = {"ls_ratio": 0.5, "plan_share": 0.2}
    findings = pd.DataFrame(
        [
            {"n_texts": 50, "error_to_all": 0.3, "bootstrap_error": 0.3, "plan_texts": 9, **shared},
            {
                "n_texts": 50,
                "error_to_all": 0.4,
                "bootstrap_error": 0.4,
                "plan_texts": 11,
                **shared,
            },
            {
                "n_texts": 100,
                "error_to_all": 0.0,
                "bootstrap_error": 0.2,
                "plan_texts": 20,
                **shared,
            },
        ]
    )
    half, whole = by_size(findings).to_dict("records")
    assert half["error_to_all"] == pytest.approx(np.sqrt(0.125) / np.sqrt(0.5))
    assert half["bootstrap_error"] == pytest.approx(np.sqrt(0.125))
    assert half["plan_texts"] == 10
    assert np.isnan(whole["error_to_all"])


def test_the_synthetic_matrix_has_families_low_rank_and_heavy_tails() -> None:
    """Most variance in RANK components, families lie together, outliers pass a Gaussian's."""
    loglik, family = synthetic_matrix(120, 900, 8, np.random.default_rng(0))
    q = loglik - loglik.mean(axis=1, keepdims=True)
    q -= q.mean(axis=0)
    values = np.linalg.svd(q, compute_uv=False) ** 2
    assert values[:RANK].sum() / values.sum() > 0.8
    distances = ((q[:, None, :] - q[None, :, :]) ** 2).sum(axis=2)
    same = family[:, None] == family[None, :]
    off = ~np.eye(120, dtype=bool)
    assert np.median(distances[same & off]) < 0.5 * np.median(distances[~same])
    z = (q - q.mean()) / q.std()
    assert (z**4).mean() > 4
