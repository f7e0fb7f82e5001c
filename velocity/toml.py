"""Reads a TOML file as a pydantic model and finds every mistake in it in one pass."""

from __future__ import annotations

import json
import re
import tomllib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, time
from functools import lru_cache
from pathlib import Path
from typing import Any, Generic, Literal, TypeVar, get_args

from pydantic import AfterValidator, BaseModel, ValidationError
from pydantic.fields import FieldInfo

from velocity.formats import did_you_mean, mid_sentence

_Model = TypeVar("_Model", bound=BaseModel)
_Item = TypeVar("_Item")
_Read = TypeVar("_Read")
_Path = tuple[str | int, ...]
_LONGEST = 60  # characters of a value that a finding repeats
_WORD = re.compile(r"[A-Za-z0-9_-]+")

#: pydantic's error type -> the expected value, where it follows from the type.
_EXPECTED = {
    "string_type": "text in quotes",
    "string_too_short": "some text",
    "path_type": "a path in quotes",
    "bool_type": "true or false, without quotes",
    "date_type": "a date without quotes, such as 2026-01-05",
    "float_type": "a number, without quotes",
    "int_type": "a whole number, without quotes",
    "finite_number": "a finite number",
    "greater_than": "a number above {gt:g}",
    "greater_than_equal": "a number of {ge:g} or more",
    "less_than_equal": "a number of {le:g} or less",
    "tuple_type": "a list in square brackets",
    "model_type": "a table of keys and values",
    "literal_error": "{expected}",
    "value_error": "{error}",
}


@dataclass(frozen=True)
class Finding:
    """One mistake. A file with an error cannot be used; a warning does not stop it."""

    where: str  # the entry and its key, such as "scholar ada: timezone"
    problem: str  # such as 'got "Mars"'
    expected: str
    severity: Literal["error", "warning"] = "error"

    def __str__(self) -> str:
        text = f"{self.where}: {self.problem}; expected {self.expected}"
        return text if text.endswith("?") else f"{text}."


@dataclass(frozen=True)
class Checked(Generic[_Model]):
    """A file as read: its mistakes, and the model, which is None if there are any.

    `valid` holds the valid parts as written. A required value that is missing or wrong is None in
    it, so that one mistake does not hide another.
    """

    model: _Model | None
    valid: _Model
    findings: tuple[Finding, ...] = ()


def read_toml(path: Path, model: type[_Model]) -> Checked[_Model]:
    """Reads the file at `path` as `model`; a file that cannot be read is a finding too."""
    try:
        text = path.read_text(encoding="utf-8-sig")  # Windows editors begin files with a BOM
        values = tomllib.loads(text)
    except OSError as error:
        broken = Finding("file", (error.strerror or "error").lower(), "a file that can be read")
    except UnicodeDecodeError as error:
        problem = f"bytes at {error.start} that are not UTF-8"
        broken = Finding("file", problem, "text saved as UTF-8")
    except ValueError as error:  # not TOML, or a number with more digits than Python reads
        broken = _not_toml(text, error)
    except RecursionError:
        broken = Finding("file", "lists nested too deeply to read", "entries as documented")
    else:
        return _validated(values, model)
    return Checked(None, _partly(model, {}), (broken,))


def until_changed(load: Callable[[Path], _Read]) -> Callable[[Path], _Read]:
    """Makes a function that loads a file remember the result until the file changes."""

    @lru_cache(maxsize=4)
    def loaded(path: Path, *_version: int) -> _Read:
        return load(path)

    def current(path: Path) -> _Read:
        try:
            stat = path.stat()
        except OSError:
            return load(path)
        return loaded(path, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_size, stat.st_ino)

    return current


def warning(where: str, problem: str, expected: str) -> Finding:
    """Returns a finding that does not stop the file from being used."""
    return Finding(where, problem, expected, "warning")


def mistakes_in(path: Path, findings: Sequence[Finding]) -> str:
    """Returns one paragraph with every finding."""
    count = "1 mistake" if len(findings) == 1 else f"{len(findings)} mistakes"
    return f"{path} has {count}: {' '.join(map(str, findings))}"


def named(kind: str, entries: Sequence[_Model]) -> list[tuple[str, _Model]]:
    """Pairs each entry with its name, such as "scholar ada": its kind and its first key."""
    labels = [getattr(entry, next(iter(type(entry).model_fields))) for entry in entries]
    return list(zip(_names(kind, labels), entries, strict=True))


def repeats(
    items: Iterable[tuple[str, _Item]], fold: Callable[[_Item], object] = lambda it: it
) -> Iterator[tuple[str, _Item, str]]:
    """Yields the places and values of repeated items other than None, and the first such place."""
    first: dict[object, str] = {}
    for where, value in items:
        if fold(value) in first:
            yield where, value, first[fold(value)]
        elif value is not None:
            first[fold(value)] = where


def hinted(expected: str, got: str, known: Iterable[str]) -> str:
    """Returns what is expected, followed by "Did you mean …?" if `got` is near a known name."""
    near = did_you_mean(got, known)
    return f"{expected}. {near}" if near else expected


def must(accept: Callable[[Any], object], expected: str) -> AfterValidator:
    """Returns a validator that refuses values for which `accept` returns nothing."""

    def check(value: Any) -> Any:
        if not accept(value):
            raise ValueError(expected)
        return value

    return AfterValidator(check)


def like(pattern: str, expected: str) -> AfterValidator:
    """Returns a validator that refuses texts that are not entirely like a regular expression."""
    return must(re.compile(pattern).fullmatch, expected)


