"""Reading and writing small files as a whole, so that a reader never sees a half-written one."""

import json
import os
import re
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from modelmap.plumbing.errors import UserError, listed
from modelmap.plumbing.folders import temporary_prefix

M = TypeVar("M", bound=BaseModel)

# PyYAML reads about one megabyte per second. A roster of 1,000 models has a quarter of one.
MAX_YAML_BYTES = 8_000_000
MAX_INTEGER = 2**63 - 1
"""The largest integer that an int64 array can hold."""


class _StrictLoader(yaml.SafeLoader):
    """Loads YAML without aliases, repeated keys in a mapping, or lone surrogates in a text."""

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        # Aliases of aliases let a small file expand to billions of values.
        if self.check_event(yaml.AliasEvent):
            raise yaml.MarkedYAMLError(
                problem="aliases are not read: repeat the value", problem_mark=self.get_mark()
            )
        return super().compose_node(parent, index)

    def compose_scalar_node(self, anchor: Any) -> yaml.ScalarNode:
        node = super().compose_scalar_node(anchor)
        # YAML can contain escaped ones, which cannot be written in UTF-8 later.
        if re.search("[\ud800-\udfff]", node.value):
            raise yaml.MarkedYAMLError(None, None, "half of a surrogate pair", node.start_mark)
        return node

    def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:
        node = super().compose_mapping_node(anchor)
        seen = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode):
                if key.value in seen:
                    problem = f"the key {key.value} appears twice"
                    raise yaml.MarkedYAMLError(None, None, problem, key.start_mark)
                seen.add(key.value)
        return node


