"""The stage that draws the studies: which files it writes, what it says, what it needs."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from helpers import ROOT

from modelmap.figures.inputs import path_of
from modelmap.plumbing.errors import UserError
from modelmap.plumbing.files import write_json
from modelmap.plumbing.layout import Layout
from modelmap.plumbing.tables import empty_table, write_csv
from modelmap.studies.coverage.intervals import INTERVALS, distribution, failing_pairs
from modelmap.studies.coverage.tables import COVERAGE
from modelmap.studies.few_texts.tables import FEW_TEXTS, FEW_TEXTS_CATEGORIES
from modelmap.studies.figures import stage
from modelmap.studies.interpolation.tables import INTERPOLATION
from modelmap.studies.kl_truth.summary import by_group
from modelmap.studies.kl_truth.tables import KL_PRETRAINED, KL_TRUTH
from modelmap.studies.leakage.detection import detection_summary
from modelmap.studies.leakage.signals import SIGNALS
from modelmap.studies.leakage.tables import LEAKAGE
from modelmap.studies.place_eval.tables import PLACE_EVAL, PLACE_PAPERS, PLACE_VERDICTS
from modelmap.studies.text_count.tables import TEXT_COUNT
from modelmap.studies.trajectories.exponents import exponents_summary
from modelmap.studies.trajectories.tables import TRAJECTORIES

N_PAIRS = 5
SECTIONS = {"figures": {"formats": ["svg", "png"], "png_dpi": 60}}


def rows(n_pairs: int, **columns: object) -> pd.DataFrame:
    """Return a table of pairs of models with these columns."""
    names = {"model_a": [f"m{i}" for i in range(n_pairs)], "model_b": "z"}
    return pd.DataFrame({**names, **columns})


def coverages(n_pairs: int = N_PAIRS) -> pd.DataFrame:
    """Return coverages of 70% to 90%, and 5% and 10% less by the other intervals."""
    held = np.linspace(0.7, 0.9, n_pairs)
    return rows(
        n_pairs,
        kl_bits_per_byte=np.geomspace(1e-3, 1.0, n_pairs),
        coverage=held,
        coverage_normal=held - 0.05,
        coverage_by_text=held - 0.1,
        too_low=0.1,
        mean_width_bits_per_byte=0.01,
        largest_document="d",
        largest_share=0.5,
        largest_absent=0.4,
    )


def truths(estimate: float = 0.2) -> pd.DataFrame:
    """Return pairs whose every simulated KL is 0.1 bits per byte, and both estimates `estimate`."""
    values = {name: 0.001 if "_se_" in name else 0.1 for name in KL_TRUTH.columns}
    others = {
        "kind_a": "base",
        "kind_b": "base",
        "relation": "between families",
        "one_tokenizer": True,
        "kl_bits_per_byte": estimate,
        "kl_papers_bits_per_byte": estimate,
        "warning": False,
    }
    names = rows(N_PAIRS)
    return names.assign(**{k: v for k, v in {**values, **others}.items() if k not in names})


def placings() -> dict[str, tuple[pd.DataFrame, Any]]:
    """Return the tables of the study place_eval with their schemas, all shares a half."""
    by_size = pd.DataFrame(
        [(kind, size) for kind in ("model", "family") for size in (4, 8)],
        columns=["held_out", "n_texts"],
    )
    by_method = by_size.merge(pd.DataFrame({"method": ["uniform", "ls", "difference"]}), "cross")
    bins = pd.DataFrame({"n_texts": [4, 4], "confidence_above": [0.6, 0.9]})
    found = {}
    for name, table, schema in (
        ("place_eval", by_size, PLACE_EVAL),
        ("place_papers", by_method, PLACE_PAPERS),
        ("place_verdicts", bins, PLACE_VERDICTS),
    ):
        others = {name: 0.5 for name in schema.columns if name not in table} | {"n_cases": 9}
        others |= {"n_parent_cases": 9} if name == "place_eval" else {}
        found[name] = (table.assign(**others)[list(schema.columns)], schema)
    return found


def few_texts() -> pd.DataFrame:
    """Return errors of .2 with 10 texts and .1 with 40, whatever the estimate and draws."""
    cases = [
        ("mixture", "simple random"),
        ("papers", "simple random"),
        ("papers", "with replacement"),
    ]
    rows = [("real", *case, d, error) for case in cases for d, error in ((10, 0.2), (40, 0.1))]
    found = pd.DataFrame(rows, columns=["model", "estimate", "draws", "d", "relative_error"])
    return found.assign(nearest_kept=1.0, coverage=0.95)


def few_texts_categories() -> pd.DataFrame:
    """Return differences of one pair of models on two categories, largest on code."""
    table = pd.DataFrame({"category": ["code", "news"], "kl_bits_per_byte": [0.4, 0.2]})
    others = {name: 0.1 for name in FEW_TEXTS_CATEGORIES.columns if name not in table}
    return table.assign(**{**others, "model": "one", "other": "two", "n_texts": 30})[
        list(FEW_TEXTS_CATEGORIES.columns)
    ]


def grid() -> pd.DataFrame:
    """Return four models on both levels, of which the last is not where its weights say."""
    corners = [(0, 0), (1, 0), (0, 1), (1, 1)]
    rows = [(level, a, b) for level in ("text", "segment") for a, b in corners]
    found = pd.DataFrame(rows, columns=["level", "a", "b"]).astype({"a": float, "b": float})
    places = {"x_nats": found["a"] * (2 - found["b"]), "y_nats": found["b"]}
    expected = {"expected_x_nats": 2 * found["a"], "expected_y_nats": found["b"]}
    return found.assign(**places, **expected, off_plane_nats=0.0, bits_per_byte=1.0)


def trajectories() -> pd.DataFrame:
    """Return two runs of three lags: weights grow like t, KLs like its root."""
    rows = [("tiny", run, 0, lag) for run in (1, 2) for lag in (1, 2, 4)]
    found = pd.DataFrame(rows, columns=["family", "run", "origin", "lag"])
    root = np.sqrt(found["lag"])
    return found.assign(
        squared_weight_distance=root**2, kl_papers_bits_per_byte=root, kl_bits_per_byte=root / 9
    )


def leaks() -> pd.DataFrame:
    """Return two pairs of runs after 5 and 10 steps, of which leaked models have higher signals."""
    rows = [
        ("tiny", run, arm, steps)
        for run in (1, 2)
        for arm in ("leaked", "honest")
        for steps in (5, 10)
    ]
    found = pd.DataFrame(rows, columns=["family", "run", "arm", "steps"])
    values = dict.fromkeys(SIGNALS, 0.2 + 0.5 * (found["arm"] == "leaked"))
    found = found.assign(nearest="near", kl_bits_per_byte=0.1, gain=0.1, **values)
    return found[list(LEAKAGE.columns)]


def project(root: Path, coverage: pd.DataFrame, kl_truth: pd.DataFrame) -> Layout:
    """Return a project whose studies found these."""
    layout = Layout(root)
    layout.resolved.write_text(yaml.safe_dump(SECTIONS))
    sizes = pd.DataFrame(
        {
            "n_texts": [50, 100],
            "error_to_all": [0.2, None],
            "bootstrap_error": [0.2, 0.1],
            "ls_ratio": [None, 0.6],
            "plan_texts": [40.0, 60.0],
            "plan_share": [0.8, 0.6],
        }
    )
    write_csv(coverage, COVERAGE, layout.study("coverage", "csv"))
    write_csv(kl_truth, KL_TRUTH, layout.study("kl_truth", "csv"))
    nothing = empty_table(KL_PRETRAINED)
    write_csv(nothing, KL_PRETRAINED, layout.study("kl_pretrained", "csv"))
    write_csv(sizes, TEXT_COUNT, layout.study("text_count", "csv"))
    for name, (table, schema) in placings().items():
        write_csv(table, schema, layout.study(name, "csv"))
    write_csv(few_texts(), FEW_TEXTS, layout.study("few_texts", "csv"))
    categories = layout.study("few_texts_categories", "csv")
    write_csv(few_texts_categories(), FEW_TEXTS_CATEGORIES, categories)
    write_csv(grid(), INTERPOLATION, layout.study("interpolation", "csv"))
    write_csv(leaks(), LEAKAGE, layout.study("leakage", "csv"))
    write_csv(trajectories(), TRAJECTORIES, layout.study("trajectories", "csv"))
    for name, metrics in metrics_of(coverage, kl_truth).items():
        write_json(layout.study(name, "json"), metrics)
    return layout


def needed(mixture: int, papers: int | None) -> dict[str, int | None]:
    """Return the numbers of texts that an error needs, as few_texts.json has them."""
    return {"mixture, simple random": mixture, "papers, simple random": papers, "papers, LS": None}


def metrics_of(coverage: pd.DataFrame, kl_truth: pd.DataFrame) -> dict[str, dict[str, Any]]:
    """Return what the studies write of these tables in their JSON files, by study."""
    return {
        "coverage": {
            "estimate": "mixture",
            "confidence": 0.9,
            "within": 0.02,
            "n_replications": 2400,
            "n_pairs": len(coverage),
            **{name: distribution(coverage[name], 0.9) for name in INTERVALS},
            **failing_pairs(coverage, 0.9),
        },
        "kl_truth": {
            "n_texts_drawn_per_model": 9,
            "truth_over_estimate": by_group(kl_truth, (2.0,)),
        },
        "interpolation": {
            "base": "real",
            "finetunes": ["code", "bible"],
            "n_texts": 16,
            "n_models": {"all": 4, "within_triangle": 3},
            "shares_of_variance": {
                level: {
                    which: {"plane": {"share": 0.9, "low": 0.85, "high": 0.95}}
                    for which in ("all", "within_triangle")
                }
                for level in ("text", "segment")
            },
        },
        "leakage": {
            "n_models": 8,
            "n_pairs_of_runs": 2,
            "n_texts": 16,
            "n_leaked_texts": [8, 9],
            "false_alarms": 0.05,
            "signals": detection_summary(leaks(), [5, 10], 0.05, 100, np.random.default_rng(0)),
        },
        "trajectories": {
            "n_runs": 2,
            "steps": 4,
            "n_texts": 16,
            "mean_bytes": 900.0,
            **exponents_summary(trajectories()),
        },
        "place_eval": {"verdicts": {"right": 0.875, "mean_confidence": 0.8}},
        "text_count": {"parts_of_each_size": 7, "relative_error_asked_for": 0.05},
        "few_texts": {
            "models": {
                "real": {"texts_for_error": {"5%": needed(40, 60)}},
                "made": {"texts_for_error": {"5%": needed(44, None)}},
            }
        },
    }


def drawn(layout: Layout) -> tuple[dict[str, str], dict[str, str], dict[str, bytes]]:
    """Return captions, reasons of what is skipped, and every file's bytes, of a run."""
    stage.run(layout)
    folder = layout.studies / "figures"
    index = json.loads((folder / "index.json").read_text())
    captions = {one["name"]: one["caption"] for one in index["figures"]}
    skipped = {one["name"]: one["reason"] for one in index["skipped"]}
    files = [path for path in folder.rglob("*") if path.is_file()]
    contents = {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}
    return captions, skipped, contents


