"""How much of a text a model reads."""

import json
from pathlib import Path

import pytest
from helpers.job_lists import job_list_of, new_layout, save_models, score_here
from helpers.tokenizers import TEMPLATES, byte_level
from transformers import AutoConfig, PretrainedConfig

from modelmap.models.load import maximum_length
from modelmap.plumbing.errors import UserError
from modelmap.plumbing.tables import read_table
from modelmap.score.rule import Rule, encode_texts
from modelmap.score.run import score_all
from modelmap.score.tables import SCORES

TEXT = "The map of models. The map of texts."


@pytest.mark.parametrize(
    ("keys", "own", "expected"),
    [
        ({"max_position_embeddings": 512, "n_positions": 64}, None, 512),
        ({"n_positions": 64, "max_sequence_length": 96}, None, 64),
        ({"max_sequence_length": 96}, None, 96),
        ({}, None, 2048),
        ({"max_position_embeddings": None, "n_positions": None, "seq_length": 7}, None, 2048),
        ({"max_position_embeddings": 16}, 2, 2),
        ({"max_position_embeddings": 10**400}, None, 10**400),
        ({"max_position_embeddings": 512}, 100, 100),
        ({"max_position_embeddings": 512}, 4096, 512),
        ({}, 4096, 2048),
    ],
)
def test_the_maximum_length_is_the_first_limit_the_model_names(
    keys: dict[str, int | None], own: int | None, expected: int
) -> None:
    """The order is max_position_embeddings, n_positions, max_sequence_length, else 2048."""
    config = PretrainedConfig()
    for key, value in keys.items():
        setattr(config, key, value)
    assert maximum_length(config, own) == expected


@pytest.mark.parametrize("key", ["max_position_embeddings", "n_positions"])
@pytest.mark.parametrize("limit", [-5, 0, 1, 15, 512.0, True, "512", [512], float("nan")])
@pytest.mark.parametrize("own", [None, 100])
def test_a_limit_that_cannot_be_one_is_refused(key: str, limit: object, own: int | None) -> None:
    """One token of each text would score 0 everywhere, as a perfect model; -5 drops the end."""
    config = PretrainedConfig()
    setattr(config, key, limit)
    with pytest.raises(UserError) as caught:
        maximum_length(config, own)
    assert str(caught.value) == (
        f"its config.json has {key} {limit!r}, which is not a number of tokens of 16 or more: "
        "correct it, or remove the model"
    )


@pytest.mark.parametrize(
    ("model_type", "keys", "expected"),
    [
        ("llama", {"max_position_embeddings": 77}, 77),
        ("gpt2", {"n_positions": 77}, 77),
        ("gptj", {"n_positions": 77}, 77),
        ("rwkv", {"context_length": 77}, 77),
        ("bloom", {}, 2048),
        ("mamba", {}, 2048),
    ],
)
def test_configurations_of_known_models(
    model_type: str, keys: dict[str, int], expected: int
) -> None:
    """transformers gives other names of its own the first one; models without a limit have 2048."""
    assert maximum_length(AutoConfig.for_model(model_type, **keys), None) == expected


def test_a_model_of_text_and_images_has_the_limit_of_its_text_part() -> None:
    """A nested text_config is where the limit is."""
    text = {"max_position_embeddings": 77, "model_type": "gemma3_text"}
    config = AutoConfig.for_model("gemma3", text_config=text)
    assert maximum_length(config, None) == 77


@pytest.mark.parametrize("rule", ["own", "prefixed"])
@pytest.mark.parametrize("adds", TEMPLATES)
def test_a_text_at_the_limit_is_whole_and_one_token_more_is_cut(adds: str, rule: Rule) -> None:
    """Special tokens count; what is cut is the end, an appended EOS before the text's tokens."""
    tokenizer = byte_level(adds)
    (whole,) = encode_texts(tokenizer, [TEXT], rule, 10_000)
    length = len(whole.ids)
    limits = (length + 1, length, length - 1, 2)
    above, exact, cut, two = (encode_texts(tokenizer, [TEXT], rule, n)[0] for n in limits)
    assert above == exact == whole
    assert (whole.truncated, cut.truncated, two.truncated) == (False, True, True)
    assert (cut.ids, cut.n_scored) == (whole.ids[:-1], length - 2)
    assert (two.ids, two.n_scored) == (whole.ids[:2], 1)


def test_a_limit_of_the_tokenizer_cuts_nothing() -> None:
    """The model's limit counts, not the tokenizer's model_max_length or its own truncation."""
    tokenizer = byte_level(model_max_length=4)
    tokenizer.backend_tokenizer.enable_truncation(4)
    (item,) = encode_texts(tokenizer, [TEXT], "own", 10_000)
    assert len(item.ids) > 4
    assert not item.truncated


def test_a_model_that_cuts_many_texts_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """On standard error, once for each model; a model that reads all texts is not named."""
    saved, layout = save_models(tmp_path / "models"), new_layout(tmp_path / "project")
    config = saved / "one" / "config.json"
    short = {**json.loads(config.read_text()), "max_position_embeddings": 16}
    config.write_text(json.dumps(short))
    score_here(monkeypatch)
    capsys.readouterr()
    score_all(job_list_of(layout, saved, "one", "two"))
    share = read_table(layout.scores / "one.parquet", SCORES)["truncated"].mean()
    told = [line for line in capsys.readouterr().err.splitlines() if line.startswith("score: ")]
    assert told == [
        f"score: model one reads only the beginning of {share:.0%} of the texts, because they have "
        "more tokens than its maximum length: its scores are not comparable with those of models "
        "that read whole texts"
    ]
