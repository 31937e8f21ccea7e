"""Composing conf/, params.yaml and the chosen experiment into one checked configuration."""

from collections import Counter
from collections.abc import Iterable, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any

import yaml
from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.types import Quote, QuotedString
from omegaconf import OmegaConf
from pydantic import BaseModel, ConfigDict, RootModel

from modelmap.corpus.settings import CorpusSettings
from modelmap.divergence.settings import DivergenceSettings
from modelmap.figures.settings import FiguresSettings
from modelmap.map.settings import MapSettings
from modelmap.matrix.settings import MatrixSettings
from modelmap.models.roster import Roster, roster_models, with_listed, with_pretrained_base
from modelmap.models.spec import ModelSpec
from modelmap.new_models.settings import NewModelsSettings
from modelmap.page.settings import PageSettings
from modelmap.plan.settings import PlanSettings
from modelmap.plumbing.errors import UserError, listed
from modelmap.plumbing.files import checked
from modelmap.plumbing.imported import Imported, ImportedSection
from modelmap.predict.settings import PredictSettings
from modelmap.resample.settings import ResampleSettings
from modelmap.resolve.resolvers import check_files, check_resolvers
from modelmap.score.settings import ScoreSettings
from modelmap.stability.settings import StabilitySettings
from modelmap.studies.coverage.settings import CoverageSettings
from modelmap.studies.few_texts.settings import FewTextsSettings
from modelmap.studies.interpolation.settings import InterpolationSettings
from modelmap.studies.kl_truth.settings import KlTruthSettings
from modelmap.studies.leakage.settings import LeakageSettings
from modelmap.studies.place_eval.settings import PlaceEvalSettings
from modelmap.studies.text_count.settings import TextCountSettings
from modelmap.studies.trajectories.settings import TrajectoriesSettings
from modelmap.texts.settings import TextsSettings
from modelmap.zoo.settings import ZooSettings

# With all texts. With fewer the perplexity of t-SNE, floor((K - 1) / 3), would be below 1 on the
# maps of the papers' estimates.
FEWEST_MODELS = 4
# Tables of distances have a row for each of the K (K - 1) / 2 pairs.
MOST_MODELS = 20_000

# The value of a section's seed that stands for the root seed. It is not an interpolation, because
# DVC replaces interpolations in params.yaml by their values when it sets a parameter
# (`dvc exp run -S`).
ROOT = "root"

HEADER = """\
# Written by `modelmap resolve` from conf/, params.yaml and the experiment: edit those, not this.
# Every later stage reads its own keys of this file. Hardware is not here: it changes no number.
"""


class NamedModels(RootModel[dict[str, ModelSpec]]):
    """The models of an experiment by name."""


