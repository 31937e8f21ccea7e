"""Maps of language models, computed from the log-likelihoods of texts under each model."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from modelmap.placing.answer import Placement


def place(
    model: str,
    *,
    texts: int | None = None,
    error: float | None = None,
    seconds: float | None = None,
    bundle: Path | str | None = None,
    root: Path | str = ".",
) -> "Placement":
    """Return where a model lies on a map, as the command `modelmap place` does.

    `model` is a directory, GGUF file, hub id, or name of the roster. It is scored on a number of
    `texts`, 16 if nothing is given; or on more and more texts, until the relative standard error
    of its KLs is at most `error`, or until `seconds` have passed.

    The map is that of the project in the folder `root`, or of an exported `bundle`, for which no
    project is needed. Scores are kept in the folder .modelmap/place of `root`.

    The answer is a frozen dataclass with the verdict and its confidence, the KLs to the models of
    the map in bits per byte with intervals (a data frame), bits per byte by category, the place on
    the map, and warnings. Raises UserError if an argument is out of range, or if the map or the
    model cannot be read.
    """
    # Importing the package imports neither pandas nor torch.
    from modelmap.placing.command import Amount, placed
    from modelmap.plumbing.layout import Layout

    amount = Amount(texts, error, seconds)
    folder = None if bundle is None else Path(bundle)
    return placed(Layout(Path(root)), model, amount, folder)[0]