def test_every_study_is_drawn_with_its_metrics_in_the_caption(tmp_path: Path) -> None:
    """In each format, in place of earlier files, and with the same bytes when drawn again."""
    layout = project(tmp_path, coverages(), truths())
    (layout.studies / "figures").mkdir()
    (layout.studies / "figures" / "old.svg").touch()
    captions, skipped, files = drawn(layout)
    names = [
        *("coverage", "few_texts", "few_texts_categories", "interpolation", "kl_truth", "leakage"),
        *("place_eval", "text_count", "trajectories"),
    ]
    assert (list(captions), skipped) == (names, {})
    drawings = {f"{end}/{name}.{end}" for name in names for end in ("svg", "png")}
    assert set(files) == drawings | {"index.json"}
    assert captions["coverage"].startswith("Share of 2400 intervals of 90% that contain the KL")
    assert "over pairs is 80.0% and the 5th percentile 71.0%" in captions["coverage"]
    assert "estimated KL divergence of 5 pairs" in captions["kl_truth"]
    assert "9 texts are drawn from each model" in captions["kl_truth"]
    assert "0.50 (0.50 to 0.50) times the mixture estimate" in captions["kl_truth"]
    assert "Over all, 87.5% are right, and the mean confidence is 80.0%." in captions["place_eval"]
    assert "7 parts of each size" in captions["text_count"]
    assert "error of 5% compared with the set: 60 of 100." in captions["text_count"]
    wanted = (
        "a line for each of 2 models, which are pretrained or made from such a model. Texts that "
        "an error of 5% needs: mixture estimate 40 to 44; papers' estimate, LS draws more than "
        "those tried; papers' estimate 60 to more than those tried."
    )
    assert wanted in captions["few_texts"]
    assert "The divergence is largest for one and two on code." in captions["few_texts_categories"]
    assert "(60 texts;" in captions["few_texts_categories"]
    assert "90.0% (85.0 to 95.0) for all" in captions["interpolation"]
    assert "8 fine-tunes of the zoo's base models (2 pairs of runs" in captions["leakage"]
    assert "2 training runs of 4 steps (tiny; one line for each run)" in captions["trajectories"]
    assert drawn(layout)[2] == files


