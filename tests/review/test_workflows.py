"""What the workflows may do, and the comment workflow's own lines against a stand-in for GitHub."""

import json
import os
import re
import shutil
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from helpers.review_project import run
from helpers.workflow_lines import FOLDER, WORKFLOWS, run_lines, steps
from markdown_it import MarkdownIt

# YAML 1.1 reads the key `on` as true.
ON = True
PARSER = MarkdownIt("commonmark", {"html": True}).enable("table")
HEAD = "5" * 40
GH = """#!{python}
import json, os, shutil, subprocess, sys
folder, words = os.environ["GH_FOLDER"], sys.argv[2:]
path = next(word for word in words if word.startswith("repos/"))
body = next((word[6:] for word in words if word.startswith("body=@")), None)
if body:
    method = words[words.index("-X") + 1] if "-X" in words else "POST"
    shutil.copyfile(body, os.path.join(folder, "posted.md"))
    with open(os.path.join(folder, "calls"), "a") as calls:
        calls.write(method + " " + path + "\\n")
elif path.endswith("/zip"):
    sys.stdout.buffer.write(open(os.path.join(folder, "review.zip"), "rb").read())
else:
    known = json.load(open(os.path.join(folder, "answers.json")))
    query = words[words.index("--jq") + 1]
    subprocess.run(["jq", "-r", query], input=json.dumps(known[path]), text=True, check=True)
"""
MINE = {"id": 31, "user": {"login": "github-actions[bot]"}, "body": "<!-- modelmap review -->\n"}
OTHERS = [
    {**MINE, "id": 32, "user": {"login": "someone"}},
    {**MINE, "id": 33, "body": "Another workflow's words."},
]


@pytest.fixture
def github(tmp_path: Path) -> Path:
    """Return a folder with a stand-in `gh` that answers from files and keeps what is posted."""
    if not (shutil.which("jq") and shutil.which("unzip")):
        pytest.skip("jq and unzip, which GitHub's runners have, are not installed here")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/gh").write_text(GH.format(python=sys.executable))
    (tmp_path / "bin/gh").chmod(0o755)
    (tmp_path / "work").mkdir()
    answer(tmp_path)
    artifact(tmp_path, "7\n", "# Review\n\nAll is well.\n")
    return tmp_path


def answer(
    github: Path, size: int = 5000, head: str = HEAD, comments: Sequence[dict[str, Any]] = ()
) -> None:
    """Set what GitHub says of the run's artifact, of request 7, of its comments; 8 is another's."""
    artifacts = [
        {"name": "other", "size_in_bytes": 1, "id": 20},
        {"name": "review", "size_in_bytes": size, "id": 21},
    ]
    known = {
        "repos/o/r/actions/runs/11/artifacts": {"artifacts": artifacts},
        "repos/o/r/pulls/7": {"head": {"sha": head}},
        "repos/o/r/pulls/8": {"head": {"sha": "8" * 40}},
        "repos/o/r/issues/7/comments": [*OTHERS, *comments],
    }
    (github / "answers.json").write_text(json.dumps(known))


def artifact(github: Path, number: str, text: str) -> None:
    """Set what the review uploaded."""
    with zipfile.ZipFile(github / "review.zip", "w") as packed:
        packed.writestr("number", number)
        packed.writestr("review.md", text)


def comment(github: Path) -> tuple[str, list[str]]:
    """Run the comment workflow's lines; return its output and the calls that write."""
    environment = {
        "PATH": f"{github / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "GH_FOLDER": str(github),
        "GITHUB_REPOSITORY": "o/r",
        "RUN": "11",
        "HEAD": HEAD,
    }
    said = ""
    for line in run_lines("comment"):
        completed = run(github / "work", "bash", "-e", "-c", line, **environment)
        said += completed.stdout + completed.stderr
        if completed.returncode:
            break
    calls = github / "calls"
    return said, calls.read_text().splitlines() if calls.exists() else []


def posted(github: Path) -> str:
    """Return the comment's text."""
    return (github / "posted.md").read_text()


def test_the_first_review_is_posted_and_later_ones_edit_it(github: Path) -> None:
    """One comment a request, found by its hidden marker."""
    assert comment(github) == ("", ["POST repos/o/r/issues/7/comments"])
    assert posted(github).startswith("<!-- modelmap review -->\n")
    assert "\n# Review\n\nAll is well.\n" in posted(github)
    answer(github, comments=[MINE, {**MINE, "id": 34}])
    assert comment(github)[1][1:] == ["PATCH repos/o/r/issues/comments/31"]


