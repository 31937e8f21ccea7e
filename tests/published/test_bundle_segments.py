"""A bundle has log-likelihoods of segments, and an import accepts only those of its texts."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

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

from modelmap.__main__ import main
from modelmap.divergence import stage as divergence_stage
from modelmap.matrix.segments import segment_table
from modelmap.matrix.segments_file import read_segments, write_segments
from modelmap.matrix.tables import SEGMENTS
from modelmap.plan.tables import PLAN
from modelmap.plumbing.archives import sha256
from modelmap.plumbing.arrays import Matrix
from modelmap.plumbing.errors import UserError
from modelmap.plumbing.layout import Layout
from modelmap.plumbing.tables import read_parquet, read_table, write_parquet
from modelmap.published import exporting
from modelmap.published.tables import BUNDLE_TEXTS
from modelmap.texts.tables import TEXTS

pytestmark = pytest.mark.pipeline


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Layout:
    """Return a project of 64 embedded texts, and its bundle with the segments of 16."""
    return exported_project(tmp_path_factory.mktemp("from"))


@pytest.fixture(scope="module")
def whole(exported: Layout, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a bundle of the same project with the segments of all texts."""
    folder = tmp_path_factory.mktemp("whole") / "bundle"
    exporting.run(exported, folder, None, None)
    return folder


def imported_by_mixture(root: Path, bundle: Path) -> Layout:
    """Return a project in which a bundle is imported, and the map is of the mixture estimates."""
    analysis = json.loads((bundle / "manifest.json").read_text())["analysis"]
    here = project(root, "imported", **analysis)
    experiment = here.conf / "experiment" / "imported.yaml"
    experiment.write_text(experiment.read_text().replace("estimate: papers", "estimate: mixture"))
    bring(here, bundle)
    run_stages(here)
    return here


def test_the_segments_are_of_the_texts_that_come_first_in_the_plan(exported: Layout) -> None:
    """With the values of data/segments.safetensors, and NaN where that has it."""
    plan = read_table(exported.plan, PLAN)
    first = set(plan.loc[plan["rank"] <= N_SEGMENT_TEXTS, "text_id"])
    all_rows = read_table(exported.segment_table, SEGMENTS)
    chosen = all_rows["text_id"].isin(first).to_numpy()
    bundled = read_table(exported.bundle / "segments.parquet", SEGMENTS)
    columns = ["text_id", "segment", "n_bytes"]
    np.testing.assert_array_equal(bundled[columns], all_rows.loc[chosen, columns])
    values = read_segments(
        exported.bundle / "segments.safetensors", exported.bundle / "segments.parquet"
    )
    everything = read_segments(exported.segments, exported.segment_table)
    np.testing.assert_array_equal(values.loglik_nats, everything.loglik_nats[:, chosen])
    assert np.isnan(values.loglik_nats).sum() == N_SEGMENT_TEXTS
    assert (values.models, values.text_set) == (NAMES, everything.text_set)


def test_segments_of_withheld_texts_are_empty(exported: Layout) -> None:
    """In the bundle; an import has them again."""
    texts = read_table(exported.bundle / "texts.parquet", BUNDLE_TEXTS)
    withheld = set(texts.loc[texts["withheld"], "text_id"])
    bundled = read_table(exported.bundle / "segments.parquet", SEGMENTS)
    kept_back = bundled["text_id"].isin(withheld)
    assert 0 < kept_back.sum() < len(bundled)
    assert bundled.loc[kept_back, "text"].unique().tolist() == [""]
    assert (bundled.loc[~kept_back, "text"] != "").all()


