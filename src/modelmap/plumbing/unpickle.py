"""Reading pickles others wrote, without running their code."""

import io
import pickle
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta, timezone
from typing import Any, ClassVar

import numpy as np

from modelmap.plumbing.errors import UserError

# Python 2's text is read as latin1. Sets, extension codes and persistent ids are not read at all.
ENCODING = "latin1"
REFUSED = (
    *(pickle.EMPTY_SET, pickle.ADDITEMS, pickle.FROZENSET),
    *(pickle.EXT1, pickle.EXT2, pickle.EXT4, pickle.PERSID, pickle.BINPERSID),
    *(pickle.NEXT_BUFFER, pickle.READONLY_BUFFER),
)
LOADERS: dict[int, Callable[[Any], None]] = pickle._Unpickler.dispatch

NUMBER_OR_TEXT = r"[biufUS][0-9]{1,4}"


# Of Python's two unpicklers, the one in C reserves as much memory as a number in the pickle says.
class _Allowing(pickle._Unpickler):
    """An unpickler that can load only what it was given."""

    stack: list[Any]
    read: Callable[[int], bytes]

    def __init__(self, content: bytes, allowed: Mapping[str, Callable[..., Any]]) -> None:
        super().__init__(io.BytesIO(content), encoding=ENCODING)
        self._allowed = allowed

    def find_class(self, module: str, name: str) -> Any:
        wanted = f"{module}.{name}"
        if wanted not in self._allowed:
            raise UserError(f"refused a pickle: it wants to load {wanted}, which is not allowed")
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
        # Without a __setstate__ of its own, state is set on whatever was loaded, a class too.
        if not hasattr(type(self.stack[-2]), "__setstate__"):
            raise pickle.UnpicklingError("state for what takes none")
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
    # Python ends without a word when it hashes tuples nested deep.
    for key in keys:
        if not isinstance(key, str | bytes | int | float | None):
            raise pickle.UnpicklingError(f"a key of type {type(key).__name__}")


def load_allowing(content: bytes, allowed: Mapping[str, Callable[..., Any]]) -> Any:
    """Return the pickled object, resolving global names through `allowed` alone.

    Keys of dicts are text, numbers or None; there are no sets.
    Raises UserError that names the first global outside `allowed`, or says that the bytes are
    no pickle.
    """
    try:
        return _Allowing(content, allowed).load()
    except UserError:
        raise
    except Exception as error:
        raise UserError(f"not a readable pickle ({type(error).__name__}): {error}") from error


class Unread:
    """Stands in for what is not needed, whatever it is made of."""

    def __init__(self, *_: Any) -> None: ...
    def __setstate__(self, _state: Any) -> None: ...


class _Type:
    """Stands in for numpy's types, which reserve as much memory as a pickle says."""

    def __init__(self, name: str, *_: Any) -> None:
        self._name = name
        self._order: Any = "="

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        self._order = state[1]

    def value(self, content: bytes) -> Any:
        """Return the one number or text that `content` holds."""
        return np.frombuffer(content, self._kind(), count=1)[0].item()

    def array(self, content: bytes, shape: tuple[int, ...], order: Any) -> "PickledArray":
        """Return the numbers or texts that `content` holds."""
        array = PickledArray()
        array.values = np.frombuffer(content, self._kind()).reshape(shape, order=order)
        return array

    def _kind(self) -> np.dtype:
        if not re.fullmatch(NUMBER_OR_TEXT, self._name):
            raise pickle.UnpicklingError("a numpy value that is no number or text")
        return np.dtype(self._name).newbyteorder(self._order)


class PickledArray:
    """An array of numbers or texts as a pickle holds it; `values` is None until it has content.

    It stands in for numpy's own, which trusts what a pickle says of its memory.
    """

    def __init__(self, *_: Any) -> None:
        self.values: np.ndarray | None = None

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        *_, shape, kind, by_column, content = state
        self.values = kind.array(content, shape, "F" if by_column else "C").values


def numbers_and_dates() -> dict[str, Callable[..., Any]]:
    """Return an allow-list: numpy's numbers, as Python's; dates; and numpy's arrays, unread."""
    allowed: dict[str, Callable[..., Any]] = {
        f"datetime.{kind.__name__}": kind for kind in (datetime, timedelta, timezone)
    }
    # Their place in numpy has moved.
    for core in ("numpy.core", "numpy._core"):
        allowed[f"{core}.multiarray.scalar"] = _Type.value
        allowed[f"{core}.multiarray._reconstruct"] = Unread
        allowed[f"{core}.numeric._frombuffer"] = Unread
    # Protocols before 3 write bytes as text.
    allowed["_codecs.encode"] = _encoded
    return {**allowed, "numpy.ndarray": Unread, "numpy.dtype": _Type}


def numbers_dates_and_arrays() -> dict[str, Callable[..., Any]]:
    """Return the same allow-list with each array as a PickledArray."""
    allowed = numbers_and_dates()
    arrays: dict[str, Callable[..., Any]] = {
        name: PickledArray for name, stand_in in allowed.items() if stand_in is Unread
    }
    for core in ("numpy.core", "numpy._core"):
        arrays[f"{core}.numeric._frombuffer"] = _buffered
    return {**allowed, **arrays}


def _buffered(content: bytes, kind: _Type, shape: tuple[int, ...], order: str) -> PickledArray:
    return kind.array(content, shape, order)


def _encoded(text: str, _encoding: str) -> bytes:
    return text.encode(ENCODING)
