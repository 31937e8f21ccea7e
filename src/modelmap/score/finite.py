"""The last look at a shard before it is kept."""

import numpy as np
import pandas as pd

from modelmap.models.spec import ModelSpec
from modelmap.plumbing.errors import UserError, listed

ADVICE = {
    "float16": "float16 ends at 65,504: set dtype bfloat16 or float32 in conf/models",
    "bfloat16": "set dtype float32 in conf/models",
    "float32": "its weights are damaged, or the model cannot be run on texts like these",
}


def check_finite(frame: pd.DataFrame, spec: ModelSpec) -> None:
    """Raise UserError that names the model, its dtype and every text whose score is no number."""
    bad = frame.loc[~np.isfinite(frame["loglik_nats"]), "text_id"]
    if len(bad):
        raise UserError(
            f"model {spec.name}: not finite in {spec.dtype} on texts {listed(bad.tolist())}; "
            f"{ADVICE[spec.dtype]}"
        )
