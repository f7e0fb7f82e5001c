"""Launches whose rhythm is not a person's: around the clock, hour after hour."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

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
    hours = members.group_by("hour").agg(launches=pl.len().cast(pl.Int64), off=col("outside").any())
    stretches = _stretches(hours.sort("hour"))
    within = stretches.select(hour=pl.int_ranges("first", "end").explode(empty_as_null=False))
    around: int = hours.join(within, on="hour", how="semi").select(col("launches").sum()).item()
    if around < _GROUP_SHARE * members.height:
        return None
    busiest = stretches.row(stretches["launches"].arg_max() or 0, named=True)
    first, end = busiest["first"], busiest["end"]
    at = members.filter(col("hour") >= first, col("hour") < end)["local_at"].sort()
    of = members.select("scholar", "username", "in_roster", "timezone").row(0, named=True)
    return Rhythm(
        **of,
        criterion=criterion,
        wanted=wanted,
        every=members.height,
        around=around,
        rest=rest,
        launches=busiest["launches"],
        first=at[0],
        last=at[-1],
        hours=busiest["hours"],
        span=end - first,
        outside=busiest["off"],
    )


def _stretches(hours: pl.DataFrame) -> pl.DataFrame:
    """The stretches of at most a day whose launches have the rhythm, from each first hour.

    Only the longest, because the shorter ones are part of it: their first hour, the hour after the
    last (`end`), and the launches, hours with launches and those outside the awake window (`off`).
    """
    counts = ("launches", "off", "hours")
    until = hours.with_columns(col("off").cast(pl.Int64), hours=1).with_columns(
        pl.struct(counts).alias("own"), col(counts).cum_sum()
    )
    starts = until.select(
        first="hour", **{f"{it}_before": col(it) - col("own").struct.field(it) for it in counts}
    )
    ends = until.select(*counts, end=col("hour") + 1)
    return (
        starts.join_where(
            ends, col("end") > col("first") + 1, col("end") <= col("first") + _DAY_HOURS
        )
        .with_columns(col(it) - col(f"{it}_before") for it in counts)
        .filter(
            col("launches") >= _LAUNCHES,
            col("hours") >= _HOURS_SHARE * (col("end") - col("first")),
            col("off") >= _HOURS_OUTSIDE,
        )
        .sort("first", "end")
        .unique("first", keep="last", maintain_order=True)
    )
