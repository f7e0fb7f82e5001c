"""Filters, orders and pages of a project's runs, as on the W&B server."""

from __future__ import annotations

import json
import operator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from velocity.demo.wandb_server.world import RunNode

    Test = Callable[[RunNode], bool]

_TIMES = {"createdAt": "created_at", "heartbeatAt": "heartbeat_at"}
_TEXTS = {"name": "name", "displayName": "display_name", "state": "state", "group": "group"}
_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "$eq": operator.eq,
    "$in": lambda held, values: held in values,
    "$gt": operator.gt,
    "$gte": operator.ge,
    "$lt": operator.lt,
    "$lte": operator.le,
}


class InvalidFilterError(Exception):
    """A filter, order or cursor that the server does not support."""


def list_runs(runs: Iterable[RunNode], filters: str | None, order: str | None) -> list[RunNode]:
    """Runs that pass the filters, in order.

    Args:
        runs: those of one project.
        filters: JSON text in MongoDB's language: `name`, `displayName`, `state`, `group`,
            `createdAt`, `heartbeatAt` with a plain value, `$eq`, `$in`, `$gt`, `$gte`, `$lt`,
            `$lte`, and `$and`. Times must end in `Z`.
        order: `+created_at` (the default), `-created_at`, `+heartbeat_at` or `-heartbeat_at`; a
            run without the time comes first in ascending order, ties are by run id.

    Raises:
        InvalidFilterError: anything else.
    """
    tests = _parse_filters(filters)
    column, descending = _parse_order(order)

    def moment(run: RunNode) -> tuple[datetime, str]:
        return _naive(getattr(run, column)) or datetime.min, run.name  # noqa: DTZ901

    passed = (run for run in runs if all(test(run) for test in tests))
    return sorted(passed, key=moment, reverse=descending)


def page_start(cursor: str | None) -> int:
    """Index of the first row after `cursor`. Cursors are offsets, as W&B's appear to be.

    Raises:
        InvalidFilterError: it is not a cursor of this server.
    """
    if not cursor:
        return 0
    try:
        return int(cursor)
    except ValueError as error:
        raise InvalidFilterError(f"invalid cursor: {cursor}") from error


def connection(nodes: Sequence[Any], start: int, total: int) -> dict[str, Any]:
    """A page as a GraphQL connection: `nodes` are the rows from `start` on, of `total`."""
    return {
        "edges": [
            {"node": node, "cursor": str(number)} for number, node in enumerate(nodes, start + 1)
        ],
        "pageInfo": {
            "__typename": "PageInfo",
            "endCursor": str(start + len(nodes)) if nodes else None,
            "hasNextPage": start + len(nodes) < total,
        },
    }


def _parse_order(order: str | None) -> tuple[str, bool]:
    order = order or "+created_at"
    column = order.lstrip("+-")
    if column not in _TIMES.values():
        raise InvalidFilterError(f"invalid order: {order}")
    return column, order.startswith("-")


def _parse_filters(text: str | None) -> list[Test]:
    try:
        filters = json.loads(text or "{}")
    except ValueError as error:
        raise InvalidFilterError(f"filters are not JSON: {error}") from error
    return list(_tests(filters))


def _tests(filters: Any) -> Iterable[Test]:
    if not isinstance(filters, dict):
        raise InvalidFilterError(f"invalid filter: {filters!r}")
    for name, wanted in filters.items():
        if name == "$and":
            yield from (test for part in wanted for test in _tests(part))
        elif name in _TIMES:
            yield from _field_tests(_TIMES[name], wanted, _time)
        elif name in _TEXTS:
            yield from _field_tests(_TEXTS[name], wanted, lambda value: value)
        else:
            raise InvalidFilterError(f"invalid filter: {name}")


def _field_tests(attribute: str, wanted: Any, read: Callable[[Any], Any]) -> Iterable[Test]:
    conditions: Mapping[str, Any] = wanted if isinstance(wanted, dict) else {"$eq": wanted}
    for symbol, value in conditions.items():
        if symbol not in _COMPARISONS:
            raise InvalidFilterError(f"invalid operator: {symbol}")
        values = frozenset(map(read, value)) if symbol == "$in" else read(value)
        yield _compares(attribute, _COMPARISONS[symbol], values)


def _compares(attribute: str, compare: Callable[[Any, Any], bool], value: Any) -> Test:
    def test(run: RunNode) -> bool:
        held = _held(run, attribute)
        return held is not None and compare(held, value)

    return test


def _held(run: RunNode, attribute: str) -> Any:
    held = getattr(run, attribute)
    return _naive(held) if isinstance(held, datetime) else held


def _naive(moment: datetime | None) -> datetime | None:
    return None if moment is None else moment.replace(tzinfo=None)


def _time(value: Any) -> datetime:
    if not isinstance(value, str) or not value.endswith("Z"):
        raise InvalidFilterError(f"invalid time: {value!r}")
    try:
        return datetime.fromisoformat(value).astimezone(UTC).replace(tzinfo=None)
    except ValueError as error:
        raise InvalidFilterError(f"invalid time: {value!r}") from error
