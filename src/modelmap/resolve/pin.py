"""Pinning hub models: each one's commit, as the hub gives it now, goes into conf/pins.yaml."""

import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed

import yaml

from modelmap.models.hub import hub_errors, hub_problem, model_info
from modelmap.models.roster import Roster, is_pinned, read_pins
from modelmap.models.spec import COMMIT
from modelmap.plumbing.errors import UserError, listed
from modelmap.plumbing.files import checked, read_yaml, write_text
from modelmap.plumbing.layout import Layout
from modelmap.plumbing.progress import Progress
from modelmap.resolve.configuration import compose_configuration

HEADER = """\
# Written by `modelmap pin`: the commit at which each hub model is scored. Commit this file.
"""
AT_ONCE = 8
SAVED_EVERY_S = 5.0


def run(layout: Layout, models: list[str], update: bool) -> None:
    """Write the hub's commits of `models`, or else of the experiment's hub models without a pin.

    With `update` those that have one are asked for too. Other pins stay, and pins are written as
    they come, so that the same command goes on after a break. Raises UserError that names all
    models that got no pin.
    """
    pins = read_pins(layout.pins)
    wanted = sorted(set(models)) or experiment_models(layout)
    if not models and not update:
        wanted = [model for model in wanted if model not in pins]
    commits, problems = _ask(layout, wanted, pins)
    for model, commit in sorted(commits.items()):
        print(model, commit, *(["unchanged"] if pins.get(model) == commit else []))
    for model, problem in sorted(problems.items()):
        print(f"{model}: {problem}")
    if not wanted:
        print("all hub models have a pin: `modelmap pin --update` asks for their newest commits")
    if problems:
        raise UserError(
            f"{len(problems)} of {len(wanted)} models are not pinned: {_told(problems)}"
        )


def experiment_models(layout: Layout) -> list[str]:
    """Return the ids of the experiment's hub models, but for those whose entry has a revision.

    Raises UserError if there are none.
    """
    experiment = str(read_yaml(layout.params).get("experiment", "embedded"))
    composed = compose_configuration(layout.root, experiment)
    roster = checked(Roster, composed["roster"], "conf/models")
    found = {
        str(entry.get("location", name))
        for name, entry in roster.models.items()
        if is_pinned(entry)
    }
    if not found:
        raise UserError(
            f"experiment {experiment} has no hub models to pin: name some "
            "(`modelmap pin ORGANISATION/MODEL`), or choose another experiment in params.yaml"
        )
    return sorted(found)


def _ask(
    layout: Layout, models: list[str], pins: dict[str, str]
) -> tuple[dict[str, str], dict[str, str]]:
    """Return the commits of models, which are then in conf/pins.yaml, and the others' problems."""
    commits: dict[str, str] = {}
    problems: dict[str, str] = {}
    saved = time.monotonic()
    try:
        with Progress("pin", len(models)) as progress:
            for model, commit, problem in _answers(models):
                (commits if commit else problems)[model] = commit or problem
                n_done = len(commits) + len(problems)
                progress.update(n_done, f"{n_done} of {len(models)} models")
                if time.monotonic() - saved > SAVED_EVERY_S:
                    saved = time.monotonic()
                    _save(layout, {**pins, **commits})
    finally:
        if commits:
            _save(layout, {**pins, **commits})
    return commits, problems


def _answers(models: list[str]) -> Iterator[tuple[str, str, str]]:
    """Yield each model with its commit, or with its problem, as the hub answers."""
    asking = ThreadPoolExecutor(AT_ONCE)
    try:
        asked = {asking.submit(_commit, model): model for model in models}
        for answer in as_completed(asked):
            yield asked[answer], *answer.result()
    finally:
        asking.shutdown(cancel_futures=True)


def _save(layout: Layout, pins: dict[str, str]) -> None:
    write_text(layout.pins, HEADER + yaml.safe_dump(pins, sort_keys=True))


def _commit(model: str) -> tuple[str, str]:
    """Return a model's commit and no problem, or no commit and the problem."""
    try:
        commit = model_info(model).sha
    except hub_errors() as error:
        return "", hub_problem(error)
    if commit is None or not re.fullmatch(COMMIT, commit):
        return "", "the hub gave no commit"
    return commit, ""


def _told(problems: dict[str, str]) -> str:
    """Return each problem with its models, and what to do."""
    alike: dict[str, list[str]] = {}
    for model, problem in sorted(problems.items(), key=lambda item: (item[1], item[0])):
        alike.setdefault(problem, []).append(model)
    told = [f"{problem} for {listed(models)}" for problem, models in alike.items()]
    return (
        f"{'; '.join(told)}; check the names, the network and HF_ENDPOINT, log in "
        "(`hf auth login`) for private models, then run `modelmap pin` again"
    )
