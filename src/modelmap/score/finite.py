"""A check that all log-likelihoods of a shard are finite, made before it is saved."""

import numpy as np
import pandas as pd

from modelmap.models.spec import ModelSpec
from modelmap.plumbing.errors import UserError, listed

ADVICE = {
    "float16": "the largest float16 is 65,504: set dtype bfloat16 or float32 in conf/models",
    "bfloat16": "set dtype float32 in conf/models",
    "float32": "the model's weights are damaged, or it cannot process these texts",
}


def check_finite(frame: pd.DataFrame, spec: ModelSpec) -> None:
    """Raise UserError with the model, its dtype and the texts if a log-likelihood is not finite."""
    bad = frame.loc[~np.isfinite(frame["loglik_nats"]), "text_id"]
    if len(bad):
        raise UserError(
            f"model {spec.name}: log-likelihoods are not finite in {spec.dtype} on texts "
            f"{listed(bad.tolist())}; {ADVICE[spec.dtype]}"
        )
