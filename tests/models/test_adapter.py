"""Adapters (LoRA): scored on the base model that their entry names, and nothing else is loaded."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from helpers.damage import check_line
from helpers.job_lists import SCORING, hardware, new_layout, score_here
from helpers.tiny_models import tiny_model, tiny_tokenizer

from modelmap.models.load import load_model
from modelmap.models.roster import Roster, roster_models
from modelmap.models.source import revisions
from modelmap.models.spec import ModelSpec
from modelmap.plumbing.errors import UserError
from modelmap.plumbing.files import checked
from modelmap.plumbing.layout import Layout
from modelmap.plumbing.tables import read_table
from modelmap.score.identity import identify
from modelmap.score.jobs import Job, JobList
from modelmap.score.loglik import log_likelihoods
from modelmap.score.rule import encode_texts
from modelmap.score.run import score_all
from modelmap.score.tables import SCORES
from modelmap.texts.tables import TEXTS as TEXTS_SCHEMA
from modelmap.texts.text_set import text_set_hash
from modelmap.zoo.settings import ZooSettings

pytest.importorskip("peft")

KEYS = {"source": "directory", "family": "tiny"}
BASE = {**KEYS, "name": "base", "location": "models/base", "kind": "base"}
ENTRY = {**KEYS, "name": "lora", "location": "models/lora", "kind": "finetune", "base": BASE}


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    """Return a project with a tiny llama, and an adapter of random weights on it."""
    layout = new_layout(tmp_path)
    tiny_model("llama").save_pretrained(tmp_path / "models" / "base")
    tiny_tokenizer(add_bos=True).save_pretrained(tmp_path / "models" / "base")
    adapted().save_pretrained(tmp_path / "models" / "lora")
    return layout


def adapted() -> Any:
    """Return the tiny llama with the adapter."""
    import torch
    from peft import LoraConfig, get_peft_model

    torch.manual_seed(0)
    config = LoraConfig(
        r=4,
        lora_alpha=8,
        target_modules=["q_proj", "down_proj"],
        init_lora_weights=False,
        task_type="CAUSAL_LM",
        base_model_name_or_path="some-one/never-asked-for",
    )
    return get_peft_model(tiny_model("llama"), config)


def score(layout: Layout, entry: dict[str, Any]) -> list[float]:
    """Score one model in this process, and return its log-likelihoods."""
    spec = ModelSpec.model_validate(entry)
    text_set = text_set_hash(read_table(layout.texts, TEXTS_SCHEMA)["text"])
    identity = identify(spec, *revisions(spec, layout), SCORING, text_set)
    jobs = [Job(spec=spec, identity=identity, expected_tflop=1.0)]
    score_all(JobList(root=layout.root, jobs=jobs, scoring=SCORING, hardware=hardware()))
    scores: list[float] = read_table(layout.scores / spec.file_name, SCORES)["loglik_nats"].tolist()
    return scores


def test_an_adapter_scores_as_the_merged_model(
    layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the base that the entry names, whatever the adapter's own files name."""
    score_here(monkeypatch)
    scores = score(layout, ENTRY)
    merged = adapted().merge_and_unload()
    texts = read_table(layout.texts, TEXTS_SCHEMA)["text"].tolist()
    ids = [one.ids for one in encode_texts(tiny_tokenizer(True), texts, "own", 256)]
    assert scores == pytest.approx(log_likelihoods(merged, ids, 4096).tolist(), abs=1e-3)
    assert scores != pytest.approx(score(layout, BASE), abs=1)