def as_toml(value: Any) -> str:
    """Returns a value as it is written in a TOML file, cut to a readable length."""
    match value:
        case str():
            text = toml_string(value)
        case bool():
            text = str(value).lower()
        case date() | time():
            text = value.isoformat()
        case list():
            text = f"a list of {len(value)}"
        case dict():
            text = "a table"
        case _:
            text = str(value)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def toml_string(text: str) -> str:
    """Returns `text` as a quoted TOML string that reads back the same (except lone surrogates).

    Characters that do not print or that move others are escaped, as they could control a terminal.
    """
    return "".join(
        it if it.isprintable() else f"\\U{ord(it):08x}"
        for it in json.dumps(text, ensure_ascii=False)
    )


def _validated(values: dict[str, Any], model: type[_Model]) -> Checked[_Model]:
    try:
        return Checked(model.model_validate(values), _partly(model, values))
    except ValidationError as error:
        problems = error.errors()
    for problem in problems:  # TOML has no null, so None marks a wrong value
        parent: Any = values
        for part in problem["loc"][:-1]:
            parent = parent[part]
        parent[problem["loc"][-1]] = None
    findings = tuple(_finding(values, model, problem) for problem in problems)
    return Checked(None, _partly(model, values), findings)


def _partly(model: type[_Model], values: dict[str, Any]) -> _Model:
    """Returns the valid parts of `values`, in which wrong ones are None."""
    keys = _keys(model)
    found: dict[str, Any] = dict.fromkeys(key for key, it in keys.items() if it.is_required())
    for key, value in values.items():
        if key not in keys or (value is None and keys[key].default is not None):
            continue
        table = _table(keys[key])
        if isinstance(value, list):
            valid = (it for it in value if it is not None)
            found[key] = tuple(_partly(table, it) if table else it for it in valid)
        else:
            found[key] = _partly(table, value) if table else value
    return model.model_construct(**found)


def _not_toml(text: str, error: ValueError) -> Finding:
    message = str(error)
    place = re.search(r" \(at (?:line (\d+), column \d+|end of document)\)$", message)
    lines = text.splitlines()
    number = int(place[1]) if place and place[1] else len(lines)
    line = lines[number - 1].strip() if 0 < number <= len(lines) else ""
    why = message[: place.start()] if place else message
    return Finding(
        f"line {number}", f"got {as_toml(line)}", f"valid TOML (parser: {mid_sentence(why)})"
    )


def _finding(values: dict[str, Any], model: type[BaseModel], problem: Any) -> Finding:
    path: _Path = problem["loc"]
    kind, context = problem["type"], problem.get("ctx", {})
    got = f"got {as_toml(problem['input'])}"
    if kind == "extra_forbidden":
        known = list(_keys(model, path[:-1]))
        got, expected = "unknown key", hinted(f"one of {', '.join(known)}", str(path[-1]), known)
    elif kind == "missing":
        description = _keys(model, path[:-1])[str(path[-1])].description or ""
        got, expected = "missing", f"a value ({description.rstrip('.')})"
    elif (
        kind == "tuple_type"
        and isinstance(problem["input"], dict)
        and _table(_keys(model, path[:-1])[str(path[-1])])
    ):
        name = ".".join(part for part in path if isinstance(part, str))
        expected = f"a list: [[{name}]] above each entry, not [{name}]"
    elif kind == "float_type" and type(problem["input"]) is int:
        expected = "a smaller number"
    elif kind in _EXPECTED:
        expected = _EXPECTED[kind].format(**context)
    else:
        expected = problem["msg"]
    return Finding(_where(values, model, path), got, expected)


def _where(values: dict[str, Any], model: type[BaseModel], path: _Path) -> str:
    """Returns the entries and the key at `path`: "scholar ada: timezone", "access.mode"."""
    value: Any = values
    names: list[str] = []
    keys: list[str] = []
    for length, part in enumerate(path, 1):
        if isinstance(part, str):
            keys.append(_bare(part))
        elif value[part] is not None:
            first = next(iter(_keys(model, path[:length])))
            labels = [(it or {}).get(first) for it in value]
            names.append(_names(keys[-1].removesuffix("s"), labels)[part])
            keys.clear()
        value = value[part]
    return ": ".join([*names, *([".".join(keys)] if keys else [])])


def _names(kind: str, labels: Sequence[Any]) -> list[str]:
    """Returns names such as "scholar ada", with the place in the file if labels are not clear."""
    counts = Counter(labels)
    return [
        f"{kind} {_bare(label)}" + (f" (no. {number})" if counts[label] > 1 else "")
        if label
        else f"{kind} no. {number}"
        for number, label in enumerate(labels, 1)
    ]


def _bare(value: Any) -> str:
    """Returns a key or value without quotes if it reads as one word."""
    text = str(value)
    return text if len(text) <= _LONGEST and _WORD.fullmatch(text) else as_toml(value)


def _keys(model: type[BaseModel], path: _Path = ()) -> dict[str, FieldInfo]:
    """Returns the keys that the table at `path` below `model` may have."""
    keys = {known.alias or name: known for name, known in model.model_fields.items()}
    for number, part in enumerate(path):
        if isinstance(part, str) and (table := _table(keys[part])):
            return _keys(table, path[number + 1 :])
    return keys


def _table(field: FieldInfo) -> type[BaseModel] | None:
    """Returns the model of a table or of each table in a list; None for other values."""
    for choice in (field.annotation, *get_args(field.annotation)):
        if isinstance(choice, type) and issubclass(choice, BaseModel):
            return choice
    return None
