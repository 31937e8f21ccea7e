"""What makes two scores the same score."""

import hashlib
import json
from dataclasses import asdict, dataclass

from modelmap.models.spec import ModelSpec
from modelmap.score.settings import SCORER_VERSION, ScoreSettings


@dataclass(frozen=True)
class Identity:
    """Everything a log-likelihood vector depends on.

    Device, batch budget, number of workers, library versions and time are recorded beside a
    score and are not part of it.
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
        """Return 64 hexadecimal digits that change with any field."""
        return hashlib.sha256(self.as_json().encode()).hexdigest()

    def as_json(self) -> str:
        """Return the fields as JSON; one that came later is there only where it is set."""
        content = asdict(self)
        if not self.trust_remote_code:
            del content["trust_remote_code"]
        return json.dumps(content, sort_keys=True)


def identify(
    spec: ModelSpec, revision: str, tokenizer: str, scoring: ScoreSettings, text_set: str
) -> Identity:
    """Return the identity of a model's scores; `revision` and `tokenizer` are commits or hashes.

    Where a model lies is part of its identity on the hub only: local files are known by content.
    """
    return Identity(
        source=f"hub:{spec.location}" if spec.source == "hub" else "files",
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
