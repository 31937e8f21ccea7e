"""`modelmap place`: where a new model lies on the map of a project."""

import json
import sys
import time
from dataclasses import asdict, replace
from pathlib import Path

from modelmap.place.answer import Placement, placement
from modelmap.place.known import KnownModels, read_bundle, read_project
from modelmap.place.new_model import NewModel, model_spec
from modelmap.place.page import NOTE, each_confidence, interval, page, with_confidence
from modelmap.plumbing.errors import UserError
from modelmap.plumbing.files import write_text
from modelmap.plumbing.hardware import Hardware, load_hardware
from modelmap.plumbing.layout import Layout
from modelmap.plumbing.processes import check_models_can_run

DEFAULT_TEXTS, FEWEST_TEXTS, STEP = 16, 4, 8
SHOWN = 10


def run(
    layout: Layout,
    model: str,
    n_texts: int | None,
    error: float | None,
    seconds: float | None,
    bundle: Path | None,
    json_file: Path | None,
    html_file: Path | None,
) -> None:
    """Print where a model lies among the models of the map, and write it as JSON and as HTML.

    The map is that of the project, or of a `bundle`, for which no project is needed.

    The model is scored on the first `n_texts` texts of the plan; or on more and more texts until
    the relative standard error of its KLs is at most `error`, or until `seconds` have passed.
    Raises UserError if an argument is out of range, or if the map or the model cannot be read.
    """
    check_models_can_run()
    known = read_project(layout) if bundle is None else read_bundle(bundle)
    _check(n_texts, error, seconds, len(known.first))
    spec = model_spec(model, layout)
    known = _without(known, spec.name)
    new = NewModel(spec, known, layout, _hardware(layout))
    found = _until(new, known, n_texts, error, seconds)
    sys.stdout.write(described(found, known))
    if json_file is not None:
        write_text(json_file, as_json(found))
    if html_file is not None:
        write_text(html_file, page(found, known))


def _hardware(layout: Layout) -> Hardware:
    """Return the hardware of the project, or this machine's processor where there is none."""
    if layout.conf.is_dir():
        return load_hardware(layout.conf)
    return Hardware(device="cpu", workers=1, batch_tokens=4096, logits_mb=32, shard_tflop=1.0)


def _check(n_texts: int | None, error: float | None, seconds: float | None, n_all: int) -> None:
    if n_texts is not None and not FEWEST_TEXTS <= n_texts <= n_all:
        raise UserError(f"--texts {n_texts}: give a number from {FEWEST_TEXTS} to {n_all}")
    for name, value in (("--error", error), ("--seconds", seconds)):
        if value is not None and not value > 0:
            raise UserError(f"{name} {value:g}: give a number above 0")


def _without(known: KnownModels, name: str) -> KnownModels:
    """Return the known models without the one that is placed, which may be one of them."""
    keep = (known.models["model"] != name).to_numpy()
    return replace(
        known,
        models=known.models[keep].reset_index(drop=True),
        places=known.places[keep],
        loglik_nats=known.loglik_nats[keep],
    )


def _until(
    new: NewModel,
    known: KnownModels,
    n_texts: int | None,
    error: float | None,
    seconds: float | None,
) -> Placement:
    """Return the placement from the texts that the arguments ask for."""
    if error is None and seconds is None:
        return placement(new.spec.name, new.scores(n_texts or DEFAULT_TEXTS), known)
    started, n_scored = time.monotonic(), STEP
    while True:
        found = placement(new.spec.name, new.scores(n_scored), known)
        is_done = error is not None and found.relative_error <= error
        is_late = seconds is not None and time.monotonic() - started >= seconds
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
        f"{found.model}: {found.n_texts} of {len(known.first)} texts",
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
