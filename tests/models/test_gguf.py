"""Conversion of GGUF files: every tensor is read, and the counts of the header are true."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from helpers.damage import check_line
from helpers.tiny_gguf import Tensors, Value, write_gguf
from helpers.tiny_models import SHAPE, TEXTS, tiny_model, tiny_tokenizer
from helpers.tokenizers import byte_level, with_byte_fallback

from modelmap.models.gguf import CONVERSION, convert_gguf
from modelmap.models.gguf_settings import check_settings
from modelmap.models.load import load_model, load_tokenizer
from modelmap.models.prepare import prepared_directory
from modelmap.models.source import content_hashes
from modelmap.models.spec import ModelSpec
from modelmap.plumbing.errors import UserError
from modelmap.plumbing.layout import Layout
from modelmap.score.loglik import log_likelihoods
from modelmap.score.rule import encode_texts

SPEC = ModelSpec(name="tiny", source="gguf", location="tiny.gguf", family="tiny", kind="base")
Change = Callable[[Tensors], Tensors]
ATTENTION = "blk.1.attn_output.weight"


def renamed(name: str) -> Change:
    """Return a function that renames one tensor."""
    return lambda tensors: {name if key == ATTENTION else key: v for key, v in tensors.items()}


def test_a_converted_file_scores_as_the_model_it_was_made_from(tmp_path: Path) -> None:
    """Weights, tied head and tokenizer are those of the tiny llama."""
    write_gguf(tmp_path / "tiny.gguf")
    convert_gguf(tmp_path / "tiny.gguf", tmp_path / "target")
    ids = [one.ids for one in encode_texts(tiny_tokenizer(True), TEXTS, "own", 256)]
    tokenizer = load_tokenizer(tmp_path / "target", SPEC)
    assert [one.ids for one in encode_texts(tokenizer, TEXTS, "own", 256)] == ids
    converted = load_model(tmp_path / "target", SPEC, "cpu")
    expected = log_likelihoods(tiny_model("llama"), ids, 4096)
    assert log_likelihoods(converted, ids, 4096) == pytest.approx(expected, abs=1e-3)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (renamed("blk.1.attn_out.weight"), ["missing: model.layers.1.self_attn.o_proj.weight"]),
        (
            lambda tensors: {key: v for key, v in tensors.items() if key != ATTENTION},
            ["missing: model.layers.1.self_attn.o_proj.weight"],
        ),
        (
            lambda tensors: {**tensors, "blk.1.attn_q.bias": tensors["output_norm.weight"]},
            ["unexpected: blk.1.attn_q.bias"],
        ),
        (
            lambda tensors: {**tensors, "rope_freqs.weight": tensors["output_norm.weight"]},
            ["unexpected: rope_freqs.weight"],
        ),
        (
            lambda tensors: {**tensors, ATTENTION: tensors[ATTENTION][:8]},
            ["another shape: model.layers.1.self_attn.o_proj.weight"],
        ),
        (
            # The tokenizer has 300 tokens.
            lambda tensors: {**tensors, "token_embd.weight": tensors["token_embd.weight"][:200]},
            ["another shape: model.embed_tokens.weight"],
        ),
    ],
)
def test_a_file_whose_tensors_do_not_fit_is_refused(
    tmp_path: Path, change: Change, told: list[str]
) -> None:
    """A renamed, missing, additional or misshapen tensor is named, and nothing is converted."""
    write_gguf(tmp_path / "tiny.gguf", change)
    with pytest.raises(UserError, match=r"^tiny\.gguf cannot be converted: ") as caught:
        convert_gguf(tmp_path / "tiny.gguf", tmp_path / "target")
    check_line(str(caught.value))
    for part in told:
        assert part in str(caught.value)
    assert [path.name for path in tmp_path.iterdir()] == ["tiny.gguf"]


@pytest.mark.parametrize(
    "count",
    [
        {"block_count": 10**6},
        {"block_count": 3},
        {"block_count": 1},
        {"embedding_length": 2 * 10**6},
        {"feed_forward_length": 10**8},
        {"attention.head_count": 10**6},
        {"rope.dimension_count": 10**8},
    ],
)
def test_counts_that_the_tensors_contradict_are_refused_at_once(
    tmp_path: Path, count: dict[str, int]
) -> None:
    """Nothing is built of the size that a wrong header asks for."""
    write_gguf(tmp_path / "tiny.gguf", counts=count)
    started = time.monotonic()
    with pytest.raises(UserError, match=r"^tiny\.gguf ") as caught:
        convert_gguf(tmp_path / "tiny.gguf", tmp_path / "target")
    check_line(str(caught.value))
    assert time.monotonic() - started < 10
    assert [path.name for path in tmp_path.iterdir()] == ["tiny.gguf"]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("rope.scaling.type", "linear"),
        ("rope.scaling.factor", 4.0),
        ("attention.sliding_window", 8),
        ("attention.causal", False),
        ("logit_scale", 0.25),
        ("final_logit_softcapping", 2.0),
        ("expert_count", 4),
    ],
)
def test_settings_that_transformers_does_not_read_refuse_a_file(
    tmp_path: Path, key: str, value: Value
) -> None:
    """Without them it is another model, whatever its tensors are."""
    write_gguf(tmp_path / "tiny.gguf", settings={key: value})
    with pytest.raises(UserError, match=rf"^tiny\.gguf cannot .*\({key} {value}\), and ") as caught:
        convert_gguf(tmp_path / "tiny.gguf", tmp_path / "target")
    check_line(str(caught.value))
    assert [path.name for path in tmp_path.iterdir()] == ["tiny.gguf"]


def test_settings_that_change_nothing_are_accepted(tmp_path: Path) -> None:
    """No scaling, a window of all positions, scales of 1, and settings of other programs."""
    settings: dict[str, Value] = {
        "rope.scaling.type": "none",
        "rope.scaling.factor": 1.0,
        "attention.sliding_window": SHAPE.max_length,
        "attention.causal": True,
        "logit_scale": 1.0,
        "expert_count": 0,
        "some.key": 3,
    }
    write_gguf(tmp_path / "tiny.gguf", settings=settings)
    convert_gguf(tmp_path / "tiny.gguf", tmp_path / "target")


def test_settings_of_the_made_model_are_accepted() -> None:
    """Where transformers reads a key, or its default is the same value."""
    from transformers import AutoConfig

    header = {
        "general.architecture": "gemma2",
        "gemma2.attention.sliding_window": 4096,
        "gemma2.attn_logit_softcapping": 50.0,
        "gemma2.final_logit_softcapping": 30.0,
        "gemma2.rope.dimension_count": 256,
    }
    config = AutoConfig.for_model("gemma2")
    check_settings(header, config, tiny_tokenizer(True))
    with pytest.raises(UserError, match=r"\(rope\.dimension_count 64\)"):
        check_settings({**header, "gemma2.rope.dimension_count": 64}, config, tiny_tokenizer(True))


def test_a_space_that_only_the_made_tokenizer_puts_first_is_told() -> None:
    """The first token of each text would be another one."""
    from transformers import AutoConfig

    header = {"general.architecture": "llama", "tokenizer.ggml.add_space_prefix": False}
    config = AutoConfig.for_model("llama")
    check_settings(header, config, byte_level())
    with pytest.raises(UserError, match=r"\(tokenizer\.ggml\.add_space_prefix False\)"):
        check_settings(header, config, with_byte_fallback())


def test_files_beside_a_gguf_do_not_change_its_conversion(tmp_path: Path) -> None:
    """Tokenizer and adapter files of other models in its folder are no part of its hash."""
    for folder in ("alone", "beside"):
        (tmp_path / folder).mkdir()
        write_gguf(tmp_path / folder / "tiny.gguf")
    tiny_tokenizer(add_bos=False).save_pretrained(tmp_path / "beside")
    (tmp_path / "beside" / "adapter_config.json").write_text("{}")
    for folder in ("alone", "beside"):
        convert_gguf(tmp_path / folder / "tiny.gguf", tmp_path / f"{folder}-converted")
    alone, beside = (content_hashes(tmp_path / f"{one}-converted") for one in ("alone", "beside"))
    assert alone == beside


def test_conversions_of_earlier_versions_are_not_used(tmp_path: Path) -> None:
    """They may have random weights: a folder of their own holds those that were checked."""
    write_gguf(tmp_path / "tiny.gguf")
    layout = Layout(tmp_path)
    revision, _ = content_hashes(tmp_path / "tiny.gguf")
    (layout.store / "models" / revision).mkdir(parents=True)
    converted = prepared_directory(SPEC, revision, layout)
    assert converted == layout.store / "converted" / f"{revision}-{CONVERSION}"
    assert (converted / "model.safetensors").is_file()
