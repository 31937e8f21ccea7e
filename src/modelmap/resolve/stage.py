"""Stage resolve: compose the configuration and the list of models of the chosen experiment."""

from typing import Any

from modelmap.models.file import roster_text
from modelmap.models.roster import read_pins
from modelmap.plumbing.files import checked, read_yaml, write_text
from modelmap.plumbing.imported import Imported, imported_file
from modelmap.plumbing.layout import Layout
from modelmap.resolve.configuration import as_yaml, compose_configuration, resolve


def run(layout: Layout) -> None:
    """Write resolved.yaml and roster.yaml, from files of the project only."""
    experiment = str(read_yaml(layout.params).get("experiment", "embedded"))
    pins = read_pins(layout.pins)
    record = read_yaml(layout.import_record) if layout.import_record.exists() else None
    composed = compose_configuration(layout.root, experiment)
    models = _imported_models(record, layout) if composed["roster"]["imported"] else []
    resolved = resolve(composed, experiment, pins, record, models)
    write_text(layout.resolved, as_yaml(resolved))
    write_text(layout.roster, roster_text(resolved.models))


def _imported_models(record: dict[str, Any] | None, layout: Layout) -> list[dict[str, Any]]:
    """Return the rows of the imported table of models, or none if nothing was imported."""
    if record is None:
        return []
    # Imported here, because loading pandas takes longer than everything else in this stage.
    from modelmap.matrix.tables import IMPORTED_MODELS
    from modelmap.plumbing.tables import read_table

    known = checked(Imported, record, "conf/imported.yaml")
    rows = read_table(imported_file(layout, known, "models"), IMPORTED_MODELS).to_dict("records")
    return [{str(key): value for key, value in row.items()} for row in rows]
