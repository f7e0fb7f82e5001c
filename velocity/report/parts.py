"""The parts of a digest in any format, and the names of its weeks.

Text is not escaped here: `html` and `text` escape every name for their format.
"""

import re
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlencode

import polars as pl

from velocity.errors import VelocityError
from velocity.reading import reads
from velocity.reading.access import Scope
from velocity.reading.periods import Window
from velocity.sentences.week_tiles import Tile
from velocity.store import Snapshot

_WEEK_ID = re.compile(r"\d{4}-W\d{2}", re.ASCII)


@dataclass(frozen=True)
class Link:
    """A page of the dashboard over the week of the digest."""

    words: str
    path: str  # with its query, such as "compute?period=2026-11-16..2026-11-22"


@dataclass(frozen=True)
class Line:
    """One line of a section: a name (which may hold any text), bold text, the rest, and a link."""

    text: str
    name: str = ""
    strong: str = ""
    link: Link | None = None


@dataclass(frozen=True)
class Section:
    """A heading and its lines."""

    title: str
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Trend:
    """Twelve weeks of a measure with its usual range, oldest first."""

    title: str
    unit: str
    rows: pl.DataFrame  # of `reads.weekly`


@dataclass(frozen=True)
class Share:
    """A total in two parts, shown as a bar. They are named like their tokens of the theme."""

    title: str
    first: str
    second: str
    first_share: float


@dataclass(frozen=True, kw_only=True)
class Digest:
    """One week or term, limited to what a viewer may see."""

    title: str = "Stand-up digest"
    week: str  # "2026-W20", or "2026-W02 to 2026-W20"
    about: str  # "Programme", or the name of a stream
    days: str
    as_of: str  # the instant of the figures, and the day of queue and credits
    headline: str
    support: str = ""
    news: tuple[Section, ...] = ()
    whole: str = "The week"  # what the figures are of
    figures: tuple[Tile, ...] = ()
    shares: tuple[Share, ...] = ()
    trends: tuple[Trend, ...] = ()
    footing: tuple[Section, ...]  # what the figures are based on
    rows: pl.DataFrame  # the week by stream or group, as CSV has it
    address: str | None = None  # of the dashboard, for links; None for a digest without any
    opens: Link  # to the whole week


#: Of every digest.
NOT_FOR_COMPARING = Line("Figures steer experiments; they do not compare people.")


def trust_of(snapshot: Snapshot, scope: Scope) -> dict[str, Any]:
    """Returns the row of `reads.trust`.

    Raises:
        VelocityError: there is no run.
    """
    trust = reads.trust(snapshot, scope=scope).row(0, named=True)
    if trust["as_of"] is None or trust["first_day"] is None:
        raise VelocityError("There are no runs to report on.", "Run `velocity sync` first.")
    return trust


def page_link(words: str, page: str, window: Window, stream: str | None = None) -> Link:
    """Returns a link to a page over the days of a digest, for one stream or for all of them."""
    choices = {"period": window.written}
    if page == "streams":
        choices["streams"] = stream or "all"
    return Link(words, f"{page}?{urlencode(choices, safe='.')}")


def week_id(monday: date) -> str:
    """Returns the ISO week that begins on a Monday: "2026-W20"."""
    year, week, _ = monday.isocalendar()
    return f"{year}-W{week:02}"


def parse_week(text: str) -> date:
    """Returns the Monday of an ISO week such as "2026-W20".

    Raises:
        ValueError: `text` is not an ISO week.
    """
    try:
        if _WEEK_ID.fullmatch(text):
            return date.fromisoformat(f"{text}-1")
    except ValueError:  # the year does not have so many weeks
        pass
    raise ValueError(f"'{text}' is not a week such as 2026-W20")


def no_later(week: date | None, latest: date) -> date:
    """Returns the Monday of the week to report on: `week`, or `latest` if that is None.

    Raises:
        VelocityError: `week` is later than `latest`.
    """
    if week is not None and week > latest:
        raise VelocityError(
            f"{week_id(week)} is not over in the data; the latest complete week is "
            f"{week_id(latest)}.",
            "Name an earlier week, or sync.",
        )
    return week or latest
