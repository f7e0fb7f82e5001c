"""Mistakes in a TOML file, all found in one pass: where, what was read, what would be right."""

from __future__ import annotations

import difflib
import json
import re
import tomllib
from dataclasses import dataclass, field
from datetime import date, time
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, TypeVar, get_args

from pydantic import BaseModel, ValidationError

from velocity.formats import mid_sentence
from velocity.toml.lines import TomlPath, toml_lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from pydantic.fields import FieldInfo

_Model = TypeVar("_Model", bound=BaseModel)
_LONGEST = 60  # characters of a value that are repeated to the reader
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")

#: pydantic's error type -> what would be right, where the type of the value says it all.
_RIGHT = {
    "string_type": "text in quotes",
    "string_too_short": "some text",
    "path_type": "a path in quotes",
    "bool_type": "true or false, without quotes",
    "date_type": "a date without quotes, such as 2026-01-05",
    "float_type": "a number, without quotes",
    "finite_number": "a finite number",
    "greater_than": "a number above {gt:g}",
    "greater_than_equal": "a number of {ge:g} or more",
    "less_than_equal": "a number of {le:g} or less",
    "tuple_type": "a list in square brackets",
    "model_type": "a table of keys and values",
    "literal_error": "{expected}",
}


@dataclass(frozen=True)
class Finding:
    """One mistake. An error keeps the file from being used; a warning does not."""

    where: str  # path of the value and its line, such as "scholars[3].timezone (line 41)"
    read: str  # what stands there
    right: str  # what would be right
    severity: Literal["error", "warning"] = "error"

    def __str__(self) -> str:
        return f"{self.where}: read {self.read}; right would be {self.right}"


@dataclass(frozen=True)
class TomlDocument:
    """A TOML file as read. `broken` is set, and `values` empty, where it could not be read."""

    path: Path
    text: str = ""
    values: dict[str, Any] = field(default_factory=dict)
    broken: Finding | None = None

    @cached_property
    def _lines(self) -> dict[TomlPath, int]:
        return toml_lines(self.text)

    def where(self, path: TomlPath) -> str:
        """`path` as a person writes it, with its line (or that of the nearest table around it)."""
        name = "".join(
            f"[{part}]" if isinstance(part, int) else f".{_key(part)}" for part in path
        ).removeprefix(".")
        for length in range(len(path), 0, -1):
            if line := self._lines.get(path[:length]):
                return f"{name} (line {line})"
        return name


def read_toml(path: Path) -> TomlDocument:
    """The file at `path`; what keeps it from being read is in `broken`, never raised."""
    try:
        text = path.read_text(encoding="utf-8-sig")  # Windows editors begin files with a BOM
    except OSError as error:
        reason = error.strerror or "an error"
        return TomlDocument(path, broken=Finding(str(path), reason.lower(), "a file to read"))
    except UnicodeDecodeError as error:
        read = f"bytes at {error.start} that are not UTF-8"
        return TomlDocument(path, broken=Finding(str(path), read, "text saved as UTF-8"))
    try:
        return TomlDocument(path, text, tomllib.loads(text))
    except ValueError as error:  # not TOML, or a number of more digits than Python reads
        return TomlDocument(path, text, broken=_not_toml(text, error))
    except RecursionError:
        nested = Finding(str(path), "lists within lists, too deep to read", "entries as documented")
        return TomlDocument(path, text, broken=nested)


def validated(
    document: TomlDocument, model: type[_Model]
) -> tuple[_Model | None, tuple[Finding, ...]]:
    """The document as `model`, or None and every mistake that the model sees in it."""
    if document.broken:
        return None, (document.broken,)
    try:
        return model.model_validate(document.values), ()
    except ValidationError as error:
        return None, tuple(_finding(document, model, problem) for problem in error.errors())


def told(path: Path, findings: Sequence[Finding]) -> str:
    """One sentence with every finding."""
    count = "a mistake" if len(findings) == 1 else f"{len(findings)} mistakes"
    return f"{path} has {count}: {'; '.join(str(finding) for finding in findings)}."


def as_toml(value: Any) -> str:
    """A value as it stands in a TOML file, cut to a readable length."""
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
    """`text` as a TOML basic string, quoted; any text without lone surrogates reads back alike.

    What does not print, or moves what does, is escaped: it could tell a terminal anything.
    """
    return "".join(
        it if it.isprintable() else f"\\U{ord(it):08x}"
        for it in json.dumps(text, ensure_ascii=False)
    )


def nearest(word: str, known: Iterable[str]) -> str:
    """`word`'s nearest among `known`, as ', perhaps "…"', or nothing where none is near."""
    near = difflib.get_close_matches(word, sorted(known), n=1)
    return f", perhaps {toml_string(near[0])}" if near else ""


def _key(text: str) -> str:
    return text if _BARE_KEY.fullmatch(text) else toml_string(text)


def _not_toml(text: str, error: ValueError) -> Finding:
    message = str(error)
    place = re.search(r" \(at (?:line (\d+), column \d+|end of document)\)$", message)
    lines = text.splitlines()
    number = int(place[1]) if place and place[1] else len(lines)
    read = lines[number - 1].strip() if 0 < number <= len(lines) else ""
    why = message[: place.start()] if place else message
    right = f"valid TOML ({mid_sentence(why)})"
    return Finding(f"line {number}", as_toml(read), right)


def _finding(document: TomlDocument, model: type[BaseModel], problem: Any) -> Finding:
    path: TomlPath = problem["loc"]
    kind, context = problem["type"], problem.get("ctx", {})
    read = as_toml(problem["input"])
    if kind == "extra_forbidden":
        known = list(_keys(model, path[:-1]))
        read = "a key that nothing knows"
        right = f"one of {', '.join(known)}{nearest(str(path[-1]), known)}"
    elif kind == "missing":
        read = "nothing"
        description = _keys(model, path[:-1])[str(path[-1])].description or ""
        right = f"a value ({description.rstrip('.')})"
    elif kind == "value_error":
        right = str(context["error"])
    elif kind == "tuple_type" and isinstance(problem["input"], dict):
        name = ".".join(map(str, path))
        right = f"a list: [[{name}]] above each entry, not [{name}]"
    elif kind == "float_type" and type(problem["input"]) is int:
        right = "a number that is not so large"
    elif kind in _RIGHT:
        right = _RIGHT[kind].format(**context)
    else:
        right = problem["msg"]
    return Finding(document.where(path), read, right)


def _keys(model: type[BaseModel], path: TomlPath) -> dict[str, FieldInfo]:
    """The keys that the table at `path` below `model` may have."""
    keys = {known.alias or name: known for name, known in model.model_fields.items()}
    for number, part in enumerate(path):
        if isinstance(part, str):
            annotation = keys[part].annotation
            inner = next(
                choice
                for choice in (annotation, *get_args(annotation))
                if isinstance(choice, type) and issubclass(choice, BaseModel)
            )
            return _keys(inner, path[number + 1 :])
    return keys
