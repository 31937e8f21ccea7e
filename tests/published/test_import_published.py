"""The authors' files become the pipeline's own matrix, all or nothing."""

import errno
import json
import os
import shutil
import tempfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from helpers import ROOT
from helpers.published_files import (
    N_MODELS,
    N_TEXTS,
    NAMES,
    made_up_lines,
    made_up_metadata,
    made_up_values,
    vectors_of,
    write_lines,
    write_pickle,
)

from modelmap.__main__ import main
from modelmap.corpus import stage as corpus_stage
from modelmap.matrix import stage as matrix_stage
from modelmap.matrix.file import read_matrix
from modelmap.matrix.segments_file import read_segments
from modelmap.matrix.tables import IMPORTED_MODELS, MODELS
from modelmap.models.file import read_roster
from modelmap.plumbing.errors import UserError
from modelmap.plumbing.layout import Layout
from modelmap.plumbing.tables import read_table
from modelmap.published.importing import run
from modelmap.published.request import Request
from modelmap.resolve import stage as resolve_stage
from modelmap.score import stage as score_stage
from modelmap.score.jobs import JobList
from modelmap.score.store import write_index, write_scores
from modelmap.texts import stage as texts_stage
from modelmap.texts.segments import segments
from modelmap.zoo import stage as zoo_stage

pytestmark = pytest.mark.pipeline


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    """Return a project set to experiment imported, with the authors' files beside it."""
    root = tmp_path / "project"
    shutil.copytree(
        ROOT / "conf", root / "conf", ignore=shutil.ignore_patterns("local", "imported.yaml.*")
    )
    (root / "conf" / "imported.yaml").unlink(missing_ok=True)
    params = yaml.safe_load((ROOT / "params.yaml").read_text())
    (root / "params.yaml").write_text(yaml.safe_dump({**params, "experiment": "imported"}))
    write_pickle(tmp_path / "raw.pkl", vectors_of(made_up_values(), NAMES))
    write_pickle(tmp_path / "meta.pkl", made_up_metadata())
    write_lines(tmp_path / "texts.jsonl", made_up_lines())
    return Layout(root)


def run_stages(layout: Layout) -> None:
    """Run the stages up to the matrix."""
    for stage in (resolve_stage, corpus_stage, texts_stage, zoo_stage, score_stage, matrix_stage):
        stage.run(layout)


def add_models(layout: Layout, **entries: dict[str, object]) -> None:
    """Add entries of models of one's own to those that were imported."""
    path = layout.conf / "models" / "imported.yaml"
    content = yaml.safe_load(path.read_text())
    # Copied, since one entry given twice would be written as an alias.
    content["models"].update({name: dict(entry) for name, entry in entries.items()})
    path.write_text("# @package roster\n" + yaml.safe_dump(content, sort_keys=False))


def request(layout: Layout, **changes: Any) -> Request:
    """Return what the command line would name."""
    outside = layout.root.parent
    files = {
        "source": outside / "raw.pkl",
        "texts": outside / "texts.jsonl",
        "metadata": outside / "meta.pkl",
        "unpublished": False,
    }
    return Request(**{**files, **changes})


def told_by(layout: Layout, **changes: Any) -> str:
    """Return the one line that an import is refused with; nothing is written."""
    before = layout.import_record.exists()
    with pytest.raises(UserError) as caught:
        run(layout, request(layout, **changes))
    assert layout.import_record.exists() == before
    assert layout.imported.exists() == before
    return str(caught.value)


def test_imported_files_become_the_matrix_without_scoring(
    layout: Layout, capsys: pytest.CaptureFixture[str]
) -> None:
    """The stages up to the matrix run; values, names, texts and bytes are those of the files."""
    run(layout, request(layout))
    assert capsys.readouterr().err == ""
    run_stages(layout)
    matrix = read_matrix(layout.matrix)
    np.testing.assert_array_equal(matrix.loglik_nats, made_up_values())
    assert matrix.models == NAMES
    assert matrix.clip_threshold == np.quantile(made_up_values(), 0.02)
    n_bytes = [len(line["text"].encode()) for line in made_up_lines()]
    assert matrix.mean_bytes == np.mean(n_bytes)
    assert read_table(layout.models, MODELS)["family"].nunique() == 2
    assert list(layout.scores.iterdir()) == list(layout.zoo.iterdir()) == []
    roster = read_roster(layout.roster)
    assert [(spec.name, spec.source) for spec in roster] == [(name, "imported") for name in NAMES]
    metrics = json.loads(layout.metrics("matrix").read_text())
    assert (metrics["truncated_texts"], metrics["lossy_texts"]) == (None, None)
    models = read_table(layout.imported / "models.parquet", IMPORTED_MODELS)
    expected = models.assign(n_texts=N_TEXTS)
    pd.testing.assert_frame_equal(read_table(layout.models, MODELS), expected)
    for name in ("matrix", "texts"):
        brought = layout.imported / f"{name}.parquet"
        assert (layout.root / "data" / brought.name).read_bytes() == brought.read_bytes()


