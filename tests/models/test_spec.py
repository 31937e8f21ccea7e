"""What an entry may say of a model, and which options do not go together."""

import pytest

from modelmap.models.spec import ModelSpec
from modelmap.plumbing.errors import UserError
from modelmap.plumbing.files import checked

COMMIT = "0123456789abcdef0123456789abcdef01234567"
PIN = {"version": "0.1.2", "sha256": "0" * 64}
GGUF = {"source": "gguf", "location": "some-package:some/model.gguf", **PIN}
PART = {"location": "some-package:some/part1", **PIN}
PARTS = {"source": "gguf", "location": "model.gguf", "sha256": "1" * 64, "parts": [PART]}
IMPORTED = {"source": "imported", "dtype": "unknown"}
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
        GGUF,
        {"source": "gguf", "location": "data/models/model.gguf"},
        *({**IMPORTED, "name": name, "location": name} for name in ("_a", "b__c", "d/_e")),
        {"name": "_a/b_"},
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
        *(
            ({**GGUF, key: None}, "a GGUF in a package needs the package's version and sha256")
            for key in PIN
        ),
        ({**GGUF, "location": "../a:b"}, "'../a' is not the name of a package"),
        ({**GGUF, "version": ">=1"}, r"version: String should match pattern '^[0-9]"),
        ({**GGUF, "sha256": "0" * 63}, "sha256: String should match pattern '^[0-9a-f]{64}$'"),
        *(
            (
                {**PARTS, **keys},
                "parts need the sha256 of the joined file, and no version",
            )
            for keys in ({"sha256": None}, {"version": "1.0"})
        ),
        *(
            ({**PARTS, "location": name}, "is the name of the joined file")
            for name in ("a:b", "a/b", "../b", ".b")
        ),
        ({**PARTS, "parts": []}, "parts: Tuple should have at least 1 item"),
        ({**PARTS, "source": "directory"}, "parts: a directory model is not in parts"),
        ({**PARTS, "parts": [{**PART, "location": "a"}]}, "'a' is not package:file"),
        ({**PARTS, "parts": [{**PART, "location": "../a:b"}]}, "'../a' is not the name of a"),
        ({**PARTS, "parts": [{**PART, "sha256": None}]}, "parts.0.sha256"),
        (
            {**PARTS, "parts": [PART, {**PART, "version": "0.1.3"}]},
            "parts in the same package need the same version and sha256",
        ),
        ({"dtype": "unknown"}, "dtype unknown is for imported models only"),
        (
            {**IMPORTED, "location": "other"},
            "an imported model keeps its name: leave out its location",
        ),
        *(
            ({"name": name}, "a name has no double underscore, and no underscore after its slash")
            for name in ("a__b", "a/_b")
        ),
    ],
)
def test_options_that_do_not_fit_are_told(keys: dict[str, object], told: str) -> None:
    """Code without a commit, 16 bits under the name of 32, or no exact wheel, in one line."""
    with pytest.raises(UserError) as caught:
        checked(ModelSpec, {**HUB, **keys}, "entry")
    assert told in str(caught.value)


def test_names_of_score_files_are_all_different() -> None:
    """A slash becomes two underscores, which no name that is scored has of its own."""
    names = ["a/b", "a_b", "a_/b", "_a/b", "a/b_", "a-/b"]
    files = [ModelSpec.model_validate({**HUB, "name": name}).file_name for name in names]
    assert len(set(files)) == len(names)
