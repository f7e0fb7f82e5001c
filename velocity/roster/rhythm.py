"""Launches whose rhythm is not a person's: around the clock, hour after hour."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice, starmap
from typing import NamedTuple

import polars as pl
from polars import col

#: Within a day: this many launches, in this share of the clock hours from the first to the last,
#: and in this many clock hours outside the awake window.
_LAUNCHES = 30
_HOURS_SHARE = 0.75
_HOURS_OUTSIDE = 6
_DAY_HOURS = 24
#: The share of a group's launches in such a rhythm from which a rule for the group is proposed: on
#: a log of people at work around the clock, no group of one of them has more than half.
_GROUP_SHARE = 0.75
_PROJECT = re.compile(r"[^/]+/[^/]+")
_HOUR_US = 3_600_000_000
#: What launches may have in common, as keys of a rule. Of two that fit as well, the first is used.
_CRITERIA = ("tag", "job_type", "project")


@dataclass(frozen=True)
class Rhythm:
    """Launches of one person that have a key of a rule in common, most of them around the clock."""

    scholar: str  # id, or the username of somebody without one
    username: str | None  # of the first launch
    in_roster: bool
    criterion: str  # tag, job_type or project
    wanted: str
    every: int  # launches in the group
    around: int  # of these, the launches in such a rhythm
    rest: int  # other launches of the person
    launches: int  # in the day with the most of them
    first: datetime  # of these, by the person's clock
    last: datetime
    timezone: str  # IANA, of that clock
    hours: int  # clock hours with launches
    span: int  # clock hours from the first to the last
    outside: int  # clock hours with launches outside the awake window


class _Hour(NamedTuple):
    """A clock hour with launches; `number` counts hours."""

    number: int
    launches: int
    outside: bool


def find_rhythms(launches: pl.DataFrame) -> list[Rhythm]:
    """Returns the groups of launches that look automated, person by person.

    A group is only found beside other launches of the same person: nothing tells the queue of a
    cluster, which starts everything that somebody submits around the clock, from an agent.
    `launches` are those of `reads.launches`, one row per launch.
    """
    found: list[Rhythm] = []
    for own in launches.partition_by("scholar", maintain_order=True):
        rest = own.with_row_index("launch").with_columns(
            hour=col("local_at").dt.epoch("us") // _HOUR_US
        )
        # A launch explains at most one rhythm, so that a project of both is not found again.
        while (best := max(_rhythms(rest), key=_clearness, default=None)) is not None:
            found.append(best)
            rest = rest.join(_members(rest, best.criterion, best.wanted), on="launch", how="anti")
    return found


def _clearness(rhythm: Rhythm) -> tuple[float, int, int]:
    share = rhythm.around / rhythm.every
    return share, -rhythm.every, -_CRITERIA.index(rhythm.criterion)


def _members(launches: pl.DataFrame, criterion: str, wanted: str) -> pl.DataFrame:
    has = col("tags").list.contains(wanted) if criterion == "tag" else col(criterion) == wanted
    return launches.filter(has)


def _rhythms(launches: pl.DataFrame) -> Iterator[Rhythm]:
    """Yields each group of one person's launches that has such a rhythm, and leaves others."""
    by_tag = launches.select(tag=col("tags").explode(empty_as_null=True))["tag"]
    for values in (by_tag, launches["job_type"], launches["project"]):
        criterion = values.name
        for wanted, count in values.drop_nulls().value_counts().iter_rows():
            # An imported table may have names that no rule can hold.
            can_be_wanted = wanted and (criterion != "project" or _PROJECT.fullmatch(wanted))
            if can_be_wanted and _LAUNCHES <= count < launches.height:
                members = _members(launches, criterion, wanted)
                rhythm = _rhythm(members, criterion, wanted, rest=launches.height - members.height)
                if rhythm is not None:
                    yield rhythm


def _rhythm(members: pl.DataFrame, criterion: str, wanted: str, *, rest: int) -> Rhythm | None:
    counted = members.group_by("hour").agg(pl.len(), col("outside").any()).sort("hour")
    hours = list(starmap(_Hour, counted.iter_rows()))
    days = list(_days(hours))
    within = {hour.number for day in days for hour in day}
    around = sum(hour.launches for hour in hours if hour.number in within)
    if around < _GROUP_SHARE * members.height:
        return None
    busiest = max(days, key=_launches)
    first, last = busiest[0].number, busiest[-1].number
    at = members.filter(col("hour").is_between(first, last))["local_at"].sort()
    scholar, username, in_roster, zone = members.select(
        "scholar", "username", "in_roster", "timezone"
    ).row(0)
    return Rhythm(
        scholar=scholar,
        username=username,
        in_roster=in_roster,
        criterion=criterion,
        wanted=wanted,
        every=members.height,
        around=around,
        rest=rest,
        launches=_launches(busiest),
        first=at[0],
        last=at[-1],
        timezone=zone,
        hours=len(busiest),
        span=last - first + 1,
        outside=sum(hour.outside for hour in busiest),
    )


def _launches(hours: Sequence[_Hour]) -> int:
    return sum(hour.launches for hour in hours)


def _days(hours: Sequence[_Hour]) -> Iterator[Sequence[_Hour]]:
    """Yields the hours of each stretch of at most a day whose launches have the rhythm.

    For each first hour, only the longest: the shorter ones are part of it.
    """
    for place, first in enumerate(hours):
        within = hours[place : place + _DAY_HOURS]
        day = [it for it in within if it.number < first.number + _DAY_HOURS]
        stretches = (day[:length] for length in range(len(day), 1, -1))
        yield from islice(filter(_is_around, stretches), 1)


def _is_around(hours: Sequence[_Hour]) -> bool:
    span = hours[-1].number - hours[0].number + 1
    return (
        _launches(hours) >= _LAUNCHES
        and len(hours) >= _HOURS_SHARE * span
        and sum(hour.outside for hour in hours) >= _HOURS_OUTSIDE
    )
