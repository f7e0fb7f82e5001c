"""Loads queries/*.sql. The header comment of each file documents its result.

A file begins with

    -- title: Parallelism
    -- Free text: one row per scholar; the columns in words.
    -- param: week_start | DATE | Monday of the week
    -- metric: busy_hours | hours | Busy hours | Hours with anything in flight.
    -- table: session | kept by scholar | published

followed by one static SQL statement. Header lines come first; the body is everything after them.
A parameter whose text says "null = ..." need not be given to a read (`velocity.reading.reads`).
A line `-- params: metrics/volume` declares those parameters of another query that the body uses.

A metric's attributes follow its line, indented by three spaces (see
`velocity.queries.metric.Metric`):

    -- key: kind, group_id, period_start
    -- order: 1
    -- metric: serial_share | share | Serial share | 1 means that experiments never overlapped.
    --   formula: serial_hours / busy_hours
    --   weekly: 5 | was serial for more of its hours | was serial for less of its hours
    -- sum: runs_ended | runs | Runs ended | Runs by the day they ended.

A query with a `key` returns one row per key: its body has the sums, and the SELECT of the metrics
is composed from the header. `order` is the place of the query in lists of metrics.
A line `-- word: outcome | success | k of its runs have finished` defines a value of a column.
A line `-- stage: host` marks a step of queries/derive/ that needs everybody's runs on a host.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import takewhile
from pathlib import Path
from typing import Any, Literal

from velocity.paths import project_root
from velocity.queries.metric import Metric, composed, macros_of, with_attribute

_FIELD = re.compile(r"^(title|param|params|metric|sum|word|table|stage|key|actor|order):\s*(.*)$")
_ATTRIBUTE = re.compile(r"^--   (\w+)(?::\s*(.*))?$")
_PARAM = re.compile(r"\$(\w+)")
_LAST = 99  # the place of a query without an `order`


@dataclass(frozen=True)
class Param:
    """A declared `$name` parameter: its SQL type and its meaning."""

    name: str
    type: str
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
    words: Mapping[str, Mapping[str, str]]  # reads/: column -> value -> meaning
    sums: tuple[Metric, ...] = ()  # metrics/: operands of formulas, not shown
    key: tuple[str, ...] = ()  # metrics/: the columns that identify a row
    #: metrics/: whose launches it always counts; None: the chosen ones.
    actor: Literal["person", "automation", "all"] | None = None
    order: int = _LAST
    table: str | None = None  # the table that the rows are written to
    kept_by: str | None = None  # derive/: scholar or host, whose rows outlive the derivation
    published: bool = False  # derive/: the kept rows are in the snapshot
    stage: Literal["scholar", "host"] = "scholar"  # derive/: whose rows a step needs together

    @property
    def group(self) -> str:
        """The name without its folder, which names a group of metrics."""
        return self.name.rpartition("/")[2]

    def given(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return the values of its own parameters."""
        return {param.name: values[param.name] for param in self.params}


def queries_folder() -> Path:
    """Return the folder `queries/` of the clone, else the copy inside the wheel."""
    return project_root() / "queries"


@cache
def load_query(name: str) -> Query:
    """Load the query `name`, such as "metrics/volume".

    Raises:
        ValueError: the file has no title, or has an invalid header line.
        FileNotFoundError: there is no such query.
    """
    text = (queries_folder() / f"{name}.sql").read_text(encoding="utf-8")
    return _parse(name, text)


def list_queries(folder: str = "") -> Iterator[Query]:
    """Yield every query below queries/`folder`, sorted by name."""
    root = queries_folder()
    for path in sorted((root / folder).rglob("*.sql")):
        yield load_query(path.relative_to(root).with_suffix("").as_posix())


@cache
def list_metric_queries() -> tuple[Query, ...]:
    """Return the queries of queries/metrics/ in reading order."""
    found = list_queries("metrics")
    return tuple(sorted(found, key=lambda query: (query.order, query.name)))


def constant(name: str) -> int:
    """Return the whole number that a macro of queries/constants/ stands for."""
    return int(load_query(f"constants/{name}").body.splitlines()[-1])


def macros() -> Iterator[str]:
    """Yield the statements that define constants and macros, and the macros of metric headers."""
    # A macro is bound as it is defined, so constants come first.
    for folder in ("constants", "macros"):
        yield from (query.body for query in list_queries(folder))
    yield from macros_of(metric for query in list_metric_queries() for metric in query.metrics)


@cache
def queries_fingerprint() -> str:
    """Return the SHA-256 (hex) of every query; a snapshot is readable only with the same one."""
    made_of = hashlib.sha256()
    for body in (*macros(), *(query.body for query in list_queries())):
        made_of.update(body.encode())
    return made_of.hexdigest()


def _parse(name: str, text: str) -> Query:
    lines = text.splitlines()
    header = list(takewhile(lambda line: line.startswith("--"), lines))
    body = "\n".join(lines[len(header) :]).strip()
    words: list[str] = []
    params: list[Param] = []
    metrics: list[Metric] = []
    meanings: dict[str, dict[str, str]] = {}
    fields: dict[str, Any] = {}
    for line in header:
        content = line[2:].strip()
        attribute, field = _ATTRIBUTE.match(line), _FIELD.match(content)
        if attribute is not None and metrics:
            metrics[-1] = with_attribute(metrics[-1], attribute[1], attribute[2] or "")
            continue
        kind, value = (field[1], field[2]) if field else ("", content)
        match kind:
            case "":
                words.append(content)
            case "param" | "params":
                params += _declared(name, kind, value, body)
            case "word":
                column, word, meaning = _parts(name, value, 3)
                meanings.setdefault(column, {})[word] = meaning
            case "metric" | "sum":
                id_, unit, title, meaning = _parts(name, value, 4)
                metrics.append(Metric(id_, unit, title, meaning, shown=kind == "metric"))
            case "table":
                table, *kept = (part.strip() for part in value.split("|"))
                owner = kept[0].removeprefix("kept by ") if kept else None
                fields |= {"table": table, "kept_by": owner, "published": "published" in kept}
            case "key":
                fields["key"] = tuple(part.strip() for part in value.split(","))
            case _:
                fields[kind] = int(value) if kind == "order" else value
    if not fields.get("title"):
        raise ValueError(f"queries/{name}.sql has no '-- title:' line")
    return Query(
        name=name,
        text=" ".join(words).strip(),
        params=tuple(params),
        metrics=tuple(it for it in metrics if it.shown),
        sums=tuple(it for it in metrics if not it.shown),
        words=meanings,
        body=composed(fields["key"], metrics, body) if "key" in fields else body,
        **fields,
    )


def _declared(name: str, kind: str, value: str, body: str) -> list[Param]:
    """The parameter that a line declares, or those of another query that the body uses."""
    if kind == "param":
        return [Param(*_parts(name, value, 3))]
    return [it for it in load_query(value).params if it.name in _PARAM.findall(body)]


def _parts(name: str, value: str, count: int) -> list[str]:
    parts = [part.strip() for part in value.split("|", count - 1)]
    if len(parts) != count:
        raise ValueError(f"queries/{name}.sql: '{value}' needs {count} parts separated by |")
    return parts
