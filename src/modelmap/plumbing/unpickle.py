"""Reading pickles from other people without running code that they contain."""

import io
import pickle
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from modelmap.plumbing.errors import UserError

# The encoding for text of Python 2.
ENCODING = "latin1"
# Operations of the pickle format for sets, extension codes, persistent ids and buffers, which no
# pickle that is read here needs.
REFUSED = (
    *(pickle.EMPTY_SET, pickle.ADDITEMS, pickle.FROZENSET),
    *(pickle.EXT1, pickle.EXT2, pickle.EXT4, pickle.PERSID, pickle.BINPERSID),
    *(pickle.NEXT_BUFFER, pickle.READONLY_BUFFER),
)
LOADERS: dict[int, Callable[[Any], None]] = pickle._Unpickler.dispatch

NUMBER_OR_TEXT = r"[biufUS][0-9]{1,4}"


# Python has two unpicklers. This is the one in Python: the one in C allocates as much memory as a
# number in the pickle asks for.
class _AllowListUnpickler(pickle._Unpickler):
    """An unpickler that loads only the classes and functions of an allow-list."""

    stack: list[Any]
    read: Callable[[int], bytes]

    def __init__(self, content: bytes, allowed: Mapping[str, Callable[..., Any]]) -> None:
        super().__init__(io.BytesIO(content), encoding=ENCODING)
        self._allowed = allowed

    def find_class(self, module: str, name: str) -> Any:
        wanted = f"{module}.{name}"
        if wanted not in self._allowed:
            raise UserError(f"refused a pickle that would load {wanted}, which is not allowed")
        return self._allowed[wanted]

    def _load_item(self) -> None:
        _check_keys(self.stack[-2:-1])
        LOADERS[pickle.SETITEM[0]](self)

    def _load_items(self) -> None:
        _check_keys(self.stack[::2])
        LOADERS[pickle.SETITEMS[0]](self)

    def _load_dict(self) -> None:
        _check_keys(self.stack[::2])
        LOADERS[pickle.DICT[0]](self)

    def _load_bytes(self) -> None:
        n_bytes = int.from_bytes(self.read(8), "little")
        self.stack.append(bytearray(self.read(n_bytes)))

    def _load_state(self) -> None:
        # Without a method __setstate__, pickle sets attributes of whatever was loaded, which may be
        # a class.
        if not hasattr(type(self.stack[-2]), "__setstate__"):
            raise pickle.UnpicklingError("state for an object that takes none")
        LOADERS[pickle.BUILD[0]](self)

    dispatch: ClassVar[dict[int, Callable[[Any], None]]] = {
        **{code: load for code, load in LOADERS.items() if bytes([code]) not in REFUSED},
        pickle.SETITEM[0]: _load_item,
        pickle.SETITEMS[0]: _load_items,
        pickle.DICT[0]: _load_dict,
        pickle.BYTEARRAY8[0]: _load_bytes,
        pickle.BUILD[0]: _load_state,
    }


def _check_keys(keys: Iterable[object]) -> None:
    # Hashing deeply nested tuples overflows the stack, which ends the process without a message.
    for key in keys:
        if not isinstance(key, str | bytes | int | float | None):
            raise pickle.UnpicklingError(f"a key of type {type(key).__name__}")


def load_allowing(content: bytes, allowed: Mapping[str, Callable[..., Any]]) -> Any:
    """Return the object of a pickle that uses only the classes and functions in `allowed`.

    `allowed` maps full names, such as "datetime.date", to what is called in their place. Keys of
    dicts must be text, numbers or None, and sets are not read. Raises UserError that names the
    first class or function that is not allowed, or says that the bytes are not a readable pickle.
    """
    try:
        return _AllowListUnpickler(content, allowed).load()
    except UserError:
        raise
    except MemoryError as error:
        raise UserError(
            "there is too little memory to read a pickle: end other programs"
        ) from error
    except Exception as error:
        raise UserError(f"not a readable pickle ({type(error).__name__}): {error}") from error


def read_pickle(path: Path, allowed: Mapping[str, Callable[..., Any]]) -> Any:
    """Return the object of a pickle file. Raises UserError as `load_allowing`, with its name."""
    try:
        return load_allowing(path.read_bytes(), allowed)
    except UserError as error:
        raise UserError(f"{path.name}: {error}") from error


class Unread:
    """A placeholder for any object of a pickle that is not needed."""

    def __init__(self, *_: Any) -> None: ...
    def __setstate__(self, _state: Any) -> None: ...


class _PickledDtype:
    """A replacement for numpy's dtype, which would allocate as much memory as a pickle asks for."""

    def __init__(self, name: str, *_: Any) -> None:
        self._name = name
        self._order: Any = "="

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        self._order = state[1]

    def value(self, content: bytes) -> Any:
        """Return the single number or text that `content` encodes."""
        return np.frombuffer(content, self._kind(), count=1)[0].item()

    def array(self, content: bytes, shape: tuple[int, ...], order: Any) -> "PickledArray":
        """Return the array of numbers or texts that `content` encodes."""
        array = PickledArray()
        array.values = np.frombuffer(content, self._kind()).reshape(shape, order=order)
        return array

    def _kind(self) -> np.dtype:
        if not re.fullmatch(NUMBER_OR_TEXT, self._name):
            raise pickle.UnpicklingError("a numpy value that is not a number or text")
        return np.dtype(self._name).newbyteorder(self._order)


class PickledArray:
    """A replacement for numpy's array, which trusts the sizes that a pickle states.

    `values` is None until the content has been read.
    """

    def __init__(self, *_: Any) -> None:
        self.values: np.ndarray | None = None

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        *_, shape, kind, by_column, content = state
        self.values = kind.array(content, shape, "F" if by_column else "C").values


def numbers_and_dates() -> dict[str, Callable[..., Any]]:
    """Return an allow-list of dates, numpy's numbers, read as Python's, and arrays, not read."""
    allowed: dict[str, Callable[..., Any]] = {
        f"datetime.{kind.__name__}": kind for kind in (datetime, timedelta, timezone)
    }
    # The module was renamed in numpy 2.
    for core in ("numpy.core", "numpy._core"):
        allowed[f"{core}.multiarray.scalar"] = _PickledDtype.value
        allowed[f"{core}.multiarray._reconstruct"] = Unread
        allowed[f"{core}.numeric._frombuffer"] = Unread
    # Pickle protocols before 3 store bytes as text.
    allowed["_codecs.encode"] = _encoded
    return {**allowed, "numpy.ndarray": Unread, "numpy.dtype": _PickledDtype}


def numbers_dates_and_arrays() -> dict[str, Callable[..., Any]]:
    """Return the allow-list of `numbers_and_dates` with arrays read as PickledArray."""
    allowed = numbers_and_dates()
    arrays: dict[str, Callable[..., Any]] = {
        name: PickledArray for name, stand_in in allowed.items() if stand_in is Unread
    }
    for core in ("numpy.core", "numpy._core"):
        arrays[f"{core}.numeric._frombuffer"] = _buffered
    return {**allowed, **arrays}


def _buffered(
    content: bytes, kind: _PickledDtype, shape: tuple[int, ...], order: str
) -> PickledArray:
    return kind.array(content, shape, order)


def _encoded(text: str, _encoding: str) -> bytes:
    return text.encode(ENCODING)
