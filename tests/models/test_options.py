"""What an entry's options ask of transformers, and what the device must be able to do."""

from collections.abc import Callable
from pathlib import Path

import pytest
from helpers.tiny_models import TEXTS, tiny_model, tiny_tokenizer

from modelmap.models import options
from modelmap.models.load import load_model
from modelmap.models.options import check_device, loading_options
from modelmap.models.spec import ModelSpec
from modelmap.plumbing.errors import UserError
from modelmap.score.loglik import log_likelihoods
from modelmap.score.rule import encode_texts

Cuda = Callable[[bool], None]


def spec(**keys: object) -> ModelSpec:
    """Return a model in a directory, in bfloat16, with the keys given."""
    return ModelSpec.model_validate(
        {
            "name": "tiny",
            "source": "directory",
            "location": "tiny",
            "family": "tiny",
            "kind": "base",
            "dtype": "bfloat16",
            **keys,
        }
    )


@pytest.fixture
def cuda(monkeypatch: pytest.MonkeyPatch) -> Cuda:
    """Return a switch that makes this machine one with a CUDA device, and packages or none."""

    def switch(packages: bool) -> None:
        monkeypatch.setattr("torch.cuda.is_available", lambda: True)
        monkeypatch.setattr(options, "find_spec", lambda name: object() if packages else None)

    return switch


@pytest.mark.parametrize(
    ("key", "option"),
    [
        ("quantisation", "int8"),
        ("quantisation", "nf4"),
        ("attention", "flash_attention_2"),
        ("attention", "flex_attention"),
    ],
)
def test_what_runs_on_cuda_only_is_refused_elsewhere(key: str, option: str) -> None:
    """Quantisation and CUDA's attention fail on a CPU in one line that names model and way out."""
    with pytest.raises(UserError) as caught:
        load_model(Path("nowhere"), spec(**{key: option}), "cpu")
    assert str(caught.value) == (
        f"model tiny: {key} {option} needs a CUDA device, not cpu: run on a machine that has one "
        "with MODELMAP_HARDWARE=cuda, or remove it from the entry"
    )


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ({"quantisation": "nf4"}, "quantisation nf4 needs the package bitsandbytes: `pip install"),
        (
            {"attention": "flash_attention_2"},
            "attention flash_attention_2 needs the package flash_attn: `pip install flash-attn`",
        ),
    ],
)
def test_absent_packages_are_named(cuda: Cuda, keys: dict[str, object], told: str) -> None:
    """With a device but without the package the line says what to install."""
    cuda(False)
    with pytest.raises(UserError) as caught:
        check_device(spec(**keys), "cuda:1")
    assert str(caught.value).startswith(f"model tiny: {told}")


@pytest.mark.parametrize("device", ["cuda:1", "auto"])
def test_with_device_and_package_nothing_is_refused(cuda: Cuda, device: str) -> None:
    """A machine that has both may run every option."""
    cuda(True)
    check_device(spec(quantisation="int8", attention="flex_attention"), device)


def test_the_options_of_a_quantised_model() -> None:
    """bitsandbytes is asked for 8 bits, or for 4 of nf4 computed in the dtype, on the device."""
    import torch

    eight = loading_options(spec(quantisation="int8"), "cuda:1")
    four = loading_options(spec(quantisation="nf4"), "cuda:1")
    assert eight["device_map"] == four["device_map"] == {"": "cuda:1"}
    assert eight["dtype"] == four["dtype"] == torch.bfloat16
    assert (
        eight["quantization_config"].load_in_8bit,
        four["quantization_config"].load_in_4bit,
    ) == (
        True,
        True,
    )
    assert four["quantization_config"].bnb_4bit_quant_type == "nf4"
    assert four["quantization_config"].bnb_4bit_compute_dtype == torch.bfloat16


@pytest.mark.parametrize(("attention", "asked"), [("eager", "eager"), ("auto", None)])
def test_a_plain_model_is_loaded_as_ever(attention: str, asked: str | None) -> None:
    """Without options transformers gets dtype and attention alone; None is its own default."""
    import torch

    assert loading_options(spec(attention=attention), "cpu") == {
        "dtype": torch.bfloat16,
        "attn_implementation": asked,
        "experts_implementation": None,
    }


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    """Return the directory of a tiny float32 model."""
    tiny_model("llama").save_pretrained(tmp_path / "tiny")
    return tmp_path / "tiny"


def scores(directory: Path, device: str) -> list[float]:
    """Return the log-likelihoods of texts under a model loaded for a device."""
    model = load_model(directory, spec(dtype="float32"), device)
    ids = [one.ids for one in encode_texts(tiny_tokenizer(True), TEXTS, "own", 256)]
    found: list[float] = log_likelihoods(model, ids, 4096).tolist()
    return found


def test_a_model_placed_by_accelerate_scores_the_same(saved: Path) -> None:
    """Device "auto" gives on this machine what its plain device gives, to the last bit."""
    assert scores(saved, "auto") == scores(saved, "cpu")


def test_a_model_larger_than_its_device_scores_the_same(
    saved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where only a part fits, accelerate brings the rest in turn, and no score changes."""
    whole = scores(saved, "cpu")
    held = int((saved / "model.safetensors").stat().st_size * 0.85)
    monkeypatch.setattr(
        "transformers.integrations.accelerate.accelerate_max_memory", lambda _: {"cpu": held}
    )
    placed = load_model(saved, spec(dtype="float32"), "auto")
    assert set(placed.hf_device_map.values()) == {"cpu", "disk"}
    assert scores(saved, "auto") == whole