def test_an_import_keeps_the_segments_with_the_text_of_all(
    exported: Layout, tmp_path: Path
) -> None:
    """In data/imported, with their digests in conf/imported.yaml; the stages leave them out."""
    here = project(tmp_path, "imported")
    bring(here, exported.bundle)
    brought = here.imported / "segments.safetensors"
    assert brought.read_bytes() == (exported.bundle / brought.name).read_bytes()
    table = read_table(here.imported / "segments.parquet", SEGMENTS)
    texts = read_table(exported.texts, TEXTS)
    chosen = texts[texts["text_id"].isin(table["text_id"])]
    pd.testing.assert_frame_equal(table, segment_table(chosen))
    record = yaml.safe_load(here.import_record.read_text())
    assert record["n_segment_texts"] == N_SEGMENT_TEXTS
    assert {"segments", "segment_table"} < set(record["sha256"])
    run_stages(here)
    assert read_segments(here.segments, here.segment_table).models == []


def test_segments_of_some_texts_give_no_mixture_estimate(exported: Layout, tmp_path: Path) -> None:
    """The stage names the models, and what to do."""
    here = imported_by_mixture(tmp_path, exported.bundle)
    with pytest.raises(UserError) as caught:
        divergence_stage.run(here)
    assert str(caught.value) == (
        "models without log-likelihoods of segments, because they are imported: a, org/b, c, d; "
        "set divergence.estimate to papers in params.yaml"
    )


def test_with_the_segments_of_all_texts_an_import_gives_the_same_bytes(
    exported: Layout, whole: Path, tmp_path: Path
) -> None:
    """Segments, KL divergences, plan and map, and the bundle of the import but for its settings."""
    here = imported_by_mixture(tmp_path, whole)
    for stage in ANALYSIS:
        stage.run(here)
    for path in (here.segments, here.segment_table, here.kl, here.plan, here.map):
        assert path.read_bytes() == (exported.root / "data" / path.name).read_bytes()
    exporting.run(here, None, None, None)
    manifests = [json.loads((f / "manifest.json").read_text()) for f in (whole, here.bundle)]
    assert manifests[0] == manifests[1]
    assert manifests[0]["n_segment_texts"] == 64


def test_a_stage_tells_if_imported_segments_are_of_other_segments(
    whole: Path, tmp_path: Path
) -> None:
    """As those that another version of this program made of the texts."""
    here = imported_by_mixture(tmp_path, whole)
    table = here.imported / "segments.parquet"
    frame = read_table(table, SEGMENTS)
    frame["n_bytes"] = frame["n_bytes"].to_numpy()[::-1]
    write_parquet(frame, table, None)
    record = here.import_record.read_text()
    old = yaml.safe_load(record)["sha256"]["segment_table"]
    here.import_record.write_text(record.replace(old, sha256(table)))
    with pytest.raises(UserError) as caught:
        run_stages(here)
    assert str(caught.value) == (
        "data/imported has other segments of the texts: run `modelmap import` again"
    )


