"""The paths of all files and folders of a project."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Layout:
    """The paths of a project in the folder `root`. No file is read or written here."""

    root: Path

    @property
    def conf(self) -> Path:
        return self.root / "conf"

    @property
    def params(self) -> Path:
        return self.root / "params.yaml"

    @property
    def pins(self) -> Path:
        return self.conf / "pins.yaml"

    @property
    def import_record(self) -> Path:
        return self.conf / "imported.yaml"

    @property
    def licences(self) -> Path:
        return self.conf / "licences.yaml"

    @property
    def resolved(self) -> Path:
        return self.root / "resolved.yaml"

    @property
    def roster(self) -> Path:
        return self.root / "roster.yaml"

    @property
    def raw(self) -> Path:
        return self.root / "data" / "raw"

    @property
    def imported(self) -> Path:
        return self.root / "data" / "imported"

    @property
    def bundle(self) -> Path:
        return self.root / "bundle"

    @property
    def corpus(self) -> Path:
        return self.root / "data" / "corpus.parquet"

    @property
    def archives(self) -> Path:
        """Downloaded packages that texts and models are read from; ignored by git."""
        return self.store / "archives"

    @property
    def texts(self) -> Path:
        return self.root / "data" / "texts.parquet"

    @property
    def zoo(self) -> Path:
        return self.root / "data" / "zoo"

    @property
    def scores(self) -> Path:
        return self.root / "data" / "scores"

    @property
    def few_texts(self) -> Path:
        """Scores of all texts that the study few_texts adds."""
        return self.root / "data" / "few_texts"

    @property
    def matrix(self) -> Path:
        return self.root / "data" / "matrix.parquet"

    @property
    def segments(self) -> Path:
        """The log-likelihoods of segments; a table says which segments they are."""
        return self.root / "data" / "segments.safetensors"

    @property
    def segment_table(self) -> Path:
        return self.root / "data" / "segments.parquet"

    @property
    def models(self) -> Path:
        return self.root / "data" / "models.parquet"

    @property
    def category_bits(self) -> Path:
        return self.root / "data" / "category_bits.parquet"

    @property
    def kl(self) -> Path:
        return self.root / "data" / "kl.parquet"

    @property
    def text_importance(self) -> Path:
        return self.root / "data" / "text_importance.parquet"

    @property
    def neighbours(self) -> Path:
        return self.root / "data" / "neighbours.parquet"

    @property
    def clusters(self) -> Path:
        return self.root / "data" / "clusters.parquet"

    @property
    def map(self) -> Path:
        return self.root / "data" / "map.parquet"

    @property
    def spectrum(self) -> Path:
        return self.root / "data" / "spectrum.parquet"

    @property
    def stability(self) -> Path:
        return self.root / "data" / "stability.parquet"

    @property
    def new_models(self) -> Path:
        return self.root / "data" / "new_models.parquet"

    @property
    def plan(self) -> Path:
        return self.root / "data" / "plan.parquet"

    @property
    def predictions(self) -> Path:
        return self.root / "data" / "predictions.parquet"

    @property
    def notebooks(self) -> Path:
        return self.root / "notebooks"

    @property
    def reports(self) -> Path:
        return self.root / "reports"

    @property
    def figures(self) -> Path:
        return self.reports / "figures"

    @property
    def page(self) -> Path:
        """The interactive map; ignored by git."""
        return self.reports / "map.html"

    @property
    def report(self) -> Path:
        return self.reports / "report.html"

    def metrics(self, stage: str) -> Path:
        return self.reports / "metrics" / f"{stage}.json"

    def plot(self, name: str) -> Path:
        return self.reports / "plots" / f"{name}.csv"

    @property
    def studies(self) -> Path:
        return self.reports / "studies"

    def study(self, name: str, ending: str) -> Path:
        return self.reports / "studies" / f"{name}.{ending}"

    @property
    def written_folders(self) -> list[Path]:
        """Return the folders in which files are written under another name and then renamed."""
        subfolders = ("metrics", "plots", "studies")
        return [
            *(self.root, self.conf, self.root / "data", self.reports),
            *(self.reports / name for name in subfolders),
        ]

    @property
    def store(self) -> Path:
        """Results that are kept between runs: scores, shards, converted models; ignored by git."""
        return self.root / ".modelmap"
