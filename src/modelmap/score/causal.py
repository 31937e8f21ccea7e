"""Whether a model reads from left to right: padding on the right is harmless only then."""

from typing import TYPE_CHECKING

from modelmap.models.spec import ModelSpec
from modelmap.plumbing.errors import UserError

if TYPE_CHECKING:
    from transformers import PreTrainedModel

SHARED = 8
LARGEST_NATS = 1.0
"""Far above what any dtype's rounding does to two rows of one pass."""


def check_causal(model: "PreTrainedModel", spec: ModelSpec) -> None:
    """Raise UserError if what follows a token changes the log-probabilities after it.

    Two sequences that begin alike are run in one pass.
    """
    import torch

    vocabulary = model.config.get_text_config().vocab_size
    ids = torch.arange(2 * SHARED).repeat(2, 1)
    ids[1, SHARED:] += SHARED
    with torch.inference_mode():
        logits = model(input_ids=(ids % vocabulary).to(model.device), use_cache=False).logits
    first, second = logits[:, :SHARED].float().log_softmax(dim=-1)
    difference = float((first - second).abs().max())
    if difference > LARGEST_NATS:
        raise UserError(
            f"model {spec.name} is not causal: tokens that follow change what comes before by "
            f"{difference:.1f} nats; set is_decoder in its config.json, or leave the model out"
        )