@pytest.mark.parametrize(
    ("number", "head", "said"),
    [
        ("7", "6" * 40, f"the head of #7 is not {HEAD}"),
        ("8", HEAD, f"the head of #8 is not {HEAD}"),
        ("$(touch x)", HEAD, "the review names no pull request"),
        ("7/../../x", "6" * 40, f"the head of #7 is not {HEAD}"),
    ],
)
def test_only_the_request_that_was_reviewed_is_written_to(
    github: Path, number: str, head: str, said: str
) -> None:
    """Nothing is posted by another's number, by none, or to a request that has moved on."""
    artifact(github, number, "text")
    answer(github, head=head)
    assert comment(github) == (said + "\n", [])
    assert not (github / "work" / "x").exists()


def test_a_text_that_is_too_large_is_none(github: Path) -> None:
    """As one that is not there: the review failed before it wrote anything."""
    answer(github, size=1_000_000)
    assert comment(github) == ("the review wrote no text\n", [])


HOSTILE = """\
# Title

| a | b |
| --- | --- |
| `c` | @someone |

<script>alert(1)</script> <img src="http://x.example/p.png"> <!-- modelmap review -->
![x](http://x.example/p.png) [click](https://x.example) [r] <https://x.example> www.x.example
https://github.com/o/other/issues/1 o/r#12 GH-12 &#64;someone &lt;b&gt; \\<b> \\![x](y) \\@one
_www.evil.example/phish_ **WWW.evil.example** ~www.evil.example~ (www.x.example)
_GH-13_ _@someone_ _x@y.example_ _#14_ _https://x.example_ 1www.x.example

[r]: https://x.example
"""


def test_hostile_text_becomes_words(github: Path) -> None:
    """Headings and tables stay; HTML, links, images, mentions and references do not."""
    artifact(github, "7", HOSTILE)
    comment(github)
    text = posted(github).split("\n", 1)[1]
    tokens = [inner for token in PARSER.parse(text) for inner in (token, *(token.children or []))]
    kinds = {token.type for token in tokens}
    assert {"heading_open", "table_open", "code_inline"} <= kinds
    assert not kinds & {"html_block", "html_inline", "link_open", "image"}
    shown = "".join(token.content for token in tokens if token.type == "text")
    for risky in (r"@\w", r"#\d", r"GH-\d", "://", r"www\.", "<b", "<!--"):
        assert not re.search(risky, shown, re.IGNORECASE), risky


def test_a_long_text_is_cut(github: Path) -> None:
    """60,000 characters at most, also of a text that must be made harmless throughout."""
    artifact(github, "7", "@é" * 100_000)
    comment(github)
    assert len(posted(github)) == 60_000


def test_scripts_take_no_expression_and_the_writing_workflow_no_code() -> None:
    """What a request can name reaches a script through files and variables alone."""
    for workflow in WORKFLOWS:
        assert not any("${{" in line for line in run_lines(workflow))
    assert WORKFLOWS["review"][ON] == "pull_request"
    assert WORKFLOWS["test"][ON] == ["push", "pull_request"]
    for workflow in ("review", "test"):
        assert WORKFLOWS[workflow]["permissions"] == {"contents": "read"}
        checkout = next(step for step in steps(workflow) if "checkout" in step.get("uses", ""))
        assert checkout["with"] == {"fetch-depth": 0, "persist-credentials": False}
    assert WORKFLOWS["docs"][ON] == {"push": {"branches": ["main"]}}
    writes = {"contents": "read", "pages": "write", "id-token": "write"}
    assert WORKFLOWS["docs"]["permissions"] == writes
    assert run_lines("docs") == ["make docs PYTHON=python"]
    assert run_lines("test") == ["make test PYTHON=python"]
    assert not any("uses" in step for step in steps("comment"))
    assert WORKFLOWS["comment"]["permissions"] == {}
    (job,) = WORKFLOWS["comment"]["jobs"].values()
    assert job["permissions"] == {"actions": "read", "pull-requests": "write"}
    assert WORKFLOWS["comment"][ON]["workflow_run"]["workflows"] == [WORKFLOWS["review"]["name"]]
    assert "secrets." not in "".join(path.read_text() for path in FOLDER.glob("*.yaml"))


def test_an_artifact_writes_no_file_of_its_own_choice(github: Path) -> None:
    """Only its two texts are read; a name that climbs out of the folder is not unpacked."""
    with zipfile.ZipFile(github / "review.zip", "w") as packed:
        packed.writestr("../escaped", "x")
        packed.writestr("number", "7")
        packed.writestr("review.md", "text")
    comment(github)
    assert not (github / "escaped").exists()
    assert posted(github).endswith("text")