def test_the_tokenizer_of_an_adapter_is_its_own_if_it_has_one(
    layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without BOS the first token of a text is not scored."""
    score_here(monkeypatch)
    scores = score(layout, ENTRY)
    tiny_tokenizer(add_bos=False).save_pretrained(layout.root / "models" / "lora")
    assert score(layout, ENTRY) != scores


@pytest.mark.parametrize("changed", ["base", "lora"])
def test_both_parts_are_in_the_fingerprint(layout: Layout, changed: str) -> None:
    """Another base or another adapter has other scores."""
    spec = ModelSpec.model_validate(ENTRY)
    before = revisions(spec, layout)
    (layout.root / "models" / changed / "README.md").write_text("changed")
    assert revisions(spec, layout)[0] != before[0]


@pytest.mark.parametrize("key", ["location", "revision"])
def test_the_commit_and_name_of_a_base_on_the_hub_are_in_the_fingerprint(
    layout: Layout, key: str
) -> None:
    """Both are pinned."""
    base = {**BASE, "source": "hub", "location": "a/b", "revision": "0" * 40}
    other = {**base, key: {"location": "a/c", "revision": "1" * 40}[key]}
    one, two = (ModelSpec.model_validate({**ENTRY, "base": each}) for each in (base, other))
    assert revisions(one, layout)[0] != revisions(two, layout)[0]


def refusal(layout: Layout, monkeypatch: pytest.MonkeyPatch, entry: dict[str, Any]) -> str:
    """Return the line with which a model is refused."""
    score_here(monkeypatch)
    with pytest.raises(UserError) as caught:
        score(layout, entry)
    check_line(str(caught.value))
    return str(caught.value)


def test_an_adapter_without_a_base_is_refused(
    layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    """transformers would load the newest commit of the base that the adapter's files name."""
    entry = {key: value for key, value in ENTRY.items() if key != "base"}
    told = refusal(layout, monkeypatch, entry)
    assert "model lora cannot be loaded: its files are an adapter: name the model that it" in told


def test_an_adapter_beside_a_whole_model_is_refused(layout: Layout) -> None:
    """It is not clear whether the adapter is meant."""
    shutil.copy(layout.root / "models/lora/adapter_config.json", layout.root / "models/base")
    with pytest.raises(UserError, match="model base cannot be loaded: its files are an adapter"):
        load_model(layout.root / "models/base", ModelSpec.model_validate(BASE), "cpu")


def test_pickled_adapters_are_never_opened(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pickle may run code."""
    folder = layout.root / "models" / "lora"
    (folder / "adapter_model.safetensors").rename(folder / "adapter_model.bin")
    told = refusal(layout, monkeypatch, ENTRY)
    assert "model lora cannot be loaded: its adapter has no adapter_model.safetensors" in told


def test_an_adapter_that_is_no_lora_is_refused(
    layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Others change the input, and would need code of their own here."""
    path = layout.root / "models" / "lora" / "adapter_config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "peft_type": "PROMPT_TUNING"}))
    told = refusal(layout, monkeypatch, ENTRY)
    assert "model lora cannot be loaded: its adapter is PROMPT_TUNING, not LORA" in told


@pytest.mark.parametrize("renamed", [("layers.0", "layers.7"), ("lora_A", "lora_X")])
def test_weights_that_do_not_fit_refuse_an_adapter(
    layout: Layout, monkeypatch: pytest.MonkeyPatch, renamed: tuple[str, str]
) -> None:
    """The rest would be an adapter of random weights."""
    from safetensors.torch import load_file, save_file

    path = layout.root / "models" / "lora" / "adapter_model.safetensors"
    save_file({name.replace(*renamed): w for name, w in load_file(path).items()}, path)
    told = refusal(layout, monkeypatch, ENTRY)
    assert (
        "model lora cannot be loaded: its weights are not those that its adapter_config.json"
        in told
    )
    assert "missing: " in told
    assert "unexpected: " in told


def test_an_adapter_of_integers_is_refused(layout: Layout) -> None:
    """The integers would be its weights."""
    from safetensors.torch import load_file, save_file

    path = layout.root / "models" / "lora" / "adapter_model.safetensors"
    save_file({name: (50 * w).char() for name, w in load_file(path).items()}, path)
    with pytest.raises(UserError, match=r"not floating-point numbers: base_model\..* and 3 more$"):
        load_model(path.parent.parent / "base", ModelSpec.model_validate(ENTRY), "cpu", path.parent)


def test_base_is_the_name_of_a_model_of_the_roster() -> None:
    """roster.yaml then has all that says which model it is."""
    models: dict[str, dict[str, object]] = {
        "one": {"source": "hub", "location": "a/b", "family": "f", "kind": "base"},
        "two": {**KEYS, "kind": "finetune", "base": "one"},
    }
    zoo = ZooSettings(seed=0, families=[])
    made = roster_models(Roster(models=models), zoo, {"a/b": "0" * 40})
    spec = ModelSpec.model_validate(made[1])
    assert spec.base is not None
    assert (spec.base.location, spec.base.revision) == ("a/b", "0" * 40)
    for base, problem in (("three", "no model of the roster"), ("two", "an adapter itself")):
        wrong = Roster(models={**models, "two": {**models["two"], "base": base}})
        with pytest.raises(UserError, match=f"^model two: its base {base} is {problem}; correct"):
            roster_models(wrong, zoo, {})


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ({"base": {**BASE, "base": BASE}}, "the base of an adapter cannot be an adapter"),
        ({"source": "gguf"}, "an adapter comes from the hub or a directory, not from gguf"),
        (
            {"base": {**BASE, "source": "imported", "location": "base"}},
            "the base of an adapter cannot be an imported model",
        ),
        (
            {"base": {**BASE, "trust_remote_code": True}},
            "the base of an adapter cannot have code of its own",
        ),
    ],
)
def test_bases_that_cannot_be_are_told(keys: dict[str, object], told: str) -> None:
    """One line for each."""
    with pytest.raises(UserError) as caught:
        checked(ModelSpec, {**ENTRY, **keys}, "entry")
    assert told in str(caught.value)