def test_models_without_segments_leave_a_bundle_without(
    exported: Layout, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It says so, its card too, and it is imported."""
    here = project(tmp_path / "here", "imported")
    bring(here, exported.bundle)
    run_stages(here)
    for stage in ANALYSIS:
        stage.run(here)
    capsys.readouterr()
    exporting.run(here, None, None, N_SEGMENT_TEXTS)
    told = capsys.readouterr()
    assert told.err == (
        "modelmap export: the bundle has no segments, because 4 imported models have none: "
        "a, org/b, c, d\n"
    )
    assert told.out.endswith("segments of 0 texts\n")
    assert not (here.bundle / "segments.parquet").exists()
    assert "no log-likelihoods of segments" in (here.bundle / "README.md").read_text()
    there = project(tmp_path / "there", "imported")
    bring(there, here.bundle)
    assert sorted(path.name for path in there.imported.iterdir()) == [
        "matrix.parquet",
        "models.parquet",
        "texts.parquet",
    ]


def test_the_card_says_how_large_the_segments_are(exported: Layout) -> None:
    """In megabytes, and in bytes a text and model."""
    n_bytes = (exported.bundle / "segments.safetensors").stat().st_size
    card = (exported.bundle / "README.md").read_text()
    assert f"| `segments.safetensors` | {n_bytes} |" in card
    said = f"({n_bytes / 1e6:.1f} MB, {n_bytes / N_SEGMENT_TEXTS / len(NAMES):.0f} bytes a text"
    assert said in card


def test_an_import_in_place_of_one_with_segments_leaves_none(
    exported: Layout, tmp_path: Path
) -> None:
    """Files of the earlier import are not kept beside those of the later one."""
    exporting.run(exported, tmp_path / "bundle", None, 0)
    here = project(tmp_path / "here", "imported")
    bring(here, exported.bundle)
    bring(here, tmp_path / "bundle")
    assert not (here.imported / "segments.safetensors").exists()
    assert "n_segment_texts" not in yaml.safe_load(here.import_record.read_text())


def of_format_1(bundle: Path) -> Path:
    """Make a bundle one of format 1, without segments and with only the papers' map."""
    for name in ("segments.parquet", "segments.safetensors"):
        (bundle / name).unlink()
    frame, known = read_parquet(bundle / "map.parquet")
    places = frame[["model", "x_papers", "y_papers"]].set_axis(["model", "x", "y"], axis=1)
    write_parquet(places, bundle / "map.parquet", known)
    content = json.loads((signed(bundle, format=1) / "manifest.json").read_text())
    del content["n_segment_texts"], content["file_bytes"], content["analysis"]["divergence"]
    (bundle / "manifest.json").write_text(json.dumps(content))
    return bundle


def test_a_bundle_of_format_1_is_imported(exported: Layout, tmp_path: Path) -> None:
    """It has no segments, and one map."""
    bundle = of_format_1(Path(shutil.copytree(exported.bundle, tmp_path / "bundle")))
    here = project(tmp_path / "here", "imported")
    bring(here, bundle)
    bundled = read_parquet(bundle / "models.parquet")[0]
    pd.testing.assert_frame_equal(read_parquet(here.imported / "models.parquet")[0], bundled)
    for name in ("texts", "matrix"):
        brought = (here.imported / f"{name}.parquet").read_bytes()
        assert brought == (exported.root / "data" / f"{name}.parquet").read_bytes()
    assert "n_segment_texts" not in yaml.safe_load(here.import_record.read_text())


def values_changed(
    change: Callable[[Matrix], object], models: list[str] = NAMES, text_set: str | None = None
) -> Callable[[Path], object]:
    """Return an edit of the values of segments, and of the models or the text set of the file."""

    def edit(bundle: Path) -> None:
        path, table = bundle / "segments.safetensors", bundle / "segments.parquet"
        found = read_segments(path, table)
        rows = found.loglik_nats.astype(np.float64)
        change(rows)
        write_segments(rows, models, rows.shape[1], text_set or found.text_set, path)

    return edit


def table_changed(change: Callable[[pd.DataFrame], pd.DataFrame]) -> Callable[[Path], object]:
    """Return an edit of the table of segments."""

    def edit(bundle: Path) -> None:
        frame, known = read_parquet(bundle / "segments.parquet")
        write_parquet(change(frame), bundle / "segments.parquet", known)

    return edit


def put(rows: list[int], column: int, value: float) -> Callable[[Matrix], object]:
    """Return an edit that puts a value into a column of some models."""
    return lambda values: values.__setitem__((rows, column), value)


def none(values: Matrix) -> None:
    """Change no value."""


TAMPERED: dict[str, tuple[Callable[[Path], object], list[str]]] = {
    "a segment above 0": (
        values_changed(put([2], 5, 0.5)),
        ["segments of c are not finite and 0 or below on text"],
    ),
    "an infinite segment": (
        values_changed(put([0, 3], -1, -np.inf)),
        [
            "segments of a are not finite and 0 or below on text",
            "segments of d are not finite and 0 or below on text",
        ],
    ),
    "other segments of all models": (
        values_changed(put([0, 1, 2, 3], 3, -500.0)),
        [f"segments of {name} do not add up to text" for name in NAMES],
    ),
    "a segment too near to 0": (
        values_changed(put([2], 3, -1e-9)),
        ["segments of c do not add up to text"],
    ),
    "models in another order": (
        values_changed(none, models=NAMES[::-1]),
        ["segments.safetensors is of other models"],
    ),
    "the hash of other texts": (
        values_changed(none, text_set="0" * 64),
        ["segments.safetensors is of other texts"],
    ),
    "another number of texts": (
        lambda bundle: signed(bundle, n_segment_texts=15),
        ["segments.parquet is not of the first 15 texts of the plan"],
    ),
    "more texts than there are": (
        lambda bundle: signed(bundle, n_segment_texts=65),
        ["segments.parquet is not of the first 65 texts of the plan"],
    ),
    "segments of another text": (
        table_changed(lambda table: table.assign(text_id=table["text_id"] + 1)),
        ["segments.parquet is not of the first 16 texts of the plan"],
    ),
    "texts in another order": (
        table_changed(lambda table: table.iloc[::-1]),
        ["segments.parquet is not of the first 16 texts of the plan"],
    ),
    "other sizes": (
        table_changed(lambda table: table.assign(n_bytes=table["n_bytes"] + 1)),
        ["and 13 more in segments.parquet"],
    ),
    "the text of all": (
        table_changed(lambda table: table.assign(text="x")),
        ["and 13 more in segments.parquet"],
    ),
}


@pytest.mark.parametrize("name", list(TAMPERED))
def test_segments_that_do_not_belong_to_the_bundle_are_refused(
    exported: Layout, tmp_path: Path, name: str
) -> None:
    """Though digests are made to fit; every such model is named in the one line."""
    bundle = Path(shutil.copytree(exported.bundle, tmp_path / "bundle"))
    change, told = TAMPERED[name]
    change(bundle)
    manifest = json.loads((bundle / "manifest.json").read_text())
    signed(bundle, n_segment_texts=manifest["n_segment_texts"])
    message = told_by(project(tmp_path / "here", "imported"), bundle)
    assert message.startswith("bundle contradicts its own texts and log-likelihoods: ")
    assert all(part in message for part in told)


def test_unknown_segments_are_accepted_below_the_rest_of_a_text(
    exported: Layout, tmp_path: Path
) -> None:
    """NaN is at most 0: the others may add up to more than the text, and not to less."""
    bundle = Path(shutil.copytree(exported.bundle, tmp_path / "bundle"))
    values_changed(put([2], 3, np.nan))(bundle)
    bring(project(tmp_path / "here", "imported"), signed(bundle))
    values_changed(put([2], 4, -500.0))(bundle)
    message = told_by(project(tmp_path / "there", "imported"), signed(bundle))
    assert "segments of c do not add up to text" in message


def test_segments_that_do_not_belong_to_the_matrix_are_not_exported(
    exported: Layout, tmp_path: Path
) -> None:
    """As after a run of the stage matrix that was not finished."""
    layout = project(tmp_path, "micro")
    shutil.copytree(exported.root / "data", tmp_path / "data")
    shutil.copy(exported.resolved, layout.resolved)
    found = read_segments(layout.segments, layout.segment_table)
    rows = found.loglik_nats - np.float32(1)
    write_segments(rows, NAMES, rows.shape[1], found.text_set, layout.segments)
    with pytest.raises(UserError) as caught:
        exporting.run(layout, None, None, N_SEGMENT_TEXTS)
    assert str(caught.value).startswith(
        "tables in data/ do not belong together: segments of a do not add up to text "
    )
    assert not layout.bundle.exists()


@pytest.mark.parametrize("value", ["-1", "half", "1.5", "٣"])
def test_the_command_line_takes_a_number_of_texts_or_all(
    exported: Layout, tmp_path: Path, value: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without the option it is 160, which is more than there are here."""
    command = ["--root", str(exported.root), "export", "--output", str(tmp_path / "b")]
    with pytest.raises(SystemExit):
        main([*command, "--segments", value])
    assert f"{value!r} is neither a number of texts nor all" in capsys.readouterr().err
    for options, n_texts in ([], 64), (["--segments", "all"], 64), (["--segments", "3"], 3):
        assert main([*command, *options]) == 0
        assert capsys.readouterr().out.endswith(f"segments of {n_texts} texts\n")
