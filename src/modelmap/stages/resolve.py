"""Stage resolve: conf/, params.yaml and the experiment become resolved.yaml and roster.yaml."""

from modelmap.files import read_yaml, write_text
from modelmap.layout import Layout
from modelmap.models.file import roster_text
from modelmap.models.roster import read_pins
from modelmap.resolve import as_yaml, compose_configuration, resolve


def run(layout: Layout) -> None:
    """Write resolved.yaml and roster.yaml. Nothing outside the project is asked."""
    experiment = str(read_yaml(layout.params).get("experiment", "embedded"))
    pins = read_pins(layout.pins)
    imported = read_yaml(layout.import_record) if layout.import_record.exists() else None
    composed = compose_configuration(layout.root, experiment)
    resolved = resolve(composed, experiment, pins, imported)
    write_text(layout.resolved, as_yaml(resolved))
    write_text(layout.roster, roster_text(resolved.models))