def write_atomically(path: Path, write: Callable[[Path], object]) -> None:
    """Call `write` with a temporary path in the folder of `path`, then rename that file to `path`.

    If anything fails, an earlier file at `path` stays as it was, and the temporary one is removed.
    Raises UserError if `path` is something else than a file.
    """
    # A device, such as /dev/null, would be replaced by a file if this user may do that.
    if path.exists() and not path.is_file():
        raise UserError(f"{path.name or path} is not a file: choose another name")
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=temporary_prefix(path), suffix=".part")
    os.close(handle)
    temporary = Path(name)
    try:
        write(temporary)
        temporary.chmod(0o644)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write text in UTF-8; an earlier file is replaced only by a complete one."""
    write_atomically(path, lambda part: part.write_text(text, encoding="utf-8"))


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write indented JSON with keys in the given order. Raises ValueError for NaN and infinity."""
    write_text(path, json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def read_yaml(path: Path, name: str | None = None) -> dict[str, Any]:
    """Return the content of a YAML file that holds a mapping; an empty file gives an empty one.

    Raises UserError with the name of the file, or `name` if given, and the line of the problem.
    """
    name = name or path.name
    missing = f"{name} is missing: restore it (git checkout -- {name})"
    content = parse_yaml(read_bytes(path, missing, MAX_YAML_BYTES), name)
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise UserError(f"{name} must hold keys and values, not {type(content).__name__}")
    return content


def parse_yaml(text: bytes, name: str) -> Any:
    """Return the value of YAML in UTF-8. Raises UserError with `name` and the problem's line."""
    check_no_conflict(text, name)
    try:
        return yaml.load(text.decode("utf-8-sig"), _StrictLoader)
    except MemoryError:
        raise
    except Exception as error:
        # PyYAML passes on the exceptions of Python's conversions, such as those of dates.
        raise UserError(f"{name}{_yaml_problem(error)}") from error


def _yaml_problem(error: Exception) -> str:
    """Return the number of the line, if it is known, and what is wrong there."""
    where = getattr(error, "problem_mark", None)
    line = f" line {where.line + 1}" if where else ""
    if isinstance(error, UnicodeDecodeError):
        problem = "not UTF-8 text"
    elif isinstance(error, RecursionError):
        problem = "nested too deep"
    else:
        problem = getattr(error, "problem", None) or getattr(error, "reason", None) or str(error)
    return f"{line} is not valid YAML: {problem}"


def check_no_conflict(content: bytes, name: str) -> None:
    """Raise UserError that names the file `name` if git wrote a merge conflict into its content."""
    found = re.search(rb"^<{7} ", content, re.MULTILINE)
    if found:
        line = content.count(b"\n", 0, found.start()) + 1
        raise UserError(
            f"{name} has a merge conflict in line {line}: edit it by hand, or, if a program writes "
            "this file, take either version (git checkout --ours) and run `dvc repro`"
        )


def read_bytes(path: Path, missing: str, largest: int | None = None) -> bytes:
    """Return the content of a file of at most `largest` bytes.

    Raises UserError with the message `missing` if there is no such file, and with the reason if it
    cannot be read or is too large.
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
    """Return whether `path` exists; False also if no file can have this name, as a too long one.

    Raises PermissionError if its folder may not be looked at.
    """
    try:
        return path.exists()
    except PermissionError:
        raise
    except OSError:
        return False


def parse_json(content: bytes) -> Any:
    """Return the value of JSON in UTF-8.

    Raises ValueError with the problem as the rest of a sentence, such as "is not JSON in UTF-8".
    """
    try:
        value = json.loads(content.decode("utf-8-sig"), object_pairs_hook=_without_duplicates)
        # JSON can contain escaped lone surrogates, which cannot be written in UTF-8 later.
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except _DuplicateKeyError as error:
        raise ValueError(f"has the key {error} twice") from error
    except RecursionError as error:
        raise ValueError("is nested too deep") from error
    except ValueError as error:
        raise ValueError("is not JSON in UTF-8") from error
    return value


class _DuplicateKeyError(Exception):
    """An object has the same key twice, so that it is not clear which value is meant."""


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content: dict[str, Any] = {}
    for key, value in pairs:
        if key in content:
            raise _DuplicateKeyError(key)
        content[key] = value
    return content


def json_object(content: bytes, name: str) -> dict[str, Any]:
    """Return the object that a JSON file contains. Raises UserError that names the file."""
    check_no_conflict(content, name)
    try:
        value = parse_json(content)
    except ValueError as error:
        raise UserError(f"{name} {error}: run `dvc repro` again") from error
    if not isinstance(value, dict):
        raise UserError(f"{name} must hold keys and values: run `dvc repro` again")
    return value


def checked(schema: type[M], content: object, where: str) -> M:
    """Return `content` as an instance of `schema`, which checks it.

    Raises UserError that begins with `where` and lists every wrong key.
    """
    try:
        validated = schema.model_validate(content)
    except ValidationError as error:
        problems = [
            f"{'.'.join(str(part) for part in item['loc']) or 'value'}: {item['msg']}"
            for item in error.errors()
        ]
        raise UserError(f"{where}: {listed(problems)}") from error
    invalid = list(_invalid_numbers(content, validated.model_dump(), ""))
    if invalid:
        raise UserError(f"{where}: {listed(invalid)}")
    return validated


def _invalid_numbers(content: Any, validated: Any, name: str) -> Iterator[str]:
    """Yield one message per number that was given as a bool, is infinite or is outside int64.

    pydantic accepts these: it takes true for 1, and its integers have no limit.
    """
    if isinstance(content, dict) and isinstance(validated, dict):
        for key in (key for key in validated if key in content):
            inner = f"{name}.{key}" if name else str(key)
            yield from _invalid_numbers(content[key], validated[key], inner)
    elif isinstance(content, list) and isinstance(validated, list | tuple):
        for index, (item, result) in enumerate(zip(content, validated, strict=True)):
            yield from _invalid_numbers(item, result, f"{name}.{index}" if name else str(index))
    elif isinstance(validated, bool) or not isinstance(validated, int | float):
        return
    elif isinstance(content, bool):
        yield f"{name}: Input should be a number, not {str(content).lower()}"
    elif not abs(validated) <= MAX_INTEGER:
        yield f"{name}: Input should be a number below 2^63"
