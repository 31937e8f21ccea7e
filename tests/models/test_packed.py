"""Packed weights change log-likelihoods by rounding errors only, and parameters not at all."""

from pathlib import Path

import pytest
from helpers.model_kinds import KINDS, TOLERANCE_NATS, by_definition, kind_model, sequences
from helpers.tiny_models import tiny_model

from modelmap.models import packed
from modelmap.models.packed import has_packed_weights, pack_weights, packing_helps
from modelmap.score.loglik import log_likelihoods


@pytest.mark.parametrize("kind", KINDS)
def test_log_likelihoods_are_those_of_the_definition(kind: str) -> None:
    """For each kind of model, in batches of texts of several lengths, against float64."""
    model, texts = kind_model(kind), sequences(12, 3, 20, 2)
    expected = [by_definition(model, ids) for ids in texts]
    pack_weights(model)
    assert has_packed_weights(model)
    tolerance = TOLERANCE_NATS["float32"]
    assert log_likelihoods(model, texts, 40) == pytest.approx(expected, abs=tolerance)


def test_parameters_stay_as_they_are() -> None:
    """Their number, their values, and the head that is the embedding."""
    model, before = tiny_model("llama"), tiny_model("llama")
    pack_weights(model)
    assert model.num_parameters() == before.num_parameters()
    assert all((a == b).all() for a, b in zip(model.parameters(), before.parameters(), strict=True))
    embedding = model.get_input_embeddings().weight
    assert (model.lm_head.weight is embedding) == (
        before.lm_head.weight is before.get_input_embeddings().weight
    )


def test_layers_of_another_type_keep_their_products() -> None:
    """In bfloat16 nothing is packed."""
    model = kind_model("sliding window", "bfloat16")
    pack_weights(model)
    assert not has_packed_weights(model)


@pytest.mark.parametrize(
    ("vendor", "capability", "helps"),
    [
        ("AuthenticAMD", "AVX512", True),
        ("AuthenticAMD", "AVX2", False),
        ("GenuineIntel", "AVX512", False),
    ],
)
def test_it_depends_on_the_processor(
    vendor: str, capability: str, helps: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only AMD processors with AVX-512 were measured to gain."""
    import torch

    (tmp_path / "cpuinfo").write_text(f"processor : 0\nvendor_id : {vendor}\n")
    monkeypatch.setattr(packed, "PROCESSOR", tmp_path / "cpuinfo")
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: capability)
    assert packing_helps() is helps
    monkeypatch.setattr(packed, "PROCESSOR", tmp_path / "none")
    assert not packing_helps()
