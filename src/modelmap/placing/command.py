"""`modelmap place`: where a new model lies on a map, and what tells two models apart."""

import json
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from modelmap.divergence.mixture import Floats
from modelmap.placing.answer import Placement, placement, segment_row
from modelmap.placing.coloured import comparison_page, in_terminal
from modelmap.placing.compare import TextDifference, text_differences, texts_as_json
from modelmap.placing.known import KnownModels, read_bundle, read_project
from modelmap.placing.new_model import NewModel, model_spec
from modelmap.placing.page import NOTE, each_confidence, interval, page, saved, with_confidence
from modelmap.plumbing.errors import UserError
from modelmap.plumbing.files import write_text
from modelmap.plumbing.hardware import Hardware, load_hardware
from modelmap.plumbing.layout import Layout
from modelmap.plumbing.processes import check_models_can_run

DEFAULT_TEXTS, FEWEST_TEXTS, STEP = 16, 4, 8
SHOWN = 10


@dataclass(frozen=True)
class Amount:
    """How many texts a new model is scored on: DEFAULT_TEXTS if nothing is given."""

    texts: int | None = None
    error: float | None = None
    """More and more texts, until the relative standard error of the KLs is at most this."""
    seconds: float | None = None
    """More and more texts, until this time has passed."""


@dataclass(frozen=True)
class Output:
    """What is written besides the answer on standard output."""

    json: Path | None
    html: Path | None
    is_plain: bool
    """Without colours."""


def run(
    layout: Layout,
    model: str | None,
    compared: tuple[str, str] | None,
    amount: Amount,
    bundle: Path | None,
    output: Output,
) -> None:
    """Print where a model lies among the models of the map, or what tells two models apart.

    The map is that of the project, or of a `bundle`, for which no project is needed. Models that
    are `compared` are models of the map, or are scored as `model` is.
    Raises UserError if an argument is out of range, or if the map or a model cannot be read.
    """
    if (model is None) == (compared is None):
        raise UserError("name one model to place, or two with --compare")
    if output.json and output.html and output.json.resolve() == output.html.resolve():
        raise UserError(f"--json and --html both name {output.json}: give two files")
    if compared is not None:
        texts = differences(layout, compared, amount, bundle)
        shown = in_terminal(compared, texts, output.is_plain)
        content, whole = texts_as_json(compared, texts), comparison_page(compared, texts)
    else:
        assert model is not None
        found, known = placed(layout, model, amount, bundle)
        shown, content, whole = described(found, known), as_json(found), page(found, known)
    sys.stdout.write(shown)
    for path, text in ((output.json, content), (output.html, whole)):
        if path is not None:
            write_text(path, text)


def placed(
    layout: Layout, model: str, amount: Amount, bundle: Path | None
) -> tuple[Placement, KnownModels]:
    """Return the placement of a model, and the models that it was placed among.

    `model` is a directory, GGUF file, hub id or name of the roster. Raises UserError as `run` does.
    """
    check_models_can_run()
    known = _known(layout, bundle)
    _check(amount, len(known.first))
    spec = model_spec(model, layout)
    # The model that is placed may be one of the map.
    known = known.only((known.models["model"] != spec.name).to_numpy())
    return _until(NewModel(spec, known, layout, _hardware(layout)), known, amount), known


def differences(
    layout: Layout, compared: tuple[str, str], amount: Amount, bundle: Path | None
) -> list[TextDifference]:
    """Return how two models differ on each text: on all texts if the map has both.

    Raises UserError as `run` does, and if both models are the same.
    """
    for option in ("error", "seconds"):
        if getattr(amount, option) is not None:
            raise UserError(f"--{option} has no effect with --compare: give --texts")
    if compared[0] == compared[1]:
        raise UserError(f"--compare {compared[0]} {compared[1]}: name two different models")
    known = _known(layout, bundle)
    _check(amount, len(known.first))
    names = known.models["model"].tolist()
    are_known = all(name in names for name in compared)
    n_texts = amount.texts or (len(known.first) if are_known else DEFAULT_TEXTS)
    stop = int(np.append(known.first, len(known.n_bytes))[n_texts])
    one, other = (
        known.loglik_nats[names.index(name), :stop]
        if name in names
        else _row(layout, name, known, n_texts)
        for name in compared
    )
    first, n_bytes = known.first[:n_texts], known.n_bytes[:stop]
    return text_differences(one, other, first, n_bytes, known.texts[:n_texts])


