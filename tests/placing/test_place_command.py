"""`modelmap place` on the map of the micro project."""

import json
import shutil
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch
from helpers.shared_project import Owner
from transformers import BertConfig, BertLMHeadModel

import modelmap
from modelmap.__main__ import main
from modelmap.placing import new_model
from modelmap.placing.answer import _lonely
from modelmap.placing.command import as_json
from modelmap.plumbing.tables import read_parquet
from modelmap.score import loading
from modelmap.score.at_once import scored_at_once


def answer_of(root: Path, *arguments: str) -> dict[str, Any]:
    """Run the command in a folder with these arguments, and return what it writes as JSON."""
    target = root / "answer.json"
    assert main(["--root", str(root), "place", *arguments, "--json", str(target)]) == 0
    answer: dict[str, Any] = json.loads(target.read_text())
    return answer


def test_a_model_of_the_map_is_placed_beside_itself(
    owner: Owner, capsys: pytest.CaptureFixture[str]
) -> None:
    """A copy of a known model under another name: KL 0 to that model, which is the nearest."""
    found = answer_of(owner.root, str(owner.root / "data/zoo/tiny-gpt2-a"), "--texts", "6")
    assert "nearest: tiny-gpt2-a" in capsys.readouterr().out
    assert found["n_texts"] == 6
    assert found["models"][0]["model"] == "tiny-gpt2-a"
    assert found["models"][0]["kl_bits_per_byte"] == pytest.approx(0, abs=1e-6)
    assert len(found["models"]) == len(read_parquet(owner.root / "data/models.parquet")[0])


def test_a_model_of_the_roster_is_placed_among_the_others(owner: Owner) -> None:
    """It is left out of the map that it is placed on, and its intervals hold most known KLs."""
    answer = answer_of(owner.root, "tiny-llama-a", "--texts", "12")
    models = {row["model"]: row for row in answer["models"]}
    assert "tiny-llama-a" not in models
    kl = read_parquet(owner.root / "data/kl.parquet")[0]
    pairs = kl[(kl["model_a"] == "tiny-llama-a") | (kl["model_b"] == "tiny-llama-a")]
    covered = []
    for row in pairs.itertuples():
        other = models[row.model_b if row.model_a == "tiny-llama-a" else row.model_a]
        low, high = other["low_bits_per_byte"], other["high_bits_per_byte"]
        covered.append(low <= row.kl_bits_per_byte <= high)
    assert sum(covered) >= 0.7 * len(covered)


def test_a_bundle_in_an_empty_folder_needs_no_project(owner: Owner, tmp_path: Path) -> None:
    """Neither a project nor its data is needed to find the model that a copy was made of."""
    assert main(["--root", str(owner.root), "export", "--segments", "all"]) == 0
    empty = tmp_path / "empty"
    empty.mkdir()
    model = str(owner.root / "data/zoo/tiny-neox-a")
    answers = [
        answer_of(root, model, "--texts", "6", *options)
        for root, options in ((owner.root, []), (empty, ["--map", str(owner.root / "bundle")]))
    ]
    # The bundle withholds texts by licence, so that the first six are others; but the model is a
    # copy of one that is known, whose KLs from all texts of the map it then has.
    assert [answer["models"][0]["model"] for answer in answers] == ["tiny-neox-a", "tiny-neox-a"]
    assert answers[0]["n_texts"] == answers[1]["n_texts"] == 6