def test_the_command_line_imports_and_refuses(
    layout: Layout, capsys: pytest.CaptureFixture[str]
) -> None:
    """`modelmap import` says what to do next, or what is wrong in one line."""
    outside = layout.root.parent
    command = ["--root", str(layout.root), "import", str(outside / "raw.pkl")]
    assert main([*command, "--metadata", str(outside / "meta.pkl")]) == 1
    assert capsys.readouterr().err == (
        "modelmap import: raw.pkl has no texts: name the authors' JSONL file with --texts\n"
    )
    assert main([*command, "--texts", str(outside / "texts.jsonl"), "--unpublished"]) == 0
    told = capsys.readouterr().out
    assert told.startswith(f"imported {N_MODELS} models on {N_TEXTS} texts: set `experiment: ")
    assert main(["--root", str(layout.root), "export"]) == 1
    assert "matrix.parquet is missing" in capsys.readouterr().err


def test_the_same_files_give_the_same_bytes(layout: Layout) -> None:
    """Imported twice, in place of itself."""
    run(layout, request(layout))
    files = [layout.import_record, *sorted(layout.imported.iterdir())]
    before = [path.read_bytes() for path in files]
    run(layout, request(layout))
    assert [path.read_bytes() for path in files] == before
    assert [path.name for path in layout.imported.parent.iterdir()] == ["imported"]


def test_without_metadata_every_model_stays_and_is_told(
    layout: Layout, capsys: pytest.CaptureFixture[str]
) -> None:
    """In one line; families are unknown."""
    run(layout, request(layout, metadata=None))
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"modelmap import: no metadata for {N_MODELS} of {N_MODELS} models: aa/")
    models = read_table(layout.imported / "models.parquet", IMPORTED_MODELS)
    assert models["family"].unique().tolist() == ["unknown"]


def test_a_failed_import_leaves_the_earlier_one(layout: Layout) -> None:
    """Bytes and record."""
    run(layout, request(layout))
    before = {path: path.read_bytes() for path in layout.imported.iterdir()}
    record = layout.import_record.read_text()
    values = made_up_values()
    values[0, 0] = np.nan
    write_pickle(layout.root.parent / "raw.pkl", vectors_of(values, NAMES))
    told = told_by(layout)
    assert told == "raw.pkl: not a log-likelihood from -1e+15 to 0 nats: aa/Base-7B on text 0"
    assert {path: path.read_bytes() for path in layout.imported.iterdir()} == before
    assert layout.import_record.read_text() == record


def test_what_the_command_line_lacks_is_told(layout: Layout) -> None:
    """Files that are not there, and texts that are not named."""
    gone = layout.root / "gone.pkl"
    assert told_by(layout, source=gone, metadata=gone) == "no such file: gone.pkl, gone.pkl"
    assert told_by(layout, texts=None) == (
        "raw.pkl has no texts: name the authors' JSONL file with --texts"
    )


@pytest.mark.parametrize("option", ["texts", "metadata"])
def test_a_folder_or_a_pipe_in_a_files_place_is_told(layout: Layout, option: str) -> None:
    """Neither is read: a pipe that nobody writes into would be waited for."""
    outside = layout.root.parent
    (outside / "folder").mkdir()
    os.mkfifo(outside / "pipe")
    assert told_by(layout, **{option: outside / "folder"}) == "not a file: folder"
    assert told_by(layout, **{option: outside / "pipe"}) == "not a file: pipe"
    assert told_by(layout, source=outside / "pipe") == "not a file: pipe"


@pytest.mark.parametrize("kind", ["zip", "tar", "gztar", "bztar", "xztar"])
def test_an_archive_is_told_to_be_unpacked_first(layout: Layout, kind: str) -> None:
    """Such as a bundle as it was downloaded, or packed files of the authors."""
    packed = Path(shutil.make_archive(str(layout.root.parent / "x"), kind, layout.conf))
    told = f"{packed.name} is an archive: unpack it, then import what is in it"
    assert told_by(layout, source=packed) == told
    assert told_by(layout, texts=packed) == told
    assert told_by(layout, metadata=packed) == told


