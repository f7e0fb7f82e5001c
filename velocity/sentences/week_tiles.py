"""The four tiles of Stand-up: a figure, its change, and the words below its chart."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from velocity import formats
from velocity.reading.frames import PACE_DAYS
from velocity.reading.mine import largest_remainder
from velocity.sentences.answer import name
from velocity.sentences.compared import change, usual
from velocity.sentences.medians import Median
from velocity.sentences.tiles import Tile
from velocity.sentences.week import days_with_data

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from velocity.sentences.answer import Row
    from velocity.sentences.compared import Days


def concluded(now: Row, before: Row | None, so_far: Row | None, days: Days) -> Tile:
    """Concluded experiments, with the share of failed runs below.

    Args:
        now: the row of `reads.metrics` of the programme over the days.
        before: that of the days before; None without any.
        so_far: the row of `reads.to_date` of the days, with its usual range; None without one.
        days: the days.
    """
    count = now["experiments_concluded"]
    failed = "no run has ended"
    if now["failure_share"] is not None:
        failed = f"{formats.share(now['failure_share'])} of runs failed"
        failed += _from(before, "failure_share", "share")
    return Tile(
        "Experiments concluded",
        formats.count(count),
        *_against(now, before, "experiments_concluded", "count"),
        failed,
        (_usual(so_far, "count", days) or _no_range(days)) + _automated(now),
    )


def _automated(now: Row) -> str:
    """What agents and schedulers concluded, which no figure about people counts."""
    count = now["automated_concluded"]
    return f"; automation concluded {formats.count(count)} more" if count else ""


def serial(now: Row, before: Row | None, so_far: Row | None, days: Days) -> Tile:
    """The share of busy hours with one experiment running, and with several below."""
    share = now["serial_share"]
    busy = f"of {formats.plural(round(now['busy_hours']), 'busy hour')}"
    ends = _usual(so_far, "share", days)
    if share is None:
        return Tile("Time with one experiment running", "none", second="nothing was running")
    several = None if before is None or before["serial_share"] is None else before["serial_share"]
    words = f"{formats.share_left(share)} with two or more"
    if several is not None:
        words += f", from {formats.share_left(several)}"
    return Tile(
        "Time with one experiment running",
        formats.share(share),
        *_against(now, before, "serial_share", "share"),
        words,
        f"{busy}; {ends}" if ends else busy,
    )


def loop(now: Row, before: Row | None, so_far: Row | None, days: Days) -> Tile:
    """The median loop, and below how the hours of its closed loops divide."""
    title, median = "Feedback loop, launch to next launch", Median.of(now, "loop_hours")
    n = formats.sample(median.n, "loop")
    if not median.enough:
        return Tile(title, "no median", second=median.words(), note=n)
    ends = _usual(so_far, "hours", days)
    limits = f"; 95{formats.NBSP}% limits {median.limits}" if median.limits else ""
    return Tile(
        title,
        median.alone,
        *_against(now, before, "loop_hours_median", "hours"),
        _halves(now),
        f"median, {n}{limits}{'; ' + ends if ends else ''}",
    )


def _halves(now: Row) -> str:
    """How the hours of closed loops divide; the printed shares add up to 100."""
    parts = {part: now[f"loop_{part}_share"] for part in ("machine", "working_wait", "off")}
    if None in parts.values():
        return "no loop has closed"
    machine, waiting, off = largest_remainder(parts).values()
    return (
        f"Of its hours {machine}{formats.NBSP}% machine, {waiting}{formats.NBSP}% waiting in "
        f"working hours, {off}{formats.NBSP}% nights and days off"
    )


def credits_end(ends: pl.DataFrame, today: date) -> Tile:
    """The day on which the first stream's credits end.

    Args:
        ends: `frames.named_ends`.
        today: the last day that counts.
    """
    known = ends.drop_nulls("runs_out_on").sort("runs_out_on", maintain_order=True)
    left = f"Programme: {formats.count(float(ends['credits_left'].sum()))} credits left"
    if ends.is_empty():
        return Tile("First credits to run out", "none", second="no grant of a stream is recorded")
    if known.is_empty():
        return Tile("First credits to run out", "none", "no end at this pace", second=left)
    first = known.row(0, named=True)
    both = known.filter(runs_out_on=first["runs_out_on"])["name"].to_list()
    seen, when = first["seen_before"], first["runs_out_on"]
    moved = ("", "") if seen is None else (_days(when, seen), "from the forecast a week before")
    sooner = "or sooner: some GPU counts are not recorded; " if first["or_sooner"] else ""
    return Tile(
        f"First credits to run out: {' and '.join(name(it, 16) for it in both[:2])}",
        formats.dated(when),
        *moved,
        left,
        f"{sooner}at the pace of the {PACE_DAYS} days to {formats.day(today)}"
        f"{days_with_data(ends['pace_days'][0])}; allocation, not use",
    )


def _days(when: date, seen: date) -> str:
    apart = (when - seen).days
    sign = "+" if apart > 0 else formats.MINUS if apart else "±"
    return f"{sign}{abs(apart)}{formats.NBSP}d"


def to_date_rows(
    now: Mapping[int, Row], before: Mapping[int, Row], *, days: Days, names: Sequence[str]
) -> pl.DataFrame:
    """One row per day of a period for `draw_to_date`.

    Args:
        now: number of days -> the row of `reads.to_date` of one measure.
        before: those of the days before; none without any.
        days: the days.
        names: of the days, as many as the chart has.
    """
    rows = []
    for at, tick in enumerate(names, start=1):
        over = at <= days.window.days
        here, there = now.get(at), before.get(at)
        # The range of a number of days is that of the series: any row has it.
        ends = next((it for it in (here, there) if usual(it, _unit(it))), None)
        rows.append(
            {
                "tick": tick,
                "value": here["value"] if here is not None and over else None,
                "before": there["value"] if there is not None else None,
                "low": ends["limit_low"] if ends is not None else None,
                "high": ends["limit_high"] if ends is not None else None,
            }
        )
    kinds = dict.fromkeys(("value", "before", "low", "high"), pl.Float64)
    return pl.DataFrame(rows, schema={"tick": pl.String, **kinds})


def _unit(row: Row | None) -> str:
    return "share" if row is not None and row["measure"].endswith("_share") else ""


def _against(now: Row, before: Row | None, column: str, unit: str) -> tuple[str, str]:
    if before is None:
        return "no earlier days", ""
    earlier = f"from {formats.figure(before[column], unit)}"
    return (
        (change(now[column], before[column], unit), earlier)
        if now[column] is not None and before[column] is not None
        else (earlier, "")
    )


def _from(before: Row | None, column: str, unit: str) -> str:
    if before is None or before[column] is None:
        return ""
    return f", from {formats.figure(before[column], unit)}"


def _usual(so_far: Row | None, unit: str, days: Days) -> str:
    ends = usual(so_far, unit)
    if not ends:
        return ""
    by = "usual " if days.is_whole_week else f"usual by {days.window.last:%A} "
    return f"{by}{ends}"


def _no_range(days: Days) -> str:
    if days.is_week:
        return "no usual range yet: it starts at 8 whole weeks"
    if days.before is None:
        return "by week; grey is the usual range of its weeks, a diamond a week beyond it"
    return "a usual range is of single weeks"
