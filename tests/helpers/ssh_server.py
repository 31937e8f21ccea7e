"""An SSH server on this machine, whose transfers can be made to stand still."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import cast

import asyncssh

PASSWORD = "open-sesame"


class SSHRemote:
    """A server that serves this machine's files by SFTP, by the key `folder`/key or PASSWORD."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, 0
        self.stalled = threading.Event()
        self._n_bytes_left: float = float("inf")

    @property
    def url(self) -> str:
        return f"ssh://someone@127.0.0.1:{self.port}{self.folder}/store"

    def stall_after(self, n_bytes: float) -> None:
        """Stop answering once so many bytes have been read and written; `inf` is never."""
        self._n_bytes_left = n_bytes
        self.stalled.clear()

    async def transfer(self, n_bytes: int) -> None:
        self._n_bytes_left -= n_bytes
        if self._n_bytes_left < 0:
            self.stalled.set()
            await asyncio.Event().wait()

    async def listen(self) -> asyncssh.SSHAcceptor:
        """Write the key and start to listen, on a free port."""
        key = asyncssh.generate_private_key("ssh-ed25519")
        key.write_private_key(str(self.folder / "key"))
        key.write_public_key(str(self.folder / "key.pub"))
        listening = await asyncssh.listen(
            "127.0.0.1",
            0,
            server_host_keys=[asyncssh.generate_private_key("ssh-ed25519")],
            authorized_client_keys=str(self.folder / "key.pub"),
            server_factory=_Passwords,
            sftp_factory=lambda channel: _Files(channel, self),
        )
        self.port = listening.get_port()
        return listening


class _Passwords(asyncssh.SSHServer):
    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        return password == PASSWORD


class _Files(asyncssh.SFTPServer):
    def __init__(self, channel: asyncssh.SSHServerChannel[bytes], remote: SSHRemote) -> None:
        super().__init__(channel)
        self._remote = remote

    async def read(self, file_obj: object, offset: int, size: int) -> bytes:
        content = cast(bytes, super().read(file_obj, offset, size))
        await self._remote.transfer(len(content))
        return content

    async def write(self, file_obj: object, offset: int, data: bytes) -> int:
        await self._remote.transfer(len(data))
        return cast(int, super().write(file_obj, offset, data))


@contextmanager
def ssh_server(folder: Path) -> Iterator[SSHRemote]:
    """Yield a server that is running."""
    remote, loop = SSHRemote(folder), asyncio.new_event_loop()
    loop.run_until_complete(remote.listen())
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield remote
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