def test_studies_with_nothing_to_draw_are_skipped_with_the_reason(tmp_path: Path) -> None:
    """One pair with a coverage, and no two models that differ: the others remain."""
    layout = project(tmp_path, coverages(1), truths(estimate=0.0))
    nothing = layout.study("few_texts_categories", "csv")
    write_csv(empty_table(FEW_TEXTS_CATEGORIES), FEW_TEXTS_CATEGORIES, nothing)
    captions, skipped, files = drawn(layout)
    others = ["interpolation", "leakage", "place_eval", "text_count", "trajectories"]
    assert list(captions) == ["few_texts", *others]
    assert skipped == {
        "coverage": "needs at least 2 pairs of models",
        "few_texts_categories": "needs two pretrained models",
        "kl_truth": "no two models differ",
    }
    drawings = {f"{end}/{name}.{end}" for name in captions for end in ("svg", "png")}
    assert set(files) == drawings | {"index.json"}


@pytest.mark.parametrize("name", ["coverage.csv", "kl_truth.csv", "text_count.json"])
def test_a_study_that_was_not_run_is_named_and_earlier_figures_stay(
    tmp_path: Path, name: str
) -> None:
    """Its file is named, and nothing is left beside the folder."""
    layout = project(tmp_path, coverages(), truths())
    folder = layout.studies / "figures"
    folder.mkdir()
    (folder / "old.svg").touch()
    (layout.studies / name).unlink()
    with pytest.raises(UserError, match=rf"^{name} is missing: run "):
        stage.run(layout)
    assert [path.name for path in folder.iterdir()] == ["old.svg"]
    assert [path.name for path in layout.studies.iterdir() if path.is_dir()] == ["figures"]


def test_the_stage_depends_on_the_files_that_its_figures_read() -> None:
    """A study that is run again is drawn again."""
    stages = yaml.safe_load((ROOT / "studies" / "dvc.yaml").read_text())["stages"]
    files = {dep for dep in stages["figures"]["deps"] if not dep.startswith("src/")}
    listed = {name for entry in stage.FIGURES for name in entry.files}
    assert files == {path_of(name, stage.FOLDERS) for name in listed}
