"""Compares the time zone rules of DuckDB (used in SQL) with those of tzdata (used in Python)."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import duckdb
import polars as pl

from velocity.queries import load_query

_FROM = datetime(1993, 1, 1, tzinfo=UTC)
_TO = datetime(2031, 1, 1, tzinfo=UTC)
_STEP = timedelta(days=7)
_SECOND = timedelta(seconds=1)
_MICROSECOND = timedelta(microseconds=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def differing_zones(names: Iterable[str]) -> dict[str, datetime]:
    """Zones whose offset from UTC differs between Python and DuckDB, from 1993 to 2030.

    Returns:
        IANA name -> the first instant with a difference (UTC).
    """
    rows = [
        (name, at // _MICROSECOND, offset // _MICROSECOND)
        for name in names
        for at, offset in _offsets(ZoneInfo(name))
    ]
    schema = {"zone": pl.String, "at_us": pl.Int64, "offset_us": pl.Int64}
    with duckdb.connect() as connection:
        connection.register("zone_offset", pl.DataFrame(rows, schema=schema, orient="row"))
        found = connection.execute(load_query("store/zone_difference").body).fetchall()
    return {name: _EPOCH + at_us * _MICROSECOND for name, at_us in found}


def _offsets(zone: ZoneInfo) -> Iterator[tuple[timedelta, timedelta]]:
    """(time since 1970, offset) every week, and just before and after every change."""
    before = at = _FROM
    while at < _TO:
        if _offset(zone, before) != _offset(zone, at):
            changed = _change(zone, before, at)
            yield from ((it - _EPOCH, _offset(zone, it)) for it in (changed - _SECOND, changed))
        yield at - _EPOCH, _offset(zone, at)
        before, at = at, at + _STEP


def _change(zone: ZoneInfo, early: datetime, late: datetime) -> datetime:
    """The second at which the offset of `late` begins."""
    seconds = range((late - early) // _SECOND)
    new = _offset(zone, late)
    place = bisect_left(seconds, True, key=lambda it: _offset(zone, early + it * _SECOND) == new)
    return early + place * _SECOND


def _offset(zone: ZoneInfo, at: datetime) -> timedelta:
    return at.astimezone(zone).utcoffset() or timedelta()
