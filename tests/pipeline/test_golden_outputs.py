"""The micro project writes the recorded outputs: a change of plumbing changes no number.

No stage depends on src/modelmap/plumbing, so DVC runs nothing again when that package changes. This
test makes that safe. For each platform that it was recorded on, golden.json has the sha256 of every
table and every metrics file of the micro project. On these platforms all files must be the same.

Processors round differently: they add the same numbers in another order, or multiply and add in
one step. So bytes can only be compared on the same platform, which is a processor with the versions
of the libraries that compute and write. On any other platform, two things are compared. The corpus
and the texts hold no computed number, so their content must be the same. Metrics must be near the
recorded ones, within 2% or 0.01, which is several times what other instruction sets change here.
Metrics of maps are left out. Figures are never compared, because fonts differ between machines.

After a change that is meant to change numbers, or on a platform that is to be added, this writes
the entry of the platform:

    PYTHONPATH=tests python tests/pipeline/test_golden_outputs.py
"""

import hashlib
import json
import platform
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from helpers.shared_project import Owner, make_origin

from modelmap.corpus.tables import CORPUS
from modelmap.plumbing.layout import Layout
from modelmap.plumbing.tables import read_table
from modelmap.review.verify import Tolerances, differences, flattened
from modelmap.texts.tables import TEXTS

GOLDEN = Path(__file__).with_name("golden.json")
LIBRARIES = ("torch", "numpy", "scikit-learn", "pyarrow")
COMPARED = (
    *("data/*.parquet", "data/*.safetensors"),
    *("reports/plots/*.csv", "reports/metrics/*.json"),
)
TOLERANCES = Tolerances(relative={"*": 0.02}, absolute={"*": 0.01})
# t-SNE of models as alike as these makes another map from other last digits.
FROM_MAPS = ("map.trustworthiness", "map.nearest_kept_share", "stability.")
WRITE = (
    "if numbers are meant to change: PYTHONPATH=tests python tests/pipeline/test_golden_outputs.py"
)


def platform_key() -> str:
    """Return the processor, and the versions of the libraries that compute and write."""
    libraries = [f"{name} {version(name)}" for name in LIBRARIES]
    return ", ".join([processor(), platform.machine(), *libraries])


def processor() -> str:
    """Return the name of the processor; on Linux with its model, which the name may not tell."""
    path = Path("/proc/cpuinfo")
    if not path.is_file():
        return platform.processor()
    first, _, _ = path.read_text().partition("\n\n")
    keys = dict(line.split(":", 1) for line in first.splitlines() if ":" in line)
    values = {key.strip(): value.strip() for key, value in keys.items()}
    name = values.get("model name", "unknown processor")
    return f"{name} (family {values.get('cpu family')}, model {values.get('model')})"


def digests(root: Path) -> dict[str, str]:
    """Return the sha256 of every table and metrics file, by path."""
    paths = sorted(path for pattern in COMPARED for path in root.glob(pattern))
    return {
        path.relative_to(root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in paths
    }


def content_digests(root: Path) -> dict[str, str]:
    """Return the sha256 of the rows of the corpus and of the texts, however they are stored."""
    layout = Layout(root)
    tables = {"corpus": (layout.corpus, CORPUS), "texts": (layout.texts, TEXTS)}
    return {
        name: hashlib.sha256(read_table(*table).to_json(orient="records").encode()).hexdigest()
        for name, table in tables.items()
    }


def metrics(root: Path) -> dict[str, Any]:
    """Return the metrics that rounding changes little, by their dotted names."""
    return {
        name: value
        for path in sorted((root / "reports" / "metrics").glob("*.json"))
        for name, value in flattened(json.loads(path.read_text()), path.stem)
        if not name.startswith(FROM_MAPS)
    }


def test_the_micro_project_writes_the_recorded_outputs(micro: Owner) -> None:
    """The same bytes on a recorded platform; elsewhere the same texts and near metrics."""
    golden = json.loads(GOLDEN.read_text())
    assert content_digests(micro.root) == golden["content"], WRITE
    recorded = golden["platforms"].get(platform_key())
    if recorded is None:
        assert differences(metrics(micro.root), golden["metrics"], TOLERANCES) == [], WRITE
    else:
        assert digests(micro.root) == recorded, WRITE


def write_golden() -> None:
    """Write the entry of this platform, and the content and metrics for all others."""
    golden = json.loads(GOLDEN.read_text()) if GOLDEN.is_file() else {"platforms": {}}
    with TemporaryDirectory() as folder:
        root = Path(folder) / "origin"
        make_origin(root, Path(folder) / "store")
        golden["content"], golden["metrics"] = content_digests(root), metrics(root)
        golden["platforms"][platform_key()] = digests(root)
    GOLDEN.write_text(json.dumps(golden, indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    write_golden()
