"""The report: sentences from metrics, figures with their sources, cards, and the whole file."""

from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pytest
import yaml
from helpers.figure_tables import Contents, made_up_contents, write_contents
from helpers.resampling_tables import made_up_resampling

from modelmap.divergence.neighbours import neighbour_table, square_form
from modelmap.divergence.tables import NEIGHBOURS
from modelmap.figures import stage as figures_stage
from modelmap.plumbing.errors import UserError
from modelmap.plumbing.files import write_json
from modelmap.plumbing.layout import Layout
from modelmap.plumbing.tables import write_table
from modelmap.report import stage
from modelmap.report.cards import nearest_with_intervals
from modelmap.report.facts import FOUND, SURE, Fact, sentences
from modelmap.report.figures import inline_svg, sources, width_percent

HOSTILE = "<script>alert(1)</script>"


def project(root: Path, contents: Contents) -> Layout:
    """Return a project with the tables and metrics of these contents, and no figures."""
    layout = Layout(root)
    sections: dict[str, object] = {name: {} for name in stage.SECTIONS}
    sections["figures"] = {"formats": ["svg"], "png_dpi": 50}
    layout.resolved.write_text(yaml.safe_dump(sections))
    contents["divergence.json"] = {"estimate": "mixture", "confidence": 0.95}
    contents["matrix.json"]["n_families"] = contents["models.parquet"]["family"].nunique()
    write_contents(made_up_resampling(contents), layout)
    names = contents["models.parquet"]["model"].tolist()
    kl = square_form(contents["kl.parquet"], names)
    write_table(neighbour_table(kl, names, 2), NEIGHBOURS, layout.neighbours)
    return layout


class Tags(HTMLParser):
    """Collects the tags, the ids and the links of an HTML file."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.ids += [value or "" for name, value in attrs if name == "id"]
        self.links += [value or "" for name, value in attrs if name == "href" and tag == "a"]


def test_sentences_have_the_values_of_metrics_and_no_value_gives_no_sentence() -> None:
    """A share is in percent; a metric that is missing, null or of a skipped stage is left out."""
    facts = [
        Fact("a.json", ("x", "y"), "It is VALUE.", is_share=True),
        Fact("a.json", ("z",), "It has VALUE."),
        Fact("a.json", ("none",), "Not VALUE."),
        Fact("b.json", ("x",), "Nor VALUE."),
    ]
    metrics = {"a.json": {"x": {"y": 0.1234}, "z": 12, "none": None, "skipped": "too few"}}
    assert sentences(facts, metrics) == ["It is 12.3%.", "It has 12."]


@pytest.mark.parametrize("fact", [*FOUND, *SURE], ids=lambda fact: ".".join(fact.keys))
def test_facts_name_metrics_that_stages_write(fact: Fact) -> None:
    """Each is in the committed metrics, and its sentence has one place for the value."""
    from helpers import ROOT

    from modelmap.figures.inputs import FOLDERS, files_below

    content = files_below(ROOT, FOLDERS)(fact.file)
    assert len(sentences([fact], {fact.file: content})) == 1
    assert fact.sentence.count("VALUE") == 1


def test_ids_of_inlined_figures_differ_and_references_follow() -> None:
    """The prefix is before ids, in url(#...) and in references; what is before <svg is dropped."""
    svg = '<?xml?>\n<svg><g id="a" clip-path="url(#c)"/><use xlink:href="#a"/></svg>\n'
    expected = '<svg><g id="f-a" clip-path="url(#f-c)"/><use xlink:href="#f-a"/></svg>'
    assert inline_svg(svg, "f") == expected


def test_narrow_figures_take_less_of_the_page() -> None:
    """A figure of 7 inches takes all of it, one of half the width half, and no width all."""
    svg = '<svg xmlns="x" height="10pt" width="{}pt" viewBox="0 0 1 1">'
    assert [width_percent(svg.format(width)) for width in ("504", "252.0", "999")] == [100, 50, 100]
    assert width_percent("<svg>") == 100


def test_sources_have_their_hash_and_their_csv_if_there_is_one() -> None:
    """A CSV file is its own, a table has that of the figures, and metrics have none."""
    found = sources(["plan.csv", "map.parquet", "kl.parquet", "map.json"], ["csv/map.csv"], len_of)
    assert [one["csv"] for one in found] == [
        "../reports/plots/plan.csv", "figures/csv/map.csv", "", "",
    ]  # fmt: skip
    assert found[1]["link"] == "../data/map.parquet"
    assert found[1]["digest"] == "16"


def len_of(path: str) -> str:
    """Stand for a hash: the number of characters of a path."""
    return str(len(path))


def test_intervals_are_found_in_both_orders_of_a_pair() -> None:
    """A neighbour that is the first or the second model of the pair has the pair's interval."""
    neighbours = pd.DataFrame({"model": ["a", "b"], "neighbour": ["b", "a"], "rank": 1})
    pair = {"model_a": "a", "model_b": "b", "low_bits_per_byte": 1.0, "high_bits_per_byte": 2.0}
    found = nearest_with_intervals(neighbours, pd.DataFrame([{**pair, "warning": ""}]))
    assert found["low_bits_per_byte"].tolist() == [1.0, 1.0]
    assert found["high_bits_per_byte"].tolist() == [2.0, 2.0]


def test_the_report_has_figures_sources_and_cards(tmp_path: Path) -> None:
    """The same bytes twice; every id once; every link leads to a file, a heading or the map."""
    contents = made_up_contents({"ash": 4, "birch": 4}, ["x", "y"])
    contents["models.parquet"] = contents["models.parquet"].assign(dtype=HOSTILE)
    layout = project(tmp_path, contents)
    figures_stage.run(layout)
    stage.run(layout)
    first = layout.report.read_bytes()
    stage.run(layout)
    assert layout.report.read_bytes() == first
    found = Tags(first.decode())
    assert found.tags.count("svg") == found.tags.count("figure") >= 9
    assert "script" not in found.tags
    assert len(found.ids) == len(set(found.ids))
    for link in found.links:
        file, _, fragment = link.partition("#")
        assert file == "map.html" or fragment in found.ids or (layout.reports / file).is_file()
    assert "figures/csv/map.csv" in found.links
    for name in contents["models.parquet"]["model"]:
        assert f"map.html#model={name}" in found.links


def test_figures_in_png_are_linked(tmp_path: Path) -> None:
    """Without SVG files the report has images, and no inline picture."""
    layout = project(tmp_path, made_up_contents({"ash": 4}, ["x", "y"]))
    figure = {"name": "model_map", "files": ["png/model_map.png"], "caption": "The map."}
    write_json(layout.figures / "index.json", {"figures": [figure], "skipped": [], "tables": []})
    stage.run(layout)
    found = Tags(layout.report.read_text())
    assert "svg" not in found.tags
    assert found.tags.count("img") == found.tags.count("figure") == 1


def test_without_figures_it_says_what_to_run(tmp_path: Path) -> None:
    """In one line; nothing is written."""
    layout = project(tmp_path, made_up_contents({"ash": 4}, ["x", "y"]))
    with pytest.raises(UserError, match=r"run `dvc repro figures`"):
        stage.run(layout)
    assert not layout.report.exists()
