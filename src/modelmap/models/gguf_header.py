"""Whether a GGUF's header fits its file: its reader follows any length it is given."""

import mmap
import struct
from math import prod
from pathlib import Path

from modelmap.plumbing.errors import UserError

MAGIC = b"GGUF"
VERSIONS = (2, 3)
ALIGNMENT_KEY, ALIGNMENT = b"general.alignment", 32
STRING, ARRAY, UINT32 = 8, 9, 4
SCALAR_BYTES = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}
MOST_DIMENSIONS = 4


def check_gguf(path: Path) -> None:
    """Raise UserError unless every length in a GGUF's header lies inside the file.

    Versions 2 and 3, lowest byte first, are read, as transformers does.
    """
    from gguf.constants import GGML_QUANT_SIZES

    sizes = {int(kind): size for kind, size in GGML_QUANT_SIZES.items()}
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            _check(_Cursor(data), len(data), sizes)
    except OSError as error:
        raise UserError(f"{path.name} cannot be read: {error.strerror}") from error
    except (ValueError, struct.error) as error:
        raise UserError(
            f"{path.name} is no whole GGUF ({error}): download or convert it again"
        ) from error


class _Cursor:
    """Reads on in a file; what would go past its end is an error."""

    def __init__(self, data: mmap.mmap) -> None:
        self._data = data
        self.place = 0

    def take(self, n_bytes: int) -> bytes:
        self.skip(n_bytes)
        return self._data[self.place - n_bytes : self.place]

    def skip(self, n_bytes: int) -> None:
        if n_bytes > len(self._data) - self.place:
            raise ValueError(f"cut short at byte {self.place}")
        self.place += n_bytes

    def number(self, kind: str) -> int:
        value: int = struct.unpack(f"<{kind}", self.take(struct.calcsize(f"<{kind}")))[0]
        return value

    def text(self) -> bytes:
        return self.take(self.number("Q"))


def _check(cursor: _Cursor, n_bytes: int, sizes: dict[int, tuple[int, int]]) -> None:
    if cursor.take(4) != MAGIC:
        raise ValueError("it does not begin with GGUF")
    version = cursor.number("I")
    if version not in VERSIONS:
        raise ValueError(f"version {version}")
    n_tensors, n_keys = cursor.number("Q"), cursor.number("Q")
    alignment = ALIGNMENT
    for _ in range(n_keys):
        key, kind = cursor.text(), cursor.number("I")
        start = cursor.place
        _skip_value(cursor, kind)
        if key == ALIGNMENT_KEY and kind == UINT32:
            cursor.place = start
            alignment = cursor.number("I")
    ends = [_tensor_end(cursor, sizes) for _ in range(n_tensors)]
    if alignment < 1:
        raise ValueError("alignment 0")
    start = -(-cursor.place // alignment) * alignment
    if ends and start + max(ends) > n_bytes:
        raise ValueError(f"{start + max(ends)} bytes of tensors in a file of {n_bytes}")


def _skip_value(cursor: _Cursor, kind: int) -> None:
    if kind == STRING:
        cursor.text()
    elif kind == ARRAY:
        inner, length = cursor.number("I"), cursor.number("Q")
        if inner in SCALAR_BYTES:
            cursor.skip(length * SCALAR_BYTES[inner])
        elif inner == STRING:
            for _ in range(length):
                cursor.text()
        else:
            raise ValueError(f"an array of type {inner}")
    elif kind in SCALAR_BYTES:
        cursor.skip(SCALAR_BYTES[kind])
    else:
        raise ValueError(f"a value of type {kind}")


def _tensor_end(cursor: _Cursor, sizes: dict[int, tuple[int, int]]) -> int:
    """Return where a tensor ends, counted from the first one's place."""
    cursor.text()
    n_dimensions = cursor.number("I")
    if n_dimensions > MOST_DIMENSIONS:
        raise ValueError(f"a tensor of {n_dimensions} dimensions")
    length = prod(cursor.number("Q") for _ in range(n_dimensions))
    kind, offset = cursor.number("I"), cursor.number("Q")
    if kind not in sizes:
        raise ValueError(f"a tensor of type {kind}")
    per_block, block_bytes = sizes[kind]
    return offset + -(-length // per_block) * block_bytes
