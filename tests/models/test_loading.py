"""What is loaded is what the files hold and the entry says, or the model is refused."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from helpers.damage import check_line
from helpers.model_kinds import KINDS, TOLERANCE_NATS, by_definition, kind_model, sequences
from helpers.tiny_models import ARCHITECTURES, tiny_model, tiny_tokenizer

from modelmap.models.load import load_config, load_model, load_tokenizer
from modelmap.models.options import attention_of
from modelmap.models.spec import ModelSpec
from modelmap.plumbing.errors import UserError
from modelmap.score.loglik import log_likelihoods
from modelmap.zoo.settings import Architecture

SPEC = ModelSpec(name="tiny", source="directory", location="tiny", family="tiny", kind="base")
LAST = "model.layers.1.mlp.down_proj.weight"
Weights = dict[str, Any]


@pytest.fixture
def llama(tmp_path: Path) -> Path:
    """Return the directory of a tiny llama."""
    tiny_model("llama").save_pretrained(tmp_path / "tiny")
    return tmp_path / "tiny"


def change_weights(directory: Path, change: Callable[[Weights], Weights]) -> None:
    """Write the weights of a model again, changed."""
    from safetensors.torch import load_file, save_file

    path = directory / "model.safetensors"
    save_file(change(load_file(path)), path, {"format": "pt"})


def change_config(directory: Path, **keys: object) -> None:
    """Set keys in config.json; keys of nested objects replace these as a whole."""
    path = directory / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **keys}))


def refusal(directory: Path, spec: ModelSpec = SPEC) -> str:
    """Return the line with which a model is refused."""
    with pytest.raises(UserError) as caught:
        load_model(directory, spec, "cpu")
    check_line(str(caught.value))
    return str(caught.value)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_whole_models_are_loaded(architecture: Architecture, tmp_path: Path) -> None:
    """A head that is tied to the embedding is not in the file, and not missing."""
    tiny_model(architecture).save_pretrained(tmp_path)
    load_model(tmp_path, SPEC, "cpu")


def test_a_missing_tensor_refuses_the_model(llama: Path) -> None:
    """It would be initialised at random. The line names it and says what to do."""
    change_weights(llama, lambda weights: {k: v for k, v in weights.items() if k != LAST})
    assert refusal(llama) == (
        "model tiny cannot be loaded: its weights are not those that its config.json describes "
        f"(missing: {LAST}): download or copy it again, or correct its config.json"
    )


def test_a_renamed_prefix_refuses_the_model(llama: Path) -> None:
    """All tensors are missing under their names, and unexpected under the others."""
    change_weights(llama, lambda weights: {f"other.{k}": v for k, v in weights.items()})
    told = refusal(llama)
    assert "missing: lm_head.weight, model.embed_tokens.weight, " in told
    assert "unexpected: other.model.embed_tokens.weight, " in told


@pytest.mark.parametrize(
    ("n_layers", "told"),
    [
        (3, "missing: model.layers.2.input_layernorm.weight, "),
        (1, "unexpected: model.layers.1.input_layernorm.weight, "),
    ],
)
def test_another_number_of_layers_refuses_the_model(llama: Path, n_layers: int, told: str) -> None:
    """More layers than the file has would be random, and fewer are another model."""
    change_config(llama, num_hidden_layers=n_layers)
    assert told in refusal(llama)


def test_a_million_layers_are_refused_at_once(llama: Path) -> None:
    """Building them would take minutes, before the first tensor is missed."""
    change_config(llama, num_hidden_layers=10**6)
    started = time.monotonic()
    assert "its config.json describes 1,000,000 layers, and its files have 20 tensors" in (
        refusal(llama)
    )
    assert time.monotonic() - started < 5


def test_a_tensor_of_another_shape_refuses_the_model(llama: Path) -> None:
    """The line names the tensors."""
    change_config(llama, intermediate_size=8)
    assert "another shape: model.layers.0.mlp.down_proj.weight, " in refusal(llama)


@pytest.mark.parametrize(("kind", "prefix"), [("gpt2", "attn"), ("gpt_neo", "attn.attention")])
def test_buffers_that_earlier_versions_of_transformers_saved_are_ignored(
    tmp_path: Path, kind: str, prefix: str
) -> None:
    """Causal masks in the files of GPT-2 and others hold nothing that was learnt."""
    import torch

    tiny_of_type(kind).save_pretrained(tmp_path)
    masks = {"bias": torch.ones(1, 1, 8, 8).tril(), "masked_bias": torch.tensor(-1e4)}
    named = {f"transformer.h.0.{prefix}.{name}": mask for name, mask in masks.items()}
    change_weights(tmp_path, lambda weights: {**weights, **named})
    load_model(tmp_path, SPEC, "cpu")


def tiny_of_type(model_type: str) -> Any:
    """Return an untrained model of a type that transformers knows."""
    from transformers import AutoConfig, AutoModelForCausalLM

    shape: dict[str, Any] = {"hidden_size": 16, "num_layers": 2, "num_heads": 2, "vocab_size": 97}
    own: dict[str, dict[str, Any]] = {
        "gpt2": {"n_layer": 2, "n_head": 2},
        "gpt_neo": {"attention_types": [[["global"], 2]]},
    }
    causal: Any = AutoModelForCausalLM
    return causal.from_config(AutoConfig.for_model(model_type, **shape, **own[model_type]))


@pytest.mark.parametrize("key", ["_attn_implementation", "attn_implementation"])
@pytest.mark.parametrize("attention", ["sdpa", "eager"])
def test_the_entry_decides_the_attention(llama: Path, key: str, attention: str) -> None:
    """config.json may say what it likes."""
    change_config(llama, **{key: "eager" if attention == "sdpa" else "sdpa"})
    spec = SPEC.model_copy(update={"attention": attention})
    assert attention_of(load_model(llama, spec, "cpu")) == attention


@pytest.mark.parametrize("key", ["_attn_implementation", "attn_implementation"])
def test_auto_is_not_what_config_json_says(llama: Path, key: str) -> None:
    """It is what transformers takes for the class of the model."""
    change_config(llama, **{key: "eager"})
    assert attention_of(load_model(llama, SPEC, "cpu")) == "sdpa"


def test_the_entry_decides_the_attention_of_nested_configurations(tmp_path: Path) -> None:
    """The text part of a model of texts and images has a configuration of its own."""
    from transformers import AutoConfig, AutoModelForCausalLM

    text = {"model_type": "gemma3_text", "hidden_size": 16, "num_hidden_layers": 1}
    text.update(vocab_size=97, num_attention_heads=2, num_key_value_heads=1, head_dim=8)
    vision = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
    vision.update(intermediate_size=16, image_size=28, patch_size=14)
    config = AutoConfig.for_model("gemma3", text_config=text, vision_config=vision)
    causal: Any = AutoModelForCausalLM
    causal.from_config(config).save_pretrained(tmp_path)
    saved = json.loads((tmp_path / "config.json").read_text())
    changed = {**saved["text_config"], "_attn_implementation": "eager"}
    change_config(tmp_path, text_config=changed)
    model = load_model(tmp_path, SPEC, "cpu")
    assert attention_of(model) == "sdpa"
    decoder: Any = model.get_decoder()
    assert decoder.config._attn_implementation == "sdpa"


@pytest.mark.parametrize(
    "keys",
    [
        {"_attn_implementation": "some-one/kernel"},
        {"attn_implementation": "some-one/kernel@main:name"},
        {"attn_implementation": {"": "some-one/kernel"}},
        {"experts_implementation": "some-one/kernel"},
        {"use_kernels": True},
        {"kernel_config": {"a": "b"}},
        {"text_config": {"inner": [{"_attn_implementation": "some-one/kernel"}]}},
    ],
)
def test_kernels_of_the_hub_are_refused(llama: Path, keys: dict[str, object]) -> None:
    """Code that config.json names is not downloaded, wherever the name stands."""
    change_config(llama, **keys)
    told = refusal(llama)
    assert "config.json asks for a kernel, which is code that would be downloaded" in told
    with pytest.raises(UserError, match="asks for a kernel"):
        load_config(llama, SPEC)


def test_kernels_in_another_configuration_file_are_refused(llama: Path) -> None:
    """config.json may name a file for a version of transformers, which is read in its place."""
    change_config(llama, attn_implementation="some-one/kernel")
    (llama / "config.json").rename(llama / "config.4.0.0.json")
    (llama / "config.json").write_text('{"configuration_files": ["config.4.0.0.json"]}')
    assert "config.4.0.0.json asks for a kernel" in refusal(llama)


def test_a_state_space_model_is_scored_under_the_defaults(tmp_path: Path) -> None:
    """Mamba has no attention: auto is what transformers takes, and the scores are right."""
    kind = "state space"
    assert KINDS[kind][0] == "mamba"
    kind_model(kind).save_pretrained(tmp_path)
    model, texts = load_model(tmp_path, SPEC, "cpu"), sequences(12, 3, 20)
    assert attention_of(model) == "eager"
    expected = [by_definition(model, ids) for ids in texts]
    tolerance = TOLERANCE_NATS["float32"]
    assert log_likelihoods(model, texts, 40) == pytest.approx(expected, abs=tolerance)


def test_a_long_message_has_whole_words_only() -> None:
    """Addresses of any length too; its beginning and its end are there."""
    words = [f"https://example.org/{'a' * n}" for n in range(100)]
    told = str(UserError(" ".join(words)))
    assert set(told.split()) - {"..."} <= set(words)
    assert told.startswith(f"{words[0]} {words[1]} ")
    assert told.endswith(words[-1])
    assert 700 < len(told) <= 1000


def test_an_attention_that_the_class_does_not_have_is_told_whole(tmp_path: Path) -> None:
    """The message ends at a word, not inside an address."""
    kind_model("state space").save_pretrained(tmp_path)
    told = refusal(tmp_path, SPEC.model_copy(update={"attention": "sdpa"}))
    assert told.startswith("model tiny cannot be loaded: MambaForCausalLM does not support")
    assert told.endswith(" ...")
    assert " https://github.com/huggingface/transformers/issues/28005. " in told


@pytest.mark.parametrize("name", [LAST, "model.embed_tokens.weight"])
def test_weights_stored_as_integers_refuse_the_model(llama: Path, name: str) -> None:
    """Without a quantisation that says what they mean, the integers would be the weights."""
    import torch

    change_weights(llama, lambda weights: {**weights, name: (127 * weights[name]).to(torch.int8)})
    assert f"not floating-point numbers ({name})" in refusal(llama)


@pytest.mark.parametrize("dtype", ["float64", "bfloat16", "float8_e4m3fn"])
def test_floating_point_weights_of_any_size_are_loaded(llama: Path, dtype: str) -> None:
    """They are converted to the dtype of the entry."""
    import torch

    kind = getattr(torch, dtype)
    change_weights(llama, lambda weights: {name: w.to(kind) for name, w in weights.items()})
    assert load_model(llama, SPEC, "cpu").dtype == torch.float32


def test_a_tokenizer_that_draws_random_numbers_is_refused(llama: Path) -> None:
    """Its scores would be different in each run."""
    tiny_tokenizer(add_bos=True).save_pretrained(llama)
    path = llama / "tokenizer.json"
    content = json.loads(path.read_text())
    content["model"]["dropout"] = 0.5
    path.write_text(json.dumps(content))
    with pytest.raises(UserError, match=r"dropout 0\.5.*tokenizer\.json$"):
        load_tokenizer(llama, SPEC)
