"""Streams: whom to ask about which line, and one fact about everybody else."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import polars as pl

from velocity import formats
from velocity.sentences.answer import (
    ENOUGH,
    LONGEST_SUPPORT,
    Row,
    capitalised,
    ended_runs,
    few,
    fitting,
    listed,
    name,
    number,
)
from velocity.sentences.judged import NOT_YET, Judged
from velocity.sentences.queue import usual_words

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from velocity.reading.series import Ranges
    from velocity.sentences.compared import Days

#: A share that moves less is the same share.
_POINTS = 0.0199
#: States of a line in which a result or failure waits.
_WAITING = ("result waiting", "failure not recovered")
_WAIT = "reaction_working_hours"


def headline(decisions: pl.DataFrame, day: date, *, stream: str = "", good: str = "") -> str:
    """How many lines wait longer than usual on a day, and whom to ask.

    Args:
        decisions: `reads.needs_decision`, the furthest beyond their usual first.
        day: the day of the end of the data: what waits, waits then.
        stream: name of the one stream shown; "" for several.
        good: what went well, if nothing waits; "" for nothing.
    """
    on, which = f"On {formats.dated(day)}", f"{name(stream)} " if stream else ""
    judged = Judged.of(decisions)
    queue = judged.queue
    if judged.nothing:
        return _not_judged(judged.unknown, on, which)
    if queue.is_empty():
        nothing = judged.with_count(f"{on} no {which}line waits longer than usual")
        return fitting(*([f"{nothing}; {good}."] if good else []), f"{nothing}.")
    one = queue.height == 1
    lines = f"{few(queue.height)} {which}{'line waits' if one else 'lines wait'}"
    waits = f"{on} {lines} longer than usual"
    shown = queue.filter("named")
    people = [name(it, 16) for it in dict.fromkeys(shown["name"])]
    if not people:
        who = "its scholar sees it first" if one else "their scholars see them first"
        return fitting(f"{judged.with_count(f'{waits}; {who}')}.", f"{waits}; {who}.")
    about = " about one each" if len(people) == shown.height == queue.height > 1 else ""
    ways = [f"{listed(people)}{about}", f"{people[0]} first", "in the order of the list"]
    asked = [f"{waits}: ask {it}" for it in ways]
    return fitting(*(f"{said}." for it in asked for said in (judged.with_count(it), it)))


def _not_judged(unknown: pl.DataFrame, on: str, which: str) -> str:
    """What waits if no line has a usual: the failures and whom to ask, or else how many lines."""
    failed_ones = unknown.filter("named", kind="failure")
    count = failed_ones.height
    if not count:
        lines = "line waits" if unknown.height == 1 else "lines wait"
        waits = f"{few(unknown.height)} {which}{lines}"
        return f"{on} {waits}; too few waits so far to say what is usual."
    noun = "failure has had no launch after it"
    if count > 1:
        noun = "failures have had no launch after them"
    people = [name(it, 16) for it in dict.fromkeys(failed_ones["name"])]
    start = f"{on} {few(count)} {which}{noun}: ask"
    return fitting(f"{start} {listed(people)}.", f"{start} {people[0]} first.")


def good(now: Row | None, before: Row | None, days: Days) -> str:
    """What went well: "it concluded 61, 14 more than the week before"; "" for nothing."""
    if now is None or before is None:
        return ""
    concluded, earlier = (int(number(it, "experiments_concluded")) for it in (now, before))
    share, then = now["failure_share"], before["failure_share"]
    if share is not None and then is not None and share > then + _POINTS:
        return ""
    if concluded > earlier:
        return f"it concluded {concluded}, {concluded - earlier} more than {days.earlier}"
    if share is not None and then is not None and share < then - _POINTS:
        return f"{formats.share(share)} of its runs failed, from {formats.share(then)}"
    return ""


def support(now: Row | None, before: Row | None, days: Days) -> str:
    """What the stream concluded, its failed share, and how soon a result led to the next launch."""
    if now is None:
        return f"Nothing was launched {days.on}."
    since = f"From {formats.dated(days.window.first)}" if days.window.days > 1 else days.on
    count = int(number(now, "experiments_concluded"))
    earlier = None if before is None else int(number(before, "experiments_concluded"))
    whole = formats.plural(count, "experiment")
    parts = [
        f"{capitalised(since)} the stream concluded {whole}{_from(count, earlier)}",
        failed(now, before),
        _led(now, before),
    ]
    known = [it for it in parts if it]
    return fitting(
        *("; ".join(known[:to]) + "." for to in range(len(known), 0, -1)), longest=LONGEST_SUPPORT
    )


def failed(now: Row, before: Row | None) -> str:
    """The share of runs that failed: "11 % of runs failed, from 7 %"; "" under 6 runs."""
    if now["failure_share"] is None or ended_runs(now) < ENOUGH:
        return ""
    share = formats.share(now["failure_share"])
    known = before is not None and before["failure_share"] is not None
    then = formats.share(before["failure_share"]) if known and before is not None else None
    return f"{share} of runs failed{_from(share, then)}"


def _led(now: Row, before: Row | None) -> str:
    wait = reaction(now)
    if not wait:
        return ""
    then = None if before is None else reaction(before) or None
    return f"a result led to the next launch in {wait} of working hours{_from(wait, then)}"


def reaction(row: Row) -> str:
    """The median from result to next launch, in working hours; "" if it is not known."""
    median = row[f"{_WAIT}_median"]
    return "" if median is None else str(formats.duration(median))


def _from(now: object, before: object | None) -> str:
    if before is None:
        return ""
    return ", as before" if now == before else f", from {before}"


def question(row: Row) -> str:
    """What to ask about a line of the queue."""
    about = f"**{name(row['label'], 32)}**"
    if row["kind"] == "failure":
        return f"What stopped {about}, and is it worth a retry?"
    return f"What did {about} show, and what is next?"


def card_caption(row: Row, zone: str, *, stream: bool) -> str:
    """What waits since which day, and the line's own usual; `stream` also names the stream."""
    day = formats.dated(row["result_at"].astimezone(ZoneInfo(zone)).date())
    what = "failed" if row["kind"] == "failure" else "result"
    where = f"{name(row['stream_name'])} · " if stream and row["stream_name"] else ""
    return f"{where}{what} {day}; {usual_words(row)}"


