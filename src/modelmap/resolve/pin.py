"""The command `modelmap pin`: write the current commits of hub models into conf/pins.yaml."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed

import yaml

from modelmap.models.hub import find_commit
from modelmap.models.roster import Roster, is_pinned, read_pins
from modelmap.plumbing.errors import MAX_MESSAGE_LENGTH, UserError, listed, one_line
from modelmap.plumbing.files import checked, read_yaml, write_text
from modelmap.plumbing.layout import Layout
from modelmap.plumbing.progress import Progress
from modelmap.resolve.configuration import compose_configuration

HEADER = """\
# Written by `modelmap pin`: the commit at which each hub model is scored. Commit this file.
"""
N_THREADS = 8
SAVED_EVERY_S = 5.0


def run(layout: Layout, models: list[str], update: bool) -> None:
    """Write the current commits of `models`, or if none are named of the experiment's hub models.

    Without names, models that have a pin already are left out unless `update` is set. Other pins
    are kept. Pins are written while answers arrive, so that an interrupted command can be run
    again to continue. Raises UserError that lists all models that could not be pinned.
    """
    pins = read_pins(layout.pins)
    wanted = sorted(set(models)) or experiment_models(layout)
    if not models and not update:
        wanted = [model for model in wanted if model not in pins]
    commits, problems = _ask(layout, wanted, pins)
    for model, commit in sorted(commits.items()):
        print(model, commit, *(["unchanged"] if pins.get(model) == commit else []))
    for model, problem in sorted(problems.items()):
        print(one_line(f"{model}: {problem}", MAX_MESSAGE_LENGTH))
    if not wanted:
        print("all hub models have a pin: `modelmap pin --update` asks for their newest commits")
    if problems:
        raise UserError(
            f"{len(problems)} of {len(wanted)} models are not pinned: {_summary(problems)}"
        )


def experiment_models(layout: Layout) -> list[str]:
    """Return the ids of the experiment's hub models that are pinned by conf/pins.yaml.

    Models whose own entry states a revision are left out. Raises UserError if there are none.
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
    """Write the commits of models into conf/pins.yaml; return them and the others' problems."""
    commits: dict[str, str] = {}
    problems: dict[str, str] = {}
    saved = time.monotonic()
    try:
        with Progress("pin", len(models)) as progress:
            for model, commit, problem in _answers(models):
                (commits if commit else problems)[model] = commit or problem
                n_done = len(commits) + len(problems)
                progress.update(n_done, f"{n_done} of {len(models)} models")
                if commits and time.monotonic() - saved > SAVED_EVERY_S:
                    saved = time.monotonic()
                    _save(layout, {**pins, **commits})
    finally:
        if commits:
            _save(layout, {**pins, **commits})
    return commits, problems


def _answers(models: list[str]) -> Iterator[tuple[str, str, str]]:
    """Yield each model with its commit and its problem, one of them empty, as answers arrive."""
    executor = ThreadPoolExecutor(N_THREADS)
    try:
        model_of = {executor.submit(find_commit, model): model for model in models}
        for future in as_completed(model_of):
            yield model_of[future], *future.result()
    finally:
        executor.shutdown(cancel_futures=True)


def _save(layout: Layout, pins: dict[str, str]) -> None:
    write_text(layout.pins, HEADER + yaml.safe_dump(pins, sort_keys=True))


def _summary(problems: dict[str, str]) -> str:
    """Return each problem with the models that have it, and what to do."""
    models_by_problem: dict[str, list[str]] = {}
    for model, problem in sorted(problems.items(), key=lambda item: (item[1], item[0])):
        models_by_problem.setdefault(problem, []).append(model)
    parts = [f"{problem} for {listed(models)}" for problem, models in models_by_problem.items()]
    return (
        f"{'; '.join(parts)}; check the names, the network and HF_ENDPOINT, log in "
        "(`hf auth login`) for private models, then run `modelmap pin` again"
    )
