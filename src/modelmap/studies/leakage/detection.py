"""How well signals tell models with leaked texts from others (ours)."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.stats import mannwhitneyu

from modelmap.divergence.interval import percentile_ends
from modelmap.placing.gain import largest_usual
from modelmap.plumbing.arrays import Matrix, Values, Vector
from modelmap.studies.leakage.signals import SIGNALS

LEAKED, HONEST = "leaked", "honest"


def roc_area(leaked: Matrix, honest: Matrix) -> Vector:
    """Return the probability that a leaked model has the larger signal, ties counting half.

    `leaked` and `honest` have a row for each sample, and so has the result.
    """
    wins = mannwhitneyu(leaked, honest, axis=1, method="asymptotic").statistic
    area: Vector = wins / (leaked.shape[1] * honest.shape[1])
    return area


def detected(leaked: Matrix, honest: Matrix, false_alarms: float) -> Vector:
    """Return the share of leaked models above a limit that few honest models are above.

    The limit is the smallest signal of an honest model that at most the share `false_alarms` of
    them is above. The matrices have a row for each sample, and so has the result.
    """
    n_honest = honest.shape[1]
    # The small number is for products such as 0.29 * 100, which is 28.999999999999996.
    n_above = int(false_alarms * n_honest + 1e-9)
    limit = np.sort(honest, axis=1)[:, [n_honest - 1 - n_above]]
    share: Vector = (leaked > limit).mean(axis=1)
    return share


def measures(values: Values, step: int, false_alarms: float) -> dict[str, Vector]:
    """Return how well a signal detects leaked models of the number of steps at position `step`.

    `values` are the signals, shape (samples, pairs of runs, 2, numbers of steps), leaked models
    before honest ones. `roc_area` compares leaked with honest models of as many steps. `detected`
    has one limit for all numbers of steps, from all honest models, because a user does not know
    the number.
    """
    leaked, honest = values[:, :, 0, step], values[:, :, 1]
    return {
        "roc_area": roc_area(leaked, honest[:, :, step]),
        "detected": detected(leaked, honest.reshape(len(values), -1), false_alarms),
    }


def detection_summary(
    table: pd.DataFrame,
    steps: Sequence[int],
    false_alarms: float,
    n_bootstrap: int,
    rng: np.random.Generator,
) -> dict[str, dict[str, dict[str, dict[str, float]]]]:
    """Return the measures of every signal and number of steps, with 95% intervals.

    The intervals are percentiles over samples with replacement of pairs of runs: the leaked and
    the honest model of one family and seed. `table` has the columns of LEAKAGE.
    """
    ordered = table.assign(is_honest=table["arm"] == HONEST).sort_values(
        ["family", "run", "is_honest", "steps"]
    )
    n_pairs = len(table) // (2 * len(steps))
    drawn = rng.integers(n_pairs, size=(n_bootstrap, n_pairs))
    found = {}
    for signal in SIGNALS:
        values = ordered[signal].to_numpy().reshape(1, n_pairs, 2, len(steps))
        found[signal] = {
            f"after_{number}_steps": _with_intervals(
                measures(values, step, false_alarms),
                measures(values[0][drawn], step, false_alarms),
            )
            for step, number in enumerate(steps)
        }
    return found


def flagged_shares(
    table: pd.DataFrame, n_texts: int, n_bootstrap: int, rng: np.random.Generator
) -> dict[str, dict[str, dict[str, float]]]:
    """Return the shares of models whose gain is beyond their KL, as `modelmap place` tests it.

    They are by arm and number of steps, with intervals as in `detection_summary`. `table` has the
    columns of LEAKAGE.
    """
    flagged = table.assign(flagged=table["gain_beyond_kl"] > largest_usual(n_texts)).astype(
        {"flagged": float}
    )
    pairs = flagged.pivot_table(index=["family", "run"], columns=["arm", "steps"], values="flagged")
    drawn = rng.integers(len(pairs), size=(n_bootstrap, len(pairs)))
    found: dict[str, dict[str, dict[str, float]]] = {LEAKED: {}, HONEST: {}}
    for arm, steps in pairs:
        values = pairs[arm, steps].to_numpy()
        share = _with_interval(values.mean(), values[drawn].mean(axis=1))
        found[arm][f"after_{steps}_steps"] = share
    return found


def _with_intervals(
    of_all: dict[str, Vector], of_samples: dict[str, Vector]
) -> dict[str, dict[str, float]]:
    return {name: _with_interval(value[0], of_samples[name]) for name, value in of_all.items()}


def _with_interval(value: float, samples: Vector) -> dict[str, float]:
    low, high = percentile_ends(samples)
    return {"value": round(float(value), 3), "low": round(low, 3), "high": round(high, 3)}
