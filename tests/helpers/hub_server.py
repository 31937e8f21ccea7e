"""A model hub on the loopback: what huggingface_hub asks of one to find and fetch models."""

import hashlib
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

API = re.compile(
    r"/api/models/(?P<repo>[^/]+/[^/]+)(?:/(?P<view>revision|tree)/(?P<revision>[^/]+))?"
)
FILE = re.compile(r"/(?P<repo>[^/]+/[^/]+)/resolve/(?P<revision>[^/]+)/(?P<view>.+)")
RANGE = re.compile(r"bytes=(\d+)-(\d*)")


@dataclass
class Repo:
    """A local directory served as a repo; the last of its commits is main.

    A gated repo is listed to all and gives its files to members only; a private one is not there
    for a stranger. `earlier` holds the directories of commits whose files were others.
    """

    files: Path
    commits: list[str]
    gated: bool = False
    private: bool = False
    members: frozenset[str] = frozenset()
    earlier: dict[str, Path] = field(default_factory=dict)


@dataclass(frozen=True)
class Asked:
    """A request of a repo; `view` is info, revision, tree, or the name of a file.

    `first` is the byte from which a file was asked for."""

    method: str
    repo: str
    view: str
    revision: str | None
    status: int
    first: int = 0


@dataclass
class Hub:
    """The repos by id, every request so far, and the address for HF_ENDPOINT.

    `cut` names files whose next download ends after so many bytes, with the connection; `broken`
    those that the hub fails to give. The next `busy` requests are too many for it.
    """

    repos: dict[str, Repo]
    asked: list[Asked] = field(default_factory=list)
    endpoint: str = ""
    cut: dict[str, int] = field(default_factory=dict)
    broken: set[str] = field(default_factory=set)
    busy: int = 0


@contextmanager
def serving(hub: Hub) -> Iterator[Hub]:
    """Yield the hub while it listens on a free port."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (_Handler,), {"hub": hub}))
    hub.endpoint = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}).start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()


def blob_id(content: bytes) -> str:
    """Return git's name of a file's content, which is its ETag on a hub."""
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


class _Handler(BaseHTTPRequestHandler):
    hub: Hub
    protocol_version = "HTTP/1.1"
    # Without it a keep-alive connection holds the server's threads, and its end, for ever.
    timeout = 5
    # A body sent apart from its header would wait 40 ms for the client's word.
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        found = API.fullmatch(path) or FILE.fullmatch(path)
        if found is None:
            self.send_error(404)
            return
        parts = found.groupdict()
        self.name, self.view = parts["repo"], parts["view"] or "info"
        self.revision = parts["revision"]
        repo = self.hub.repos.get(self.name)
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        if self.hub.busy > 0:
            self.hub.busy -= 1
            self._send(429, b"{}", {"Retry-After": "0"})
        elif repo is None or (repo.private and token not in repo.members):
            # As the hub does: whoever names nobody is not told what is there.
            self._refuse(404 if token else 401, "RepoNotFound")
        elif self.revision is not None and self.revision not in repo.commits:
            self._refuse(404, "RevisionNotFound")
        elif found.re is API:
            self._answer_api(repo)
        elif repo.gated and token not in repo.members:
            self._refuse(403 if token else 401, "GatedRepo")
        elif self.view in self.hub.broken and self.command == "GET":
            self._send(500, b"{}", {})
        elif not (self._files(repo) / self.view).is_file():
            self._refuse(404, "EntryNotFound")
        else:
            self._answer_file(repo)

    do_HEAD = do_GET  # noqa: N815 - the name http.server looks for

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: a test reads what was asked from the hub."""

    def _files(self, repo: Repo) -> Path:
        return repo.earlier.get(str(self.revision), repo.files)

    def _answer_api(self, repo: Repo) -> None:
        folder = self._files(repo)
        found = sorted(path for path in folder.rglob("*") if path.is_file())
        files = {str(path.relative_to(folder)): path.read_bytes() for path in found}
        content: object = {
            "id": self.name,
            "sha": self.revision or repo.commits[-1],
            "siblings": [{"rfilename": name} for name in files],
        }
        if self.view == "tree":
            content = [
                {"type": "file", "path": name, "size": len(body), "oid": blob_id(body)}
                for name, body in files.items()
            ]
        self._send(200, json.dumps(content).encode(), {"Content-Type": "application/json"})

    def _answer_file(self, repo: Repo) -> None:
        body = (self._files(repo) / self.view).read_bytes()
        headers = {"ETag": f'"{blob_id(body)}"', "X-Repo-Commit": str(self.revision)}
        status, first = 200, 0
        part = RANGE.fullmatch(self.headers.get("Range", ""))
        if part:
            first, last = int(part[1]), int(part[2] or len(body) - 1)
            headers["Content-Range"] = f"bytes {first}-{last}/{len(body)}"
            status, body = 206, body[first : last + 1]
        self._send(status, body, headers, first)

    def _refuse(self, status: int, code: str) -> None:
        self._send(status, b"{}", {"X-Error-Code": code})

    def _send(self, status: int, body: bytes, headers: dict[str, str], first: int = 0) -> None:
        asked = Asked(self.command, self.name, self.view, self.revision, status, first)
        self.hub.asked.append(asked)
        self.send_response(status)
        for key, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(key, value)
        self.end_headers()
        if self.command == "HEAD":
            return
        until = self.hub.cut.pop(self.view, None)
        self.wfile.write(body[:until])
        self.close_connection = self.close_connection or until is not None