@pytest.mark.parametrize("name", ["a\x1b[2J.jsonl", "a\nb.jsonl", "a\udcff.jsonl"])
def test_a_file_whose_name_cannot_be_shown_is_told(layout: Layout, name: str) -> None:
    """It would become the source of every text: control characters, and what is not UTF-8."""
    outside = layout.root.parent
    shutil.copy(outside / "texts.jsonl", outside / name)
    told = told_by(layout, texts=outside / name)
    assert told.endswith(" has control characters in its name: rename the file")


@pytest.mark.parametrize("part", ["data", "conf"])
def test_a_folder_that_cannot_be_written_leaves_the_earlier_import(
    layout: Layout, part: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Neither the files nor their record are replaced alone, and the folder is named."""
    outside = layout.root.parent
    files = [str(outside / name) for name in ("raw.pkl", "texts.jsonl")]
    command = ["--root", str(layout.root), "import", files[0], "--texts", files[1]]
    assert main(command) == 0
    before = {path: path.read_bytes() for path in layout.root.rglob("*") if path.is_file()}
    write_pickle(outside / "raw.pkl", vectors_of(made_up_values(seed=1), NAMES))
    # Root may write everywhere, so the refusal is made up.
    for name in ("mkstemp", "mkdtemp"):
        monkeypatch.setattr(tempfile, name, refusing(getattr(tempfile, name), layout.root / part))
    capsys.readouterr()
    assert main(command) == 1
    assert capsys.readouterr().err.splitlines()[-1] == (
        f"modelmap import: {part}: Permission denied; check the permissions of the file and of "
        "its folder"
    )
    after = {path: path.read_bytes() for path in layout.root.rglob("*") if path.is_file()}
    assert after == before


def refusing(make: Callable[..., Any], folder: Path) -> Callable[..., Any]:
    """Return a function of tempfile that makes nothing in a folder."""

    def refuse(*args: Any, **options: Any) -> Any:
        if options.get("dir") == folder:
            name = f"{folder}/{options['prefix']}x{options['suffix']}"
            raise PermissionError(errno.EACCES, "Permission denied", name)
        return make(*args, **options)

    return refuse


def test_a_year_of_fewer_digits_and_odd_families_are_imported(layout: Layout) -> None:
    """A date of year 1 and a family of control characters stop nothing."""
    metadata = made_up_metadata()
    metadata[0]["created_at"] = datetime(1, 1, 1)
    metadata[1]["model_type"] = "\x1b[2J\ud800"
    write_pickle(layout.root.parent / "meta.pkl", metadata)
    run(layout, request(layout))
    run_stages(layout)
    models = read_table(layout.models, MODELS)
    assert models["created"].iloc[0] == "0001-01-01"
    assert models["family"].iloc[1] == "unknown"


def test_fewer_than_four_models_draw_no_map(layout: Layout) -> None:
    """As in every other experiment."""
    write_pickle(layout.root.parent / "raw.pkl", vectors_of(made_up_values(n_models=3), NAMES[:3]))
    assert told_by(layout) == "a map needs at least 4 models, raw.pkl has 3"


def test_a_clipped_file_is_told_and_imported(
    layout: Layout, capsys: pytest.CaptureFixture[str]
) -> None:
    """What was clipped away is lost for new models, which must know."""
    values = np.maximum(made_up_values(), -700.0)
    write_pickle(layout.root.parent / "raw.pkl", vectors_of(values, NAMES))
    run(layout, request(layout))
    assert capsys.readouterr().err == (
        "modelmap import: raw.pkl is clipped at -700.000 nats: lower values are lost, and new "
        "models must be clipped at the same value\n"
    )


def test_nearly_published_data_is_refused_unless_it_is_said_to_be_other(
    layout: Layout, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Data of the published shape and names has the printed values, or is told to differ."""
    monkeypatch.setattr("modelmap.published.golden.N_MODELS", N_MODELS)
    monkeypatch.setattr("modelmap.published.golden.N_TEXTS", N_TEXTS)
    names = ["meta-llama/Llama-2-7b-hf", "aaditya/Llama3-OpenBioLLM-8B", *NAMES[2:]]
    write_pickle(layout.root.parent / "raw.pkl", vectors_of(made_up_values(), names))
    told = told_by(layout, metadata=None)
    assert told.startswith("raw.pkl is not the published data: the smallest value is -")
    assert "the mean number of bytes is" in told
    assert told.endswith("import it with --unpublished if that is intended")
    run(layout, request(layout, metadata=None, unpublished=True))
    assert "the smallest value is -" in capsys.readouterr().err


def test_a_stage_tells_if_imported_files_are_gone_or_changed(layout: Layout) -> None:
    """Each with what to do."""
    run(layout, request(layout))
    resolve_stage.run(layout)
    path = layout.imported / "texts.parquet"
    path.write_bytes(path.read_bytes() + b" ")
    with pytest.raises(UserError) as caught:
        corpus_stage.run(layout)
    again = "run `modelmap import` again, or `dvc pull data/imported` where DVC tracks it"
    assert str(caught.value) == (
        f"data/imported/texts.parquet is not what conf/imported.yaml says was imported: {again}"
    )
    path.unlink()
    with pytest.raises(UserError) as caught:
        corpus_stage.run(layout)
    assert str(caught.value) == f"data/imported/texts.parquet is missing: {again}"


def test_the_matrix_is_refused_on_other_texts(layout: Layout) -> None:
    """After a new import of other texts, before the stage texts has run."""
    run(layout, request(layout))
    for stage in (resolve_stage, corpus_stage, texts_stage):
        stage.run(layout)
    lines = made_up_lines()
    lines[0]["text"] += "!"
    write_lines(layout.root.parent / "texts.jsonl", lines)
    run(layout, request(layout))
    resolve_stage.run(layout)
    with pytest.raises(UserError) as caught:
        matrix_stage.run(layout)
    assert str(caught.value) == (
        "texts.parquet is not the text set of the imported matrix: run `dvc repro`"
    )


def test_the_experiment_needs_an_import_and_its_texts(layout: Layout) -> None:
    """Imported models are never beside scores of other texts; other experiments see no import."""
    with pytest.raises(UserError) as caught:
        resolve_stage.run(layout)
    assert str(caught.value) == (
        "nothing is imported here: run `modelmap import`, or change experiment"
    )
    run(layout, request(layout))
    experiment = layout.conf / "experiment" / "imported.yaml"
    experiment.write_text(experiment.read_text().replace("/corpus: imported", "/corpus: micro"))
    with pytest.raises(UserError) as caught:
        resolve_stage.run(layout)
    assert str(caught.value) == (
        "imported models need the texts they were scored on: corpus imported"
    )
    params = layout.params.read_text()
    layout.params.write_text(params.replace("experiment: imported", "experiment: micro"))
    resolve_stage.run(layout)
    assert yaml.safe_load(layout.resolved.read_text())["imported"] == {}


@pytest.fixture
def made_up_scores(monkeypatch: pytest.MonkeyPatch) -> pd.DataFrame:
    """Make scoring write these scores for every model, which it need not load; return them."""
    n_segments = [len(segments(str(line["text"]))) for line in made_up_lines()]
    scores = pd.DataFrame(
        {
            "text_id": range(N_TEXTS),
            "loglik_nats": -np.arange(1.0, N_TEXTS + 1),
            "n_tokens": 10,
            "truncated": [True, True, True] + [False] * (N_TEXTS - 3),
            "lossless": [False, False] + [True] * (N_TEXTS - 2),
            "scored_from": 0,
            "scored_to": [len(str(line["text"]).encode()) for line in made_up_lines()],
            "segments_nats": [
                np.full(n, -(i + 1.0) / n, dtype=np.float32) for i, n in enumerate(n_segments)
            ],
        }
    )

    def score_all(job_list: JobList, overrides: object) -> None:
        for job in job_list.jobs:
            path = job_list.layout.scores / job.spec.file_name
            write_scores(scores, path, job.identity, {"n_params": 1000, "added_bos": True})
            write_index(job_list.layout.scores, {path.name: job.fingerprint})

    monkeypatch.setattr(score_stage, "score_all", score_all)
    return scores


def test_a_model_of_ones_own_stands_beside_the_imported_ones(
    layout: Layout, made_up_scores: pd.DataFrame
) -> None:
    """It is scored on their texts and comes last; what scoring counts, counts it alone."""
    run(layout, request(layout))
    (layout.root / "data" / "models" / "mine").mkdir(parents=True)
    own = {"source": "directory", "location": "data/models/mine", "family": "own", "kind": "base"}
    add_models(layout, mine={**own, "parent": NAMES[2]})
    run_stages(layout)
    assert [spec.name for spec in read_roster(layout.roster)] == [*NAMES, "mine"]
    matrix = read_matrix(layout.matrix)
    assert matrix.models == [*NAMES, "mine"]
    np.testing.assert_array_equal(matrix.loglik_nats[:-1], made_up_values())
    assert sorted(path.name for path in layout.scores.glob("*.parquet")) == ["mine.parquet"]
    np.testing.assert_array_equal(matrix.loglik_nats[-1], made_up_scores["loglik_nats"])
    assert matrix.clip_threshold == np.quantile(matrix.loglik_nats, 0.02)
    models = read_table(layout.models, MODELS)
    assert models["model"].tolist() == matrix.models
    imported = read_table(layout.imported / "models.parquet", IMPORTED_MODELS)
    pd.testing.assert_frame_equal(models.iloc[:-1], imported.assign(n_texts=N_TEXTS))
    assert models.iloc[-1][["family", "parent", "n_params"]].tolist() == ["own", NAMES[2], 1000]
    metrics = json.loads(layout.metrics("matrix").read_text())
    assert metrics["n_models"] == N_MODELS + 1
    assert (metrics["truncated_texts"], metrics["lossy_texts"]) == (3, 2)
    assert read_segments(layout.segments, layout.segment_table).models == ["mine"]


def test_some_of_the_imported_models_may_be_chosen(layout: Layout) -> None:
    """As entries of their own, in any order: their rows and what is known of them are theirs."""
    run(layout, request(layout))
    chosen = NAMES[4:0:-1]
    entry: dict[str, object] = {"source": "imported", "family": "f", "kind": "k"}
    add_models(layout, **dict.fromkeys(chosen, entry))
    path = layout.conf / "models" / "imported.yaml"
    path.write_text(path.read_text().replace("imported: true", "imported: false"))
    run_stages(layout)
    matrix = read_matrix(layout.matrix)
    assert matrix.models == read_table(layout.models, MODELS)["model"].tolist() == chosen
    np.testing.assert_array_equal(matrix.loglik_nats, made_up_values()[4:0:-1])


def test_a_name_that_an_imported_model_has_is_refused(layout: Layout) -> None:
    """All such names are told in one line, and the earlier roster stays."""
    run(layout, request(layout))
    resolve_stage.run(layout)
    roster = layout.roster.read_text()
    own: dict[str, object] = {"source": "directory", "family": "own", "kind": "base"}
    add_models(layout, **{NAMES[3]: own, "mine": own, NAMES[0]: own})
    with pytest.raises(UserError) as caught:
        resolve_stage.run(layout)
    assert str(caught.value) == (
        f"models named twice: {NAMES[0]}, {NAMES[3]}; rename one in conf/models"
    )
    assert layout.roster.read_text() == roster


def test_imported_models_that_were_not_imported_are_named(layout: Layout) -> None:
    """Entries of other names, and entries that would rename a model, stop in one line."""
    run(layout, request(layout))
    entry: dict[str, object] = {"source": "imported", "family": "f", "kind": "k"}
    add_models(layout, **{"other/Name": entry, "other/Too": entry})
    with pytest.raises(UserError) as caught:
        run_stages(layout)
    assert str(caught.value) == (
        "models that were not imported: other/Name, other/Too; correct conf/models"
    )
    add_models(layout, **{"other/Name": {**entry, "location": NAMES[0]}})
    with pytest.raises(UserError, match="an imported model keeps its name: leave out its location"):
        resolve_stage.run(layout)


def test_every_name_that_may_be_imported_may_be_on_the_map(layout: Layout) -> None:
    """Names that no score file could have, too: an imported model has none."""
    names = ["_a", "b__c", "d/_e", "f_/g", *NAMES[4:]]
    write_pickle(layout.root.parent / "raw.pkl", vectors_of(made_up_values(), names))
    run(layout, request(layout, metadata=None))
    run_stages(layout)
    assert read_matrix(layout.matrix).models == names


def test_a_record_edited_by_hand_is_refused_key_by_key(layout: Layout) -> None:
    """Every wrong key of conf/imported.yaml is named."""
    run(layout, request(layout))
    record = yaml.safe_load(layout.import_record.read_text())
    record["sha256"]["matrix"] = "x"
    layout.import_record.write_text(yaml.safe_dump({**record, "extra": 1}))
    with pytest.raises(UserError) as caught:
        resolve_stage.run(layout)
    assert "conf/imported.yaml: sha256.matrix: String should match" in str(caught.value)
    assert "extra: Extra inputs are not permitted" in str(caught.value)
