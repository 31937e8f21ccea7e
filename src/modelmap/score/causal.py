"""A check that a model is causal, without which padding on the right would change scores."""

from typing import TYPE_CHECKING

from modelmap.models.spec import ModelSpec
from modelmap.plumbing.errors import UserError

if TYPE_CHECKING:
    from transformers import PreTrainedModel

N_SHARED_TOKENS = 8
MAX_DIFFERENCE_NATS = 1.0
"""Far above the rounding differences between two rows of one forward pass, in any dtype."""


def check_causal(model: "PreTrainedModel", spec: ModelSpec) -> None:
    """Raise UserError if log-probabilities depend on later tokens.

    Two sequences with the same first tokens and different later ones are run in one forward pass.
    """
    import torch

    vocabulary = model.config.get_text_config().vocab_size
    ids = torch.arange(2 * N_SHARED_TOKENS).repeat(2, 1)
    ids[1, N_SHARED_TOKENS:] += N_SHARED_TOKENS
    with torch.inference_mode():
        logits = model(input_ids=(ids % vocabulary).to(model.device), use_cache=False).logits
    first, second = logits[:, :N_SHARED_TOKENS].float().log_softmax(dim=-1)
    difference = float((first - second).abs().max())
    if difference > MAX_DIFFERENCE_NATS:
        raise UserError(
            f"model {spec.name} is not causal: later tokens change earlier log-probabilities by "
            f"{difference:.1f} nats; set is_decoder in its config.json, or remove the model"
        )