def _known(layout: Layout, bundle: Path | None) -> KnownModels:
    if bundle is not None:
        return read_bundle(bundle)
    if not layout.map.is_file():
        raise UserError(
            "there is no map here: name a bundle with --map, or run `dvc repro` in a project"
        )
    return read_project(layout)


def _row(layout: Layout, model: str, known: KnownModels, n_texts: int) -> Floats:
    """Return the log-likelihoods of the segments of the first texts under a model of its own."""
    check_models_can_run()
    new = NewModel(model_spec(model, layout), known, layout, _hardware(layout))
    return segment_row(new.scores(n_texts), known)


def _hardware(layout: Layout) -> Hardware:
    """Return the hardware of the project, or this machine's processor where there is none."""
    if layout.conf.is_dir():
        return load_hardware(layout.conf)
    return Hardware(device="cpu", workers=1, batch_tokens=4096, logits_mb=32, shard_tflop=1.0)


def _check(amount: Amount, n_all: int) -> None:
    if amount.texts is not None and not FEWEST_TEXTS <= amount.texts <= n_all:
        raise UserError(f"--texts {amount.texts}: give a number from {FEWEST_TEXTS} to {n_all}")
    for name, value in (("--error", amount.error), ("--seconds", amount.seconds)):
        if value is not None and not value > 0:
            raise UserError(f"{name} {value:g}: give a number above 0")


def _until(new: NewModel, known: KnownModels, amount: Amount) -> Placement:
    """Return the placement from the texts that the arguments ask for."""
    if amount.error is None and amount.seconds is None:
        n_texts = amount.texts or min(DEFAULT_TEXTS, len(known.first))
        return placement(new.spec.name, new.scores(n_texts), known)
    started, n_scored = time.monotonic(), min(STEP, len(known.first))
    while True:
        found = placement(new.spec.name, new.scores(n_scored), known)
        is_done = amount.error is not None and found.relative_error <= amount.error
        is_late = amount.seconds is not None and time.monotonic() - started >= amount.seconds
        if is_done or is_late or n_scored == len(known.first):
            return found
        n_scored = min(n_scored + STEP, len(known.first))


def as_json(found: Placement) -> str:
    """Return the answer as JSON; tables are lists of rows, and missing values null."""
    content = asdict(found)
    for name in ("models", "bits"):
        table = content[name].astype(object)
        content[name] = table.where(table.notna(), None).to_dict("records")
    return json.dumps(content, indent=1) + "\n"


def described(found: Placement, known: KnownModels) -> str:
    """Return the answer as plain text."""
    nearest = found.models.iloc[0]
    n_tied = int(found.models["is_tied"].sum()) - 1
    tied = f" ({n_tied} more cannot be told apart from it)" if n_tied else ""
    lines = [
        f"{found.model}: {found.n_texts} of {len(known.first)} texts; {saved(found)}",
        f"verdict: {with_confidence(found)}",
        *([f"  {each_confidence(found)}"] if found.confidences else []),
        f"nearest: {nearest['model']}{tied}",
        f"place on the map: x = {found.x:.2f}, y = {found.y:.2f}",
        "",
        f"{'bits per byte':>17}  {'95% interval':<19}  texts",
        *(
            f"{row.bits_per_byte:17.3f}  {interval(row):<19}  {row.category} ({row.n_texts})"
            for row in found.bits.itertuples()
        ),
        "",
        f"{'KL, bits per byte':>17}  {'95% interval':<19}  model",
    ]
    for row in found.models.head(SHOWN).itertuples():
        mark = " =" if row.is_tied else ""
        lines.append(
            f"{row.kl_bits_per_byte:17.4g}  {interval(row):<19}  {row.model} ({row.family}){mark}"
        )
    rest = len(found.models) - SHOWN
    lines += [f"{'':>17}  {'':<19}  and {rest} more"] if rest > 0 else []
    lines += ["", "= cannot be told apart from the nearest at 95%", *found.flags]
    lines.append(NOTE)
    return "\n".join(lines) + "\n"
