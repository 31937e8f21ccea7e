"""What an entry may say of a model, and which options do not go together."""

import pytest

from modelmap.models.spec import ModelSpec
from modelmap.plumbing.errors import UserError
from modelmap.plumbing.files import checked

COMMIT = "0123456789abcdef0123456789abcdef01234567"
HUB = {"name": "a/b", "source": "hub", "location": "a/b", "family": "b", "kind": "base"}


@pytest.mark.parametrize(
    "keys",
    [
        {"quantisation": "nf4"},
        {"quantisation": "int8", "dtype": "float16"},
        {"attention": "flex_attention"},
        {"attention": "flash_attention_2", "dtype": "bfloat16"},
        {"trust_remote_code": True, "revision": COMMIT},
        {"trust_remote_code": False},
        {"trust_remote_code": True, "source": "directory"},
    ],
)
def test_options_that_fit(keys: dict[str, object]) -> None:
    """Each option stands in the checked entry as it was written."""
    kept = ModelSpec.model_validate({**HUB, **keys})
    assert {key: getattr(kept, key) for key in keys} == keys


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        (
            {"trust_remote_code": True},
            "trust_remote_code needs `revision` in the same entry: the commit that you read",
        ),
        (
            {"trust_remote_code": True, "source": "gguf"},
            "trust_remote_code: a gguf model has no code of its own",
        ),
        ({"trust_remote_code": "yes"}, "Input should be a valid boolean"),
        ({"quantisation": "int8"}, "int8 runs in 16 bits: set dtype float16 or bfloat16"),
        (
            {"attention": "flash_attention_2"},
            "flash_attention_2 runs in 16 bits: set dtype float16 or bfloat16",
        ),
        ({"quantisation": "int4"}, "Input should be 'int8' or 'nf4'"),
    ],
)
def test_options_that_do_not_fit_are_told(keys: dict[str, object], told: str) -> None:
    """Code without a commit, or 16 bits under the name of 32, stops in one line."""
    with pytest.raises(UserError) as caught:
        checked(ModelSpec, {**HUB, **keys}, "entry")
    assert str(caught.value).endswith(told)