def test_a_bundle_without_segments_is_one_line(
    owner: Owner, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the command that exports it again."""
    assert main(["--root", str(owner.root), "export", "--segments", "0"]) == 0
    capsys.readouterr()
    arguments = ["place", "tiny-neox-a", "--map", str(owner.root / "bundle")]
    assert main(["--root", str(owner.root), *arguments]) != 0
    assert "has no log-likelihoods of segments" in capsys.readouterr().err


def test_a_bundle_of_texts_that_were_not_chosen_at_random_is_refused(
    owner: Owner, capsys: pytest.CaptureFixture[str]
) -> None:
    """Estimates from them would need the weights of the plan."""
    assert main(["--root", str(owner.root), "export"]) == 0
    capsys.readouterr()
    path = owner.root / "bundle/manifest.json"
    content = json.loads(path.read_text())
    content["analysis"]["plan"]["size_measure"] = "ls"
    path.write_text(json.dumps(content))
    assert main(["--root", str(owner.root), "place", "tiny-neox-a", "--map", str(path.parent)]) != 0
    assert "chose by ls, which are no simple random sample" in capsys.readouterr().err


def test_the_page_is_one_file_that_loads_nothing(
    owner: Owner, capsys: pytest.CaptureFixture[str]
) -> None:
    """It names every model and the new one, is well-formed, and has no address in it."""
    target = owner.root / "answer.html"
    arguments = ["place", "tiny-llama-a", "--texts", "5", "--html", str(target)]
    assert main(["--root", str(owner.root), *arguments]) == 0
    capsys.readouterr()
    content = target.read_text()
    assert "http" not in content
    names = read_parquet(owner.root / "data/models.parquet")[0]["model"]
    assert all(f"{name}<" in content for name in names)
    assert content.count("<circle") == len(names)
    svg = content[content.index("<svg") : content.index("</svg>") + 6]
    assert "nan" not in svg


def test_scores_are_kept(
    owner: Owner, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The second command with as many texts, or fewer, loads no model."""
    arguments = ["--root", str(owner.root), "place", "tiny-neox-a", "--texts"]
    assert main([*arguments, "8"]) == 0
    first = capsys.readouterr().out
    monkeypatch.setattr(loading, "load_model", None)
    assert main([*arguments, "8"]) == 0
    assert capsys.readouterr().out == first
    assert main([*arguments, "5"]) == 0


def test_an_interrupted_command_goes_on_where_it_stopped(
    owner: Owner, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The texts that were scored before the interruption are not scored again."""
    scored: list[int] = []

    def counted(*arguments: Any) -> pd.DataFrame:
        scored.append(len(arguments[2]))
        if interrupt and len(scored) == 2:
            raise KeyboardInterrupt
        return scored_at_once(*arguments)

    arguments = ["--root", str(owner.root), "place", "tiny-gpt2-a", "--texts", "20"]
    monkeypatch.setattr(new_model, "scored_at_once", counted)
    interrupt = True
    assert main(arguments) != 0
    assert "Traceback" not in capsys.readouterr().err
    interrupt = False
    assert main(arguments) == 0
    assert scored == [8, 8, 8, 4]
    assert "20 of 64 texts" in capsys.readouterr().out


def test_a_model_that_is_not_causal_is_one_line(
    owner: Owner, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A BERT that reads from both sides, with the tokenizer of another model."""
    folder = Path(shutil.copytree(owner.root / "data/zoo/tiny-gpt2-a", tmp_path / "bert"))
    n_tokens = json.loads((folder / "config.json").read_text())["vocab_size"]
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=n_tokens,
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
        initializer_range=1.0,
    )
    BertLMHeadModel(config).save_pretrained(folder)
    capsys.readouterr()
    assert main(["--root", str(owner.root), "place", str(folder)]) != 0
    written = capsys.readouterr()
    assert "is not causal: later tokens change earlier log-probabilities" in written.err
    assert written.err.count("\n") == 1
    assert written.out == ""


def test_a_bundle_of_a_newer_format_is_one_line(
    owner: Owner, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With what to do: install a newer version."""
    assert main(["--root", str(owner.root), "export"]) == 0
    bundle = Path(shutil.copytree(owner.root / "bundle", tmp_path / "newer"))
    manifest = bundle / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"format": 3', '"format": 4'))
    capsys.readouterr()
    assert main(["--root", str(owner.root), "place", "tiny-gpt2-a", "--map", str(bundle)]) != 0
    assert capsys.readouterr().err == (
        "modelmap place: newer/manifest.json has format 4, and this version of modelmap reads "
        "formats up to 3: install a newer version\n"
    )


def test_more_texts_until_the_error_is_reached(owner: Owner) -> None:
    """A smaller error needs more texts; all texts leave none."""
    numbers = []
    for error in ("0.2", "0.01"):
        found = answer_of(owner.root, "tiny-neox-a", "--error", error)
        assert found["relative_error"] <= float(error) or found["n_texts"] == 64
        numbers.append(found["n_texts"])
    assert numbers[0] < numbers[1]


def test_the_answer_has_a_verdict_and_bits_per_byte_by_category(
    owner: Owner, capsys: pytest.CaptureFixture[str]
) -> None:
    """A copy is called one, with its confidence; the function returns what the command writes."""
    model = str(owner.root / "data/zoo/tiny-gpt2-a")
    answer = answer_of(owner.root, model, "--texts", "8")
    written = capsys.readouterr().out
    assert answer["verdict"].startswith("copy of tiny-gpt2-a")
    assert f"verdict: {answer['verdict']} ({answer['confidence']:.0%})" in written
    assert answer["confidence"] == max(answer["confidences"].values())
    assert "do not prove" in written
    categories = {row["category"]: row for row in answer["bits"]}
    assert sum(row["n_texts"] for row in categories.values()) == 16
    assert categories["all"]["low_bits_per_byte"] < categories["all"]["bits_per_byte"]
    found = modelmap.place(model, root=owner.root, texts=8)
    assert json.loads(as_json(found)) == answer


def test_two_models_of_the_map_are_compared_without_scoring(
    owner: Owner, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """On all texts; a model that the map does not know is scored on a few."""
    target = owner.root / "texts.json"
    arguments = [
        "--root",
        str(owner.root),
        "place",
        "--json",
        str(target),
        "--compare",
        "tiny-neox-a",
    ]
    assert main([*arguments, str(owner.root / "data/zoo/tiny-gpt2-a"), "--texts", "4"]) == 0
    assert len(json.loads(target.read_text())["texts"]) == 4
    monkeypatch.setattr(loading, "load_model", None)
    capsys.readouterr()
    assert main([*arguments, "tiny-gpt2-a"]) == 0
    assert capsys.readouterr().out.startswith(
        "tiny-neox-a and tiny-gpt2-a on 64 texts: half of their KL is from"
    )
    shares = [text["kl_share"] for text in json.loads(target.read_text())["texts"]]
    assert shares == sorted(shares, reverse=True)
    assert sum(shares) == pytest.approx(1)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "name one model to place, or two with --compare"),
        (
            ["tiny-neox-a", "--compare", "tiny-neox-a", "tiny-llama-a"],
            "name one model to place, or two",
        ),
        (["--compare", "tiny-neox-a", "tiny-neox-a"], "name two different models"),
        (["./no-such-model"], "no-such-model does not exist: name a directory, a GGUF file or a"),
        (["nowhere.gguf"], "nowhere.gguf does not exist: name a directory"),
        ([__file__], "test_place_command.py is neither a directory nor a GGUF file: name a"),
        ([str(Path(__file__).parent)], "placing has no config.json, so that it is not the"),
        (["tiny-llama-a", "--texts", "2"], "--texts 2: give a number from 4 to"),
        (["tiny-llama-a", "--error", "0"], "--error 0: give a number above 0"),
        (["tiny-llama-a", "--seconds", "-1"], "--seconds -1: give a number above 0"),
        ([""], "the name of the model is empty"),
        (
            ["--compare", "tiny-neox-a", "tiny-llama-a", "--error", "0.1"],
            "--error has no effect with --compare: give --texts",
        ),
        (
            ["--compare", "tiny-neox-a", "tiny-llama-a", "--seconds", "9"],
            "--seconds has no effect with --compare: give --texts",
        ),
        (
            ["tiny-llama-a", "--json", "answer", "--html", "./answer"],
            "--json and --html both name answer: give two files",
        ),
    ],
)
def test_what_is_wrong_is_one_line(
    owner: Owner, arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The exit code is not 0, and nothing is printed but the message."""
    assert main(["--root", str(owner.root), "place", *arguments]) != 0
    written = capsys.readouterr()
    assert message in written.err
    assert written.err.count("\n") == 1
    assert written.out == ""


def test_a_folder_without_a_map_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With what to name instead."""
    assert main(["--root", str(tmp_path), "place", "tiny-llama-a"]) != 0
    assert capsys.readouterr().err == (
        "modelmap place: there is no map here: name a bundle with --map, or run `dvc repro` in a "
        "project\n"
    )


def test_a_nearest_model_without_relatives_on_the_map_is_told() -> None:
    """How near the models of its family are cannot be learnt from it."""
    models = pd.DataFrame({"family": ["a", "a", "b"]})
    assert _lonely(models, 0) == _lonely(models, 1) == []
    (told,) = _lonely(models, 2)
    assert told.startswith("the map has one model of the family b only")
