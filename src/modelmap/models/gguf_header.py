"""A check that the header of a GGUF file fits what follows it.

The libraries that read GGUF files trust the lengths and counts in the header: in a damaged file
they could make them allocate any amount of memory, or run almost without end.
"""

import mmap
import re
import struct
from math import prod
from pathlib import Path

from modelmap.plumbing.errors import UserError

MAGIC = b"GGUF"
VERSIONS = (2, 3)
ALIGNMENT_KEY, ALIGNMENT = b"general.alignment", 32
# Types of values, by the numbers that the format gives them.
STRING, ARRAY = 8, 9
SCALAR_BYTES = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}
INTEGER_CODES = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 10: "Q", 11: "q"}
MAX_DIMENSIONS = 4
# A block is a layer of the model; its tensors have its number in their names.
BLOCK_COUNT, BLOCK = b".block_count", re.compile(rb"\bblk\.(\d+)\.")


def check_gguf(path: Path) -> dict[str, int]:
    """Return the number of weights of each tensor in a GGUF file, by the tensor's name.

    Raises UserError unless everything that the header describes lies within the file, and it counts
    as many blocks as there are. Versions 2 and 3 are accepted, in little-endian byte order, as
    transformers does.
    """
    from gguf.constants import GGML_QUANT_SIZES

    sizes = {int(kind): size for kind, size in GGML_QUANT_SIZES.items()}
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            return _check(_Cursor(data), len(data), sizes)
    except OSError as error:
        raise UserError(f"{path.name} cannot be read: {error.strerror}") from error
    except (ValueError, struct.error) as error:
        raise UserError(
            f"{path.name} is not a complete GGUF file ({error}): download or convert it again"
        ) from error


class _Cursor:
    """A position in the file, which moves as values are read; reading past the end is an error."""

    def __init__(self, data: mmap.mmap) -> None:
        self._data = data
        self.position = 0

    def take(self, n_bytes: int) -> bytes:
        self.skip(n_bytes)
        return self._data[self.position - n_bytes : self.position]

    def skip(self, n_bytes: int) -> None:
        # Python's integers are unbounded, so a wild length cannot overflow past this check.
        if n_bytes > len(self._data) - self.position:
            raise ValueError(f"cut short at byte {self.position}")
        self.position += n_bytes

    def number(self, code: str) -> int:
        """Return the integer of a type code of the module struct, such as "I" for uint32."""
        value: int = struct.unpack(f"<{code}", self.take(struct.calcsize(f"<{code}")))[0]
        return value

    def text(self) -> bytes:
        """Return a string: its length as uint64, then its bytes."""
        return self.take(self.number("Q"))


def _check(cursor: _Cursor, n_bytes: int, sizes: dict[int, tuple[int, int]]) -> dict[str, int]:
    """Return the number of weights of each tensor, by its name.

    Raises ValueError if the header is damaged or describes more than the file's `n_bytes`. `sizes`
    are, by type of tensor, the number of weights in a block and the bytes of a block.
    """
    if cursor.take(4) != MAGIC:
        raise ValueError("it does not begin with GGUF")
    # The header: magic, version, two counts, the key-value pairs, a description of each tensor.
    version = cursor.number("I")
    if version not in VERSIONS:
        raise ValueError(f"version {version}")
    n_tensors, n_keys = cursor.number("Q"), cursor.number("Q")
    integers = _integers(cursor, n_keys)
    tensors = [_tensor(cursor, sizes) for _ in range(n_tensors)]
    alignment = integers.get(ALIGNMENT_KEY, ALIGNMENT)
    if alignment < 1:
        raise ValueError("alignment 0")
    # The tensors begin at the next multiple of the alignment: -(-a // b) rounds a / b up.
    start = -(-cursor.position // alignment) * alignment
    end = start + max((end for *_, end in tensors), default=0)
    if tensors and end > n_bytes:
        raise ValueError(f"{end} bytes of tensors in a file of {n_bytes}")
    _check_blocks(integers, [name for name, *_ in tensors])
    return {name.decode(errors="replace"): n_weights for name, n_weights, _ in tensors}


def _integers(cursor: _Cursor, n_keys: int) -> dict[bytes, int]:
    """Return the values of a header that are integers, by key, and move past all values."""
    integers = {}
    for _ in range(n_keys):
        key, kind = cursor.text(), cursor.number("I")
        if kind in INTEGER_CODES:
            integers[key] = cursor.number(INTEGER_CODES[kind])
        else:
            _skip_value(cursor, kind)
    return integers


def _check_blocks(integers: dict[bytes, int], names: list[bytes]) -> None:
    """Raise ValueError unless the header counts as many blocks as have tensors."""
    # transformers builds a layer for each block before it reads any tensor: a million take minutes.
    n_blocks = len({found.group(1) for name in names if (found := BLOCK.search(name))})
    for key, count in integers.items():
        if key.endswith(BLOCK_COUNT) and count != n_blocks:
            raise ValueError(f"block_count {count}, but tensors of {n_blocks} blocks")


def _skip_value(cursor: _Cursor, kind: int) -> None:
    """Move past a value of type `kind`. Raises ValueError if the format has no such type."""
    if kind == STRING:
        cursor.text()
    elif kind == ARRAY:
        inner, length = cursor.number("I"), cursor.number("Q")
        if inner in SCALAR_BYTES:
            cursor.skip(length * SCALAR_BYTES[inner])
        elif inner == STRING:
            # Each string takes at least 8 bytes, so a wild length ends at the end of the file.
            for _ in range(length):
                cursor.text()
        else:
            raise ValueError(f"an array of type {inner}")
    elif kind in SCALAR_BYTES:
        cursor.skip(SCALAR_BYTES[kind])
    else:
        raise ValueError(f"a value of type {kind}")


def _tensor(cursor: _Cursor, sizes: dict[int, tuple[int, int]]) -> tuple[bytes, int, int]:
    """Return a tensor's name, its number of weights, and where it ends.

    The end is in bytes after the beginning of the tensors.
    """
    name = cursor.text()
    n_dimensions = cursor.number("I")
    if n_dimensions > MAX_DIMENSIONS:
        raise ValueError(f"a tensor of {n_dimensions} dimensions")
    n_weights = prod(cursor.number("Q") for _ in range(n_dimensions))
    kind, offset = cursor.number("I"), cursor.number("Q")
    if kind not in sizes:
        raise ValueError(f"a tensor of type {kind}")
    # Quantised weights are stored in blocks that share a scale.
    per_block, block_bytes = sizes[kind]
    return name, n_weights, offset + -(-n_weights // per_block) * block_bytes
