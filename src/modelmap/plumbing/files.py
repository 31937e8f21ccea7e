"""Small files read and written whole: a reader never sees half of one."""

import json
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from modelmap.plumbing.errors import UserError, listed

M = TypeVar("M", bound=BaseModel)

# A thousand models take a quarter of a megabyte; PyYAML reads about one a second.
LARGEST_YAML_BYTES = 8_000_000
LARGEST_INTEGER = 2**63 - 1


class _Plain(yaml.SafeLoader):
    """Reads YAML in which every key stands once and every value where it belongs."""

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        # A few aliases of aliases make billions of values.
        if self.check_event(yaml.AliasEvent):
            raise yaml.MarkedYAMLError(
                problem="aliases are not read: repeat the value", problem_mark=self.get_mark()
            )
        return super().compose_node(parent, index)

    def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:
        node = super().compose_mapping_node(anchor)
        seen = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode):
                if key.value in seen:
                    told = f"the key {key.value} stands twice"
                    raise yaml.MarkedYAMLError(None, None, told, key.start_mark)
                seen.add(key.value)
        return node


def write_atomically(path: Path, write: Callable[[Path], object]) -> None:
    """Call `write` on a temporary neighbour of `path`, then rename it over `path`.

    On any failure the earlier file stays as it was and the temporary one is removed.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    os.close(handle)
    temporary = Path(name)
    try:
        write(temporary)
        temporary.chmod(0o644)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text whole or not at all."""
    write_atomically(path, lambda part: part.write_text(text, encoding="utf-8"))


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write indented JSON with keys in the order given; NaN and infinity are refused."""
    write_text(path, json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def read_yaml(path: Path, name: str | None = None) -> dict[str, Any]:
    """Return a YAML mapping. Raises UserError with the file's name, or `name`, and the line."""
    name = name or path.name
    missing = f"{name} is missing: restore it (git checkout -- {name})"
    content = parse_yaml(read_bytes(path, missing, LARGEST_YAML_BYTES), name)
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise UserError(f"{name} must hold keys and values, not {type(content).__name__}")
    return content


def parse_yaml(text: bytes, name: str) -> Any:
    """Return the value of YAML in UTF-8. Raises UserError with the file's name and the line."""
    try:
        return yaml.load(text.decode("utf-8-sig"), _Plain)
    except Exception as error:
        # Where a value does not fit its tag or pattern, PyYAML raises whatever Python did.
        raise UserError(f"{name}{_yaml_problem(error)}") from error


def _yaml_problem(error: Exception) -> str:
    """Return the line, where it is known, and what is wrong there."""
    where = getattr(error, "problem_mark", None)
    line = f" line {where.line + 1}" if where else ""
    if isinstance(error, UnicodeDecodeError):
        problem = "not UTF-8 text"
    elif isinstance(error, RecursionError):
        problem = "nested too deep"
    else:
        problem = getattr(error, "problem", None) or getattr(error, "reason", None) or str(error)
    return f"{line} is not valid YAML: {problem}"


def read_bytes(path: Path, missing: str, largest: int | None = None) -> bytes:
    """Return a file's bytes, `largest` at most.

    Raises UserError with the line `missing` if it is not there, or that tells why it is not read.
    """
    try:
        with path.open("rb") as file:
            content = file.read(-1 if largest is None else largest + 1)
    except FileNotFoundError as error:
        raise UserError(missing) from error
    except OSError as error:
        raise UserError(f"{path.name} cannot be read: {error.strerror}") from error
    if largest is not None and len(content) > largest:
        raise UserError(f"{path.name} has more than {largest / 1e6:g} MB: it cannot be right")
    return content


def exists(path: Path) -> bool:
    """Return whether something is at `path`; at a name that no file can have nothing is."""
    try:
        return path.exists()
    except OSError:
        return False


def parse_json(content: bytes) -> Any:
    """Return the value of JSON in UTF-8.

    Raises ValueError that says what the content does wrong, such as "is not JSON in UTF-8".
    """
    try:
        value = json.loads(content.decode("utf-8-sig"), object_pairs_hook=_each_once)
        # JSON can spell half a surrogate pair, which no later file could hold.
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except _DoubledKeyError as error:
        raise ValueError(f"has the key {error} twice") from error
    except RecursionError as error:
        raise ValueError("is nested too deep") from error
    except ValueError as error:
        raise ValueError("is not JSON in UTF-8") from error
    return value


class _DoubledKeyError(Exception):
    """A key that an object has twice; of two values neither is surely meant."""


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content: dict[str, Any] = {}
    for key, value in pairs:
        if key in content:
            raise _DoubledKeyError(key)
        content[key] = value
    return content


def json_object(content: bytes, name: str) -> dict[str, Any]:
    """Return the keys and values of a JSON file's content. Raises UserError that names the file."""
    try:
        value = parse_json(content)
    except ValueError as error:
        raise UserError(f"{name} {error}: run `dvc repro` again") from error
    if not isinstance(value, dict):
        raise UserError(f"{name} holds no keys and values: run `dvc repro` again")
    return value


def checked(schema: type[M], content: object, where: str) -> M:
    """Return `content` as `schema`. Raises UserError that lists every wrong key."""
    try:
        kept = schema.model_validate(content)
    except ValidationError as error:
        problems = [
            f"{'.'.join(str(part) for part in item['loc']) or 'value'}: {item['msg']}"
            for item in error.errors()
        ]
        raise UserError(f"{where}: {listed(problems)}") from error
    odd = list(_odd_numbers(content, kept.model_dump(), ""))
    if odd:
        raise UserError(f"{where}: {listed(odd)}")
    return kept


def _odd_numbers(content: Any, kept: Any, name: str) -> Iterator[str]:
    """Yield a phrase per number that is yes or no, endless, or beyond what arrays hold."""
    if isinstance(content, dict) and isinstance(kept, dict):
        for key in (key for key in kept if key in content):
            yield from _odd_numbers(content[key], kept[key], f"{name}.{key}" if name else str(key))
    elif isinstance(content, list) and isinstance(kept, list | tuple):
        for place, (one, other) in enumerate(zip(content, kept, strict=True)):
            yield from _odd_numbers(one, other, f"{name}.{place}" if name else str(place))
    elif isinstance(kept, bool) or not isinstance(kept, int | float):
        return
    elif isinstance(content, bool):
        yield f"{name}: Input should be a number, not {str(content).lower()}"
    elif not abs(kept) <= LARGEST_INTEGER:
        yield f"{name}: Input should be a number below 2^63"