def queue_title(decisions: pl.DataFrame) -> str:
    """The claim above the queue."""
    judged = Judged.of(decisions)
    if judged.nothing:
        return NOT_YET
    count = judged.queue.height
    if not count:
        return judged.with_count("Nothing needs a decision")
    return judged.with_count(f"{capitalised(few(count))} {_plural(count)} a decision")


def _plural(count: int) -> str:
    return "line needs" if count == 1 else "lines need"


def hidden(queue: pl.DataFrame) -> str:
    """How many lines are not named yet, and why; "" if all are."""
    count = queue.filter(~queue["named"]).height
    if not count:
        return ""
    lines = "line passed its usual" if count == 1 else "lines passed their usual"
    see = "the scholar sees it first" if count == 1 else "the scholars see them first"
    return f"{capitalised(few(count))} {lines} in the last 24 hours; {see}."


def quiet_fact(
    now: Row | None,
    before: Row | None,
    days: Days,
    fresh: Sequence[tuple[date, str]],
    *,
    failed: bool = False,
) -> str:
    """One good or neutral fact about a scholar with nothing that waits.

    Args:
        now: figures of the days; None without any.
        before: those of the days before; None without any.
        days: both.
        fresh: day and kind of what waits within its usual, or without one.
        failed: whether one of their lines has a failure that is not recovered.
    """
    parts = []
    if now is None or not (number(now, "experiments_started") or _concluded(now)):
        parts.append(f"Nothing launched {days.on}")
    else:
        earlier = None if before is None else _concluded(before)
        parts.append(f"{_concluded(now)} concluded{_from(_concluded(now), earlier)}")
        if better := _better(now, before):
            parts.append(better)
    # A result must not hide a failure.
    days_of = {kind: formats.dated(day) for day, kind in sorted(fresh)}
    if "failure" in days_of:
        parts.append(f"failure not recovered since {days_of['failure']}")
    elif failed:
        parts.append("a failure is not recovered")
    elif days_of:
        parts.append(f"fresh result {days_of['result']}")
    return "; ".join(parts) + "."


