"""Pinning hub models: each one's commit, as the hub gives it now, goes into conf/pins.yaml."""

import re
from concurrent.futures import ThreadPoolExecutor

import yaml

from modelmap.errors import UserError, listed
from modelmap.files import checked, read_yaml, write_text
from modelmap.layout import Layout
from modelmap.models.hub import HUB_TIMEOUT_S, hub_errors, hub_problem
from modelmap.models.roster import Roster, read_pins
from modelmap.models.spec import COMMIT
from modelmap.resolve import compose_configuration

HEADER = """\
# Written by `modelmap pin`: the commit at which each hub model is scored. Commit this file.
"""
AT_ONCE = 8


def run(layout: Layout, models: list[str]) -> None:
    """Write the hub's commits of `models`, or else of the experiment's hub models.

    Pins of other models stay. Raises UserError that names all models that got no pin, after those
    that got one are written.
    """
    wanted = sorted(set(models)) or experiment_models(layout)
    pins = read_pins(layout.pins)
    with ThreadPoolExecutor(AT_ONCE) as asking:
        answers = dict(zip(wanted, asking.map(_commit, wanted), strict=True))
    commits = {model: commit for model, (commit, _) in answers.items() if commit}
    if commits:
        write_text(layout.pins, HEADER + yaml.safe_dump({**pins, **commits}, sort_keys=True))
    for model, commit in commits.items():
        print(model, commit, *(["unchanged"] if pins.get(model) == commit else []))
    problems = {model: problem for model, (_, problem) in answers.items() if problem}
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
    roster = checked(Roster, composed.get("roster", {}), "conf/models")
    found = {
        str(entry.get("location", name))
        for name, entry in roster.models.items()
        if entry.get("source") == "hub" and "revision" not in entry
    }
    if not found:
        raise UserError(
            f"experiment {experiment} has no hub models to pin: name some "
            "(`modelmap pin ORGANISATION/MODEL`), or choose another experiment in params.yaml"
        )
    return sorted(found)


def _commit(model: str) -> tuple[str, str]:
    """Return a model's commit and no problem, or no commit and the problem."""
    from huggingface_hub import HfApi

    try:
        commit = HfApi().model_info(model, timeout=HUB_TIMEOUT_S).sha
    except hub_errors() as error:
        return "", hub_problem(error)
    if commit is None or not re.fullmatch(COMMIT, commit):
        return "", "the hub gave no commit"
    return commit, ""


def _told(problems: dict[str, str]) -> str:
    """Return each problem with its models, and what to do."""
    told = [
        f"{problem} for {listed([model for model in problems if problems[model] == problem])}"
        for problem in sorted(set(problems.values()))
    ]
    return (
        f"{'; '.join(told)}; check the names, the network and HF_ENDPOINT, log in "
        "(`hf auth login`) for private models, then run `modelmap pin` again"
    )
