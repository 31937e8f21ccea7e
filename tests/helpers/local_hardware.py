"""This machine's own choice of hardware, in a test's project."""

from modelmap.plumbing.layout import Layout


def set_workers(layout: Layout, n_workers: int) -> None:
    """Choose the number of processes."""
    path = layout.conf / "local" / "default.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"# @package _global_\nhardware: {{workers: {n_workers}}}\n")
