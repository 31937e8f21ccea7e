"""The identity of a model's scores: scores with equal identities are never computed twice."""

import hashlib
import json
from dataclasses import asdict, dataclass

from modelmap.models.spec import ModelSpec
from modelmap.score.settings import SCORER_VERSION, ScoreSettings


@dataclass(frozen=True)
class Identity:
    """Everything that a log-likelihood vector depends on.

    The device, the token budget and the library versions are recorded in the score file but are
    not part of the identity: they change scores by rounding only.
    """

    source: str
    revision: str
    tokenizer: str
    rule: str
    dtype: str
    quantisation: str | None
    attention: str
    max_length: int | None
    text_set: str
    scorer_version: int
    trust_remote_code: bool = False

    @property
    def fingerprint(self) -> str:
        """Return the sha256 of the fields, as 64 hexadecimal digits."""
        return hashlib.sha256(self.as_json().encode()).hexdigest()

    def as_json(self) -> str:
        """Return the fields as JSON with sorted keys."""
        return json.dumps(asdict(self), sort_keys=True)


def identify(
    spec: ModelSpec, revision: str, tokenizer: str, scoring: ScoreSettings, text_set: str
) -> Identity:
    """Return the identity of a model's scores; `revision` and `tokenizer` are commits or hashes.

    The location is part of the identity of hub models only: local files are identified by content.
    """
    return Identity(
        source=spec.origin,
        revision=revision,
        tokenizer=tokenizer,
        rule=scoring.rule,
        dtype=spec.dtype,
        quantisation=spec.quantisation,
        attention=spec.attention,
        max_length=spec.max_length,
        text_set=text_set,
        scorer_version=SCORER_VERSION,
        trust_remote_code=bool(spec.trust_remote_code),
    )
