"""What makes a stage stale, from what DVC says."""

from typing import Any

from modelmap.review.guard import OTHER_RESULTS, WOULD_RUN, changes, stale_stages

STATUS: dict[str, list[Any]] = {
    "texts": [{"changed outs": {"data/texts.parquet": "not in cache"}}],
    "map": [
        {"changed deps": {"data/matrix.parquet": "deleted", "src/map.py": "modified"}},
        {"changed outs": {"reports/map.json": "deleted"}},
        {"changed deps": {"params.yaml": {"map.seed": "modified"}}},
        "changed checksum",
    ],
}
DATA = {"data/texts.parquet", "data/matrix.parquet"}


def test_every_change_is_one_triple() -> None:
    """Files, parameters behind their file, and the stage's own command."""
    assert list(changes(STATUS))[2:] == [
        ("map", "src/map.py", "modified"),
        ("map", "reports/map.json", "deleted"),
        ("map", "params.yaml map.seed", "modified"),
        ("map", "", "changed checksum"),
    ]


def test_absent_data_is_no_change_and_an_absent_result_in_git_is_one() -> None:
    """A fresh clone has no data; it has every metric and figure."""
    assert stale_stages([], STATUS, DATA) == {
        "map": [
            "src/map.py modified",
            "reports/map.json deleted",
            "params.yaml map.seed modified",
            "changed checksum",
        ]
    }
    assert stale_stages([], {"texts": STATUS["texts"]}, DATA) == {}
    assert set(stale_stages([], {"texts": STATUS["texts"]}, set())) == {"texts"}


def test_modified_data_is_a_change_wherever_it_is_kept() -> None:
    """That git ignores a file excuses its absence, not its content."""
    status: dict[str, list[Any]] = {"texts": [{"changed outs": {"data/texts.parquet": "modified"}}]}
    assert stale_stages([], status, DATA) == {"texts": ["data/texts.parquet modified"]}


def test_a_stage_dvc_would_run_is_stale_whatever_its_files_say() -> None:
    """Two locks merged line by line: each file is fine, and they do not fit each other."""
    skipped = "Stage 'texts' didn't change, skipping\n"
    for line in (
        "Running stage 'map':\n> modelmap map\n",
        "ERROR: failed to reproduce 'map': [Errno 2]",
    ):
        assert stale_stages(WOULD_RUN.findall(skipped + line), {}, set()) == {
            "map": [OTHER_RESULTS]
        }
