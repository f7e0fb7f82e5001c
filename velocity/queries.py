"""Loads queries/*.sql, whose header comments are the documentation of what they compute.

A file begins with

    -- title: Parallelism
    -- Free text: what the query gives, a row per what.
    -- param: week_start | DATE | Monday of the week
    -- metric: busy_hours | hours | Busy hours | Hours with anything in flight.
    -- table: session | kept by scholar | published

followed by one static SQL statement. Header lines come first; the body is everything after them.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from velocity.paths import project_root

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_FIELD = re.compile(r"^(title|param|metric|table):\s*(.*)$")
_PARAMETER = re.compile(r"(?<![\w$])\$([a-z_][a-z0-9_]*)")


@dataclass(frozen=True)
class Param:
    """A declared `$name` parameter: its SQL type and what it means."""

    name: str
    type: str
    text: str


@dataclass(frozen=True)
class Metric:
    """A figure that a query defines: column name, unit, title and definition in words."""

    id: str
    unit: str
    title: str
    text: str


@dataclass(frozen=True)
class Query:
    """One file of queries/: header and body."""

    name: str  # path below queries/, without .sql
    title: str
    text: str
    params: tuple[Param, ...]
    metrics: tuple[Metric, ...]
    body: str
    table: str | None = None  # the table that the rows go to
    kept_by: str | None = None  # derive/: whose rows (scholar or host) outlive the derivation
    published: bool = False  # derive/: the kept rows go into the snapshot

    @property
    def used_params(self) -> frozenset[str]:
        """Names of the parameters that the body mentions."""
        code = re.sub(r"--[^\n]*", "", self.body)
        code = re.sub(r"'(?:[^']|'')*'", "''", code)
        return frozenset(_PARAMETER.findall(code))


def queries_folder() -> Path:
    """The folder `queries/`: the clone's own, else the copy inside the wheel."""
    return project_root() / "queries"


@cache
def load_query(name: str) -> Query:
    """The query `name` (such as "metrics/volume").

    Raises:
        ValueError: the file has no title or a header line that cannot be read.
        FileNotFoundError: there is no such query.
    """
    text = (queries_folder() / f"{name}.sql").read_text(encoding="utf-8")
    return _parse(name, text)


def list_queries(folder: str = "") -> Iterator[Query]:
    """Every query below queries/`folder`, by name."""
    root = queries_folder()
    for path in sorted((root / folder).rglob("*.sql")):
        yield load_query(path.relative_to(root).with_suffix("").as_posix())


@cache
def queries_fingerprint() -> str:
    """SHA-256 (hex) of every query: what a snapshot must have been made with to be read."""
    made_of = hashlib.sha256()
    for query in list_queries():
        made_of.update(query.body.encode())
    return made_of.hexdigest()


def _parse(name: str, text: str) -> Query:
    lines = text.splitlines()
    header_length = next(
        (number for number, line in enumerate(lines) if not line.startswith("--")), len(lines)
    )
    title, table, kept_by, published = "", None, None, False
    words: list[str] = []
    params: list[Param] = []
    metrics: list[Metric] = []
    for line in lines[:header_length]:
        content = line[2:].strip()
        field = _FIELD.match(content)
        if field is None:
            words.append(content)
        elif field[1] == "title":
            title = field[2]
        elif field[1] == "table":
            table, kept_by, published = _table(field[2])
        elif field[1] == "param":
            params.append(Param(*_parts(name, field[2], 3)))
        else:
            metrics.append(Metric(*_parts(name, field[2], 4)))
    if not title:
        raise ValueError(f"queries/{name}.sql has no '-- title:' line")
    body = "\n".join(lines[header_length:]).strip()
    return Query(
        name=name,
        title=title,
        text=" ".join(words).strip(),
        params=tuple(params),
        metrics=tuple(metrics),
        body=body,
        table=table,
        kept_by=kept_by,
        published=published,
    )


def _table(value: str) -> tuple[str, str | None, bool]:
    """The parts of "NAME", "NAME | kept by WHOM" or "NAME | kept by WHOM | published"."""
    name, *words = (part.strip() for part in value.split("|"))
    kept_by = words[0].removeprefix("kept by ") if words else None
    return name, kept_by, "published" in words


def _parts(name: str, value: str, count: int) -> list[str]:
    parts = [part.strip() for part in value.split("|", count - 1)]
    if len(parts) != count:
        raise ValueError(f"queries/{name}.sql: '{value}' needs {count} parts separated by |")
    return parts
