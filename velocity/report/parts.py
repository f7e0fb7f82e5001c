"""What a digest is made of, in any format, and how its week is called.

Text here is as people read it, not escaped: `html` and `text` make every name inert for theirs.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from velocity import formats
from velocity.errors import VelocityError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

_WEEK_ID = re.compile(r"(\d{4})-W(\d{2})")


@dataclass(frozen=True)
class Line:
    """One line of a section: somebody's name (anyone's text), what stands out, the rest."""

    text: str
    name: str = ""
    strong: str = ""


@dataclass(frozen=True)
class Section:
    """A heading and its lines."""

    title: str
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Figure:
    """A headline figure and the words below it, which say its n and limits."""

    label: str
    value: str
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Trend:
    """Twelve weeks of a measure with the usual range, oldest first; None where not known."""

    title: str
    unit: str
    weeks: tuple[date, ...]
    values: tuple[float | None, ...]
    low: tuple[float | None, ...]
    high: tuple[float | None, ...]
    signal: bool  # whether the last week is beyond its usual range


@dataclass(frozen=True)
class Share:
    """A whole in two parts, as a bar."""

    title: str
    first: str
    second: str
    first_share: float
    colours: tuple[str, str]  # names of theme tokens


@dataclass(frozen=True)
class Digest:
    """One week of what a viewer may see."""

    week: str  # "2026-W20"
    about: str  # "Programme", or the name of a stream
    days: str
    as_of: str
    headline: str
    support: str
    news: tuple[Section, ...]
    figures: tuple[Figure, ...]
    shares: tuple[Share, ...]
    trends: tuple[Trend, ...]
    footing: tuple[Section, ...]  # what the figures rest on


def serial_figure(row: Mapping[str, Any]) -> Figure:
    """The serial share of a week of `reads.metrics` or `reads.group_weeks`."""
    parallel = row["experiment_parallelism"]
    width = [] if parallel is None else [f"P {parallel:.2f} lines of thought in flight"]
    busy = formats.plural(round(row["busy_hours"]), "busy hour")
    share = formats.share(row["serial_share"])
    return Figure("Serial share of busy hours", share, (busy, *width))


def serial_bar(row: Mapping[str, Any]) -> tuple[Share, ...]:
    """The busy hours of such a week in two parts; none where there were none."""
    share, parts = row["serial_share"], ("serial", "parallel")
    return () if share is None else (Share("Busy hours", *parts, share, parts),)


def week_id(monday: date) -> str:
    """The ISO week that begins on a Monday: "2026-W20"."""
    year, week, _ = monday.isocalendar()
    return f"{year}-W{week:02}"


def parse_week(text: str) -> date:
    """Monday of an ISO week such as "2026-W20".

    Raises:
        ValueError: it is none.
    """
    no_week = f"'{text}' is not a week such as 2026-W20"
    found = _WEEK_ID.fullmatch(text)
    if found is None:
        raise ValueError(no_week)
    try:
        return date.fromisocalendar(int(found[1]), int(found[2]), 1)
    except ValueError as error:  # no year has so many weeks
        raise ValueError(no_week) from error


def no_later(week: date | None, latest: date) -> date:
    """The Monday of the week to report on: `latest` where none is named.

    Raises:
        VelocityError: `week` is later.
    """
    if week is not None and week > latest:
        raise VelocityError(
            f"{week_id(week)} is not over in the data; the latest complete week is "
            f"{week_id(latest)}.",
            "Name an earlier week, or sync.",
        )
    return week or latest
