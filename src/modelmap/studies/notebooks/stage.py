"""Study notebooks: execute the notebooks, and write them with their outputs."""

from modelmap.plumbing.errors import UserError
from modelmap.plumbing.files import write_text
from modelmap.plumbing.folders import replaced
from modelmap.plumbing.layout import Layout
from modelmap.studies.notebooks.execute import executed


def run(layout: Layout) -> None:
    """Replace reports/notebooks: each notebook of notebooks/ as ipynb, with outputs.

    Raises UserError if there is no notebook, or if a cell fails.
    """
    sources = sorted(layout.notebooks.glob("*.py"))
    if not sources:
        raise UserError(f"{layout.notebooks.name} has no notebook: get it back by `git checkout`")
    with replaced(layout.reports / "notebooks") as folder:
        for source in sources:
            content = executed(source.read_text(), source.name, layout.root)
            write_text(folder / f"{source.stem}.ipynb", content)
