"""Errors of resampling and of designs: what is read from the metrics, and what is drawn."""

import numpy as np
import pytest
from helpers.figure_tables import Contents, inputs_of, made_up_contents
from helpers.resampling_tables import made_up_resampling

from modelmap.figures import designs, resample_errors
from modelmap.figures.sampling_methods import COLOURS, abbreviation, method_styles
from modelmap.resample.comparison import DESIGNS, PIVOTAL
from modelmap.resample.methods import METHODS


@pytest.fixture
def contents() -> Contents:
    """Return curves and designs of 20 texts."""
    return made_up_resampling(made_up_contents({"a": 4}, ["x", "y"]))


def test_the_baseline_and_the_dots_are_where_the_metrics_say(contents: Contents) -> None:
    """At the metrics' baseline and numbers of draws, whatever the curves would give."""
    number = int(contents["resample.csv"]["n"].iloc[3])
    contents["resample.json"] |= {"relative_baseline": 0.123, "ls_relative_draws": number}
    axes = resample_errors.draw(inputs_of(contents)).axes[0]
    lines = {line.get_label(): line for line in axes.lines}
    assert set(np.asarray(lines["baseline: N / 2 texts"].get_ydata())) == {0.123}
    dots = [line for line in axes.lines if line.get_marker() == "o"]
    orange = [dot for dot in dots if dot.get_color() == COLOURS[1]]
    assert [np.asarray(dot.get_xdata()).tolist() for dot in orange] == [[number]]


def test_a_method_that_does_not_reach_the_baseline_has_no_dot(contents: Contents) -> None:
    """The caption says so, and leaves out a ratio that is not known."""
    missing = {f"kl_relative_{key}": None for key in ("draws", "unique_texts", "ratio_to_uniform")}
    contents["resample.json"] |= missing | {"ls_relative_ratio_to_uniform": None}
    axes = resample_errors.draw(inputs_of(contents)).axes[0]
    dots = [line for line in axes.lines if line.get_marker() == "o"]
    assert {dot.get_color() for dot in dots} == set(COLOURS[:2])
    words = resample_errors.caption(inputs_of(contents))
    assert "KL not at all" in words
    assert words.count("of uniform's") == 1


def test_captions_state_runs_and_meeting_points_of_the_metrics(contents: Contents) -> None:
    """Five runs of methods, and six of designs."""
    contents["resample.json"] |= {
        "ls_relative_draws": 448,
        "ls_relative_unique_texts": 245,
        "ls_relative_ratio_to_uniform": 0.55,
    }
    words = resample_errors.caption(inputs_of(contents))
    assert "over 5 runs" in words
    assert "length squared at n = 448, d = 245 (0.55 of uniform's)" in words
    assert "over 6 samples" in designs.caption(inputs_of(contents))


def test_the_caption_of_designs_has_errors_at_the_compared_number_of_texts(
    contents: Contents,
) -> None:
    """Uniform draws with replacement are the first design: 0.1. Half of it for the next."""
    words = designs.caption(inputs_of(contents))
    assert "At 60% of the texts the relative error is 0.100 for uniform draws with repl" in words
    assert "0.050 for LS draws with replacement" in words


def test_every_design_but_the_pivotal_has_a_line(contents: Contents) -> None:
    """With replacement, simple random and sequential Poisson, and one colour per method."""
    axes = designs.draw(inputs_of(contents)).axes[0]
    lines = [line for line in axes.lines if len(np.asarray(line.get_xdata()))]
    assert len(lines) == len([design for design in DESIGNS if design.draws != PIVOTAL])
    assert {line.get_color() for line in lines} == set(COLOURS[: len(METHODS)])


def test_without_the_mixture_estimate_its_panel_is_left_out(contents: Contents) -> None:
    """And its errors are not in the caption."""
    assert len(designs.draw(inputs_of(contents)).axes) == 4
    assert "(mixture)" in designs.caption(inputs_of(contents))
    papers = {**contents, "designs.csv": contents["designs.csv"].assign(mixture_error=np.nan)}
    assert len(designs.draw(inputs_of(papers)).axes) == 3
    assert "(mixture)" not in designs.caption(inputs_of(papers))


def test_methods_have_the_labels_of_the_metrics_and_colours_in_their_order() -> None:
    """A new method gets a name and a colour without an edit here."""
    labels = {f"method{i}": f"the method {i}" for i in range(len(COLOURS) + 1)}
    styles = method_styles(inputs_of({"resample.json": {"methods": labels}}))
    assert [style.label for style in styles.values()] == list(labels.values())
    assert [style.colour for style in styles.values()] == [*COLOURS, COLOURS[0]]


@pytest.mark.parametrize(
    ("key", "written"), [("ls", "LS"), ("kl", "KL"), ("uniform", "uniform"), ("new", "new")]
)
def test_keys_of_two_letters_are_abbreviations(key: str, written: str) -> None:
    """The papers write LS and KL."""
    assert abbreviation(key) == written
