"""Stage report: write the report as one HTML file."""

import hashlib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import yaml
from jinja2 import Environment, StrictUndefined, Template

from modelmap.divergence.tables import KL, NEIGHBOURS
from modelmap.figures.inputs import ESTIMATES, FOLDERS, files_below, path_of
from modelmap.matrix.tables import CATEGORY_BITS, MODELS
from modelmap.plumbing.files import json_object, read_bytes, read_yaml, write_text
from modelmap.plumbing.layout import Layout
from modelmap.plumbing.tables import read_table
from modelmap.report.cards import model_cards
from modelmap.report.facts import FOUND, SURE, sentences
from modelmap.report.figures import figure_entries

METRICS = tuple(
    f"{name}.json" for name in ["matrix", "divergence", "map", "stability", "plan", "predict"]
)
SECTIONS = (
    *("texts", "matrix", "divergence", "map", "resample", "plan", "stability", "new_models"),
    "predict",
)
FIGURES_OF_MAP = ("model_map", "map_values")
FIGURES_OF_FINDINGS = (
    *("neighbours", "kl_scale", "kl_heatmap", "category_bits", "category_differences"),
    "pca_spectrum",
)
NO_FIGURES = "reports/figures is missing: run `dvc repro figures`"
DIGITS = 12
"""Of a hash that are shown."""


def run(layout: Layout) -> None:
    """Write reports/report.html."""
    read = files_below(layout.root, FOLDERS)
    metrics = {name: read(name) for name in METRICS}
    settings = read_yaml(layout.resolved)
    index = json_object(read_bytes(layout.figures / "index.json", NO_FIGURES), "index.json")
    figures = _figures(layout, index)
    page = _template().render(
        style=_web("report.css"),
        matrix=metrics["matrix.json"],
        estimate=ESTIMATES[metrics["divergence.json"]["estimate"]],
        confidence=metrics["divergence.json"]["confidence"],
        found=sentences(FOUND, metrics),
        sure=sentences(SURE, metrics),
        figures_of_map=[one for one in figures if one["name"] in FIGURES_OF_MAP],
        figures_of_findings=[one for one in figures if one["name"] in FIGURES_OF_FINDINGS],
        other_figures=[
            one for one in figures if one["name"] not in (*FIGURES_OF_MAP, *FIGURES_OF_FINDINGS)
        ],
        skipped=index["skipped"],
        metrics=[(name, f"../{path_of(name, FOLDERS)}") for name in METRICS],
        parameters=[(key, _as_yaml(settings[key])) for key in SECTIONS],
        cards=model_cards(
            read_table(layout.models, MODELS),
            read_table(layout.category_bits, CATEGORY_BITS),
            read_table(layout.neighbours, NEIGHBOURS),
            read_table(layout.kl, KL),
        ),
    )
    write_text(layout.report, page)


def _figures(layout: Layout, index: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the figures of the index, with the hashes of the files that they were drawn from."""

    @cache
    def digest(path: str) -> str:
        content = read_bytes(layout.root / path, f"{path} is missing: run `dvc repro`")
        return hashlib.sha256(content).hexdigest()[:DIGITS]

    def read_svg(file: str) -> str:
        return read_bytes(layout.figures / file, NO_FIGURES).decode("utf-8")

    return figure_entries(index, read_svg, digest)


def _as_yaml(section: Any) -> str:
    return yaml.safe_dump(section, sort_keys=False, default_flow_style=None, width=100).strip()


def _template() -> Template:
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.from_string(_web("report.html"))


def _web(name: str) -> str:
    return (files("modelmap.report") / "web" / name).read_text("utf-8")