def fresh(decisions: pl.DataFrame, scholar: str, zone: str) -> list[tuple[date, str]]:
    """Local day and kind of what waits within its usual; none while a line is not named yet."""
    rows = shown_waits(decisions).filter(~pl.col("needs_decision"), scholar=scholar)
    day = pl.col("result_at").dt.convert_time_zone(zone).dt.date()
    return rows.drop_nulls("result_at").select(day, "kind").rows()


def _concluded(row: Row) -> int:
    return int(number(row, "experiments_concluded"))


def _better(now: Row, before: Row | None) -> str:
    """The failed share or the wait, whichever got better."""
    if before is None:
        return ""
    shares = (now["failure_share"], before["failure_share"])
    if None not in shares and shares[0] < shares[1] - _POINTS:
        return failed(now, before)
    waits = (now[f"{_WAIT}_median"], before[f"{_WAIT}_median"])
    if None not in waits and waits[0] < waits[1]:
        return f"result to next launch {reaction(now)}, from {reaction(before)}"
    return ""


def line_state(row: Row, waiting: Row | None, zone: str) -> str:
    """The state of a line, and its wait in working hours.

    Args:
        row: of `reads.line_states`.
        waiting: the line's row of `reads.needs_decision`; None if nothing waits.
        zone: of the day since which it waits.
    """
    hidden = waiting is not None and waiting["needs_decision"] and not waiting["named"]
    if waiting is None or hidden or row["state"] not in _WAITING:
        return capitalised(row["state"])
    since = formats.dated(waiting["result_at"].astimezone(ZoneInfo(zone)).date())
    wait = f"{formats.working_hours(waiting['waited_working_hours'])} since {since}"
    said = (
        (waiting["needs_decision"], f"Needs a decision: {wait}"),
        (waiting["parked"], "Parked: launched on another line since"),
        (waiting["marked_read"], "Marked as read"),
        (waiting["usual_working_hours"] is None, f"Waits: {wait}; too few waits for a usual"),
    )
    return next((words for holds, words in said if holds), f"Waits: {wait}, {_inside(waiting)}")


def shown_waits(decisions: pl.DataFrame) -> pl.DataFrame:
    """The rows of `reads.needs_decision` that the states of lines may tell.

    While a line is not named yet, only the named ones in the queue: if every other line told its
    wait, the one that does not would be known.
    """
    return decisions if decisions["named"].all() else decisions.filter("needs_decision")


def _inside(waiting: Row) -> str:
    usual = waiting["usual_working_hours"]
    inside = usual is not None and waiting["waited_working_hours"] <= usual
    return "within its usual" if inside else "longer than usual"


def weeks_caption(weeks: pl.DataFrame, days: Days) -> str:
    """Which days of thirteen weeks the panels show, and how: `weeks` are rows of `Work.weeks`."""
    window, part = days.window, days.is_week and not days.is_whole_week
    through = f"{window.first:%A} to {window.last:%A}" if window.days > 1 else f"{window.first:%A}"
    same = f"{through} of thirteen weeks" if part else "Thirteen weeks"
    marks = ["grey: the scholar's own usual range", "times on a log scale"]
    if weeks["running"].any():
        marks.append("open point: so far")
    if weeks["signal"].any():
        marks.append("diamond: a whole week beyond it")
    return f"{same}; {'; '.join(marks)}."


def people_title(count: int, ranges: Ranges) -> str:
    """The claim above the scholars of a stream."""
    who = "The scholar" if count == 1 else f"The {few(count)} scholars"
    if not ranges.known:
        return f"{who}, without a usual range yet"
    return f"{who}, each against their own usual range"