class Resolved(BaseModel):
    """The settings of all stages by section, and the models. Numbers depend on nothing else."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    experiment: str
    corpus: CorpusSettings
    texts: TextsSettings
    zoo: ZooSettings
    imported: ImportedSection
    models: list[ModelSpec]
    score: ScoreSettings
    matrix: MatrixSettings
    divergence: DivergenceSettings
    map: MapSettings
    stability: StabilitySettings
    new_models: NewModelsSettings
    resample: ResampleSettings
    plan: PlanSettings
    kl_truth: KlTruthSettings
    coverage: CoverageSettings
    few_texts: FewTextsSettings
    text_count: TextCountSettings
    place_eval: PlaceEvalSettings
    interpolation: InterpolationSettings
    trajectories: TrajectoriesSettings
    leakage: LeakageSettings
    predict: PredictSettings
    page: PageSettings
    figures: FiguresSettings


def compose_configuration(root: Path, experiment: str) -> dict[str, Any]:
    """Return the configuration that Hydra composes from conf/config.yaml, as nested dicts.

    The experiment overrides params.yaml, which overrides the rest of conf/. Models of a list become
    entries of the section `roster`. Raises UserError for an unknown experiment, group member or
    key, for an interpolation that cannot be resolved, or for one with a resolver.
    """
    known = sorted(path.stem for path in (root / "conf" / "experiment").glob("*.yaml"))
    if experiment not in known:
        raise UserError(f"params.yaml: no experiment {experiment!r}; there are {', '.join(known)}")
    check_files(root)
    searched = QuotedString(f"file://{root}", Quote.single).with_quotes()
    overrides = [f"experiment={experiment}", f"hydra.searchpath=[{searched}]"]
    GlobalHydra.instance().clear()
    try:
        with initialize_config_dir(str(root / "conf"), version_base="1.3"):
            composed = compose("config", overrides=overrides)
        # A defaults list may also name a file of conf/local, or one outside conf/.
        check_resolvers(OmegaConf.to_container(composed), f"experiment {experiment}")
        content = OmegaConf.to_container(composed, resolve=True, throw_on_missing=True)
    except UserError:
        raise
    except Exception as error:
        # Hydra and OmegaConf raise exceptions of many kinds, also those of Python itself.
        message = str(error) or type(error).__name__
        raise UserError(
            f"conf/ cannot be composed for experiment {experiment}: {message}"
        ) from error
    assert isinstance(content, dict)
    sections = {str(key): value for key, value in content.items()}
    _check_packages(sections, experiment)
    return {**sections, "roster": with_listed(sections.get("roster", {}), root)}


def _check_packages(sections: dict[str, Any], experiment: str) -> None:
    """Raise UserError if a file of conf/ does not say to which section its keys belong."""
    # Without the line, Hydra puts the keys in a section of the folder's name, which nothing reads.
    for folder, name, package in [
        ("models", "conf/models", "roster"),
        ("experiment", f"conf/experiment/{experiment}.yaml", "_global_"),
    ]:
        # params.yaml has the experiment's name under this key.
        keys = sections.get(folder)
        if isinstance(keys, dict):
            raise UserError(
                f"{name}: its keys ({listed(list(keys))}) have no effect: its first line must be "
                f"`# @package {package}`"
            )


def resolve(
    composed: dict[str, Any],
    experiment: str,
    pins: dict[str, str],
    imported: dict[str, Any] | None = None,
    imported_models: Iterable[Mapping[str, Any]] = (),
) -> Resolved:
    """Return the checked configuration, with the roster expanded into one entry per model.

    `pins` and `imported` are the contents of conf/pins.yaml and conf/imported.yaml;
    `imported_models` are the rows of the imported table of models.
    Raises UserError that lists all wrong keys, all unpinned hub models, or all duplicate names.
    """
    content = _seeded(composed)
    roster = checked(Roster, content.pop("roster", {}), "conf/models")
    content["zoo"] = with_pretrained_base(content.get("zoo", {}), roster, pins)
    zoo = checked(ZooSettings, content["zoo"], "conf/zoo")
    entries = roster_models(roster, zoo, pins, imported_models)
    # By name, so that a message names the model and not its place in the list.
    checked(NamedModels, {str(entry["name"]): entry for entry in entries}, "conf/models")
    content["models"] = entries
    content["experiment"] = experiment
    content = _with_import(content, imported)
    resolved = checked(Resolved, content, f"experiment {experiment}")
    _check_models(resolved)
    return resolved


def _with_import(content: dict[str, Any], imported: dict[str, Any] | None) -> dict[str, Any]:
    """Return the sections, with the record of the import if the corpus is `imported`."""
    corpus = content.get("corpus")
    if not isinstance(corpus, dict) or corpus.get("source") != "imported":
        if any(model["source"] == "imported" for model in content["models"]):
            raise UserError("imported models need the texts they were scored on: corpus imported")
        return {**content, "imported": {}}
    if imported is None:
        raise UserError("nothing is imported here: run `modelmap import`, or change experiment")
    record = checked(Imported, imported, "conf/imported.yaml")
    limits = {"max_bytes": record.max_bytes, "max_document_bytes": record.max_document_bytes}
    return {
        **content,
        "imported": {"data": imported},
        "corpus": {**content["corpus"], **limits},
        "texts": {**content["texts"], "drawn_by_category": record.by_category},
    }


def _seeded(composed: dict[str, Any]) -> dict[str, Any]:
    """Return the sections with every `seed: root` replaced by the root seed."""
    sections = dict(composed)
    seed = sections.pop("seed", None)
    for name, section in sections.items():
        if isinstance(section, dict) and section.get("seed") == ROOT:
            sections[name] = {**section, "seed": seed}
    return sections


def _check_models(resolved: Resolved) -> None:
    unpinned = [m.location for m in resolved.models if m.source == "hub" and m.revision is None]
    if unpinned:
        raise UserError(
            f"hub models without a pinned revision: {listed(unpinned)}; run `modelmap pin`"
        )
    names = [model.name for model in resolved.models]
    n_complete = sum(model.texts is None for model in resolved.models)
    if n_complete < FEWEST_MODELS:
        some = f" and {len(names) - n_complete} with `texts`" if n_complete < len(names) else ""
        raise UserError(
            f"a map needs at least {FEWEST_MODELS} models with all texts, the roster has "
            f"{n_complete}{some}: add some in conf/models"
        )
    if len(names) > MOST_MODELS:
        raise UserError(
            f"the roster has {len(names)} models, and a map can have at most {MOST_MODELS}"
        )
    # Some file systems, and the hub, do not tell names apart that differ in case alone.
    counts = Counter(name.casefold() for name in names)
    duplicates = sorted({name for name in names if counts[name.casefold()] > 1})
    if duplicates:
        raise UserError(f"models named twice: {listed(duplicates)}; rename one in conf/models")
    unknown_parents = sorted({m.parent for m in resolved.models if m.parent} - set(names))
    if unknown_parents:
        raise UserError(
            f"parents that are not models: {listed(unknown_parents)}; correct conf/models"
        )
    try:
        TopologicalSorter({m.name: [m.parent] for m in resolved.models if m.parent}).prepare()
    except CycleError as error:
        # Each model of the circle comes before those that are made from it.
        circle = " from ".join(reversed(error.args[1]))
        raise UserError(
            f"a model is its own ancestor: {circle}; correct the parents in conf/models"
        ) from error


def as_yaml(resolved: Resolved) -> str:
    """Return the text of resolved.yaml, without the models and without keys that are None."""
    content = resolved.model_dump(mode="json", exclude_none=True, exclude={"models"})
    return HEADER + yaml.safe_dump(content, sort_keys=False, default_flow_style=None, width=200)
