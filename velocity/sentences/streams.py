"""Streams: whom to ask about which line, and one fact about everybody else.

`decisions` are rows of `reads.needs_decision`.
"""

from collections.abc import Sequence
from datetime import date

import polars as pl

from velocity import formats
from velocity.reading.series import Ranges
from velocity.sentences.answer import (
    Row,
    few,
    few_of,
    fewer,
    fitting,
    listed,
    name,
    number,
    on_day,
    silent_runs,
    supporting,
)
from velocity.sentences.compared import POINTS, WAIT, Compared, Days
from velocity.sentences.queue import PASSED, SEEN_FIRST, Judged, usual_words

#: States of a line in which a result or failure waits.
_WAITING = ("result waiting", "failure not recovered")
_LOOP = "loop_hours_median"


def headline(decisions: pl.DataFrame, day: date, *, stream: str = "", good: str = "") -> str:
    """How many lines wait longer than usual at the end of the data, and whom to ask.

    `decisions` have the furthest beyond their usual first, `stream` is the name of the one stream
    shown, and `good` what went well, to be said if nothing waits.
    """
    on, which = f"On {formats.dated(day)}", f"{name(stream)} " if stream else ""
    judged = Judged.of(decisions)
    queue = judged.unknown if judged.nothing else judged.queue
    lines = few_of(queue.height, f"{which}line waits", f"{which}lines wait")
    shown = queue.filter("named")
    if judged.nothing:
        shown = shown.filter(kind="failure")
    people = [name(it, 16) for it in dict.fromkeys(shown["name"])]
    if judged.nothing and not people:
        return f"{on} {lines}; too few waits so far to say what is usual."
    if judged.nothing:
        had = "failure has had no launch after it", "failures have had no launch after them"
        start = f"{on} {few_of(shown.height, *(f'{which}{it}' for it in had))}: ask"
        return fitting(f"{start} {listed(people)}.", f"{start} {people[0]} first.")
    if queue.is_empty():
        nothing = judged.with_count(f"{on} no {which}line waits longer than usual")
        return fitting(*([f"{nothing}; {good}."] if good else []), f"{nothing}.")
    waits = f"{on} {lines} longer than usual"
    if not people:
        waits += f"; {SEEN_FIRST[queue.height > 1]}"
        return fitting(f"{judged.with_count(waits)}.", f"{waits}.")
    about = " about one each" if len(people) == shown.height == queue.height > 1 else ""
    ways = [f"{listed(people)}{about}", f"{people[0]} first", "in the order of the list"]
    asked = [f"{waits}: ask {it}" for it in ways]
    return fitting(*(f"{said}." for it in asked for said in (judged.with_count(it), it)))


def good(stream: Compared) -> str:
    """What went well: "it concluded 61, 14 more than the week before"; "" for nothing."""
    if stream.now is None or stream.before is None:
        return ""
    (count, then), points = stream.conclusions, stream.rose("failure_share")
    if count > then and points <= POINTS:
        return f"it concluded {count}, {count - then} more than {stream.days.earlier}"
    if points >= -POINTS:
        return ""
    here, there = map(formats.share, stream.values("failure_share"))
    return f"{here} of its runs failed, from {there}"


def support(stream: Compared) -> str:
    """What the stream concluded, its failed share, and how soon a result led to the next launch."""
    days, (wait, _), led = stream.days, stream.values(WAIT), ""
    if stream.now is None:
        return f"Nothing was launched {days.on}."
    since = f"from {formats.dated(days.window.first)}" if days.window.days > 1 else days.on
    whole = formats.plural(stream.conclusions[0], "experiment")
    whole += stream.then("experiments_concluded")
    if wait is not None:
        led = f"a result led to the next launch in {formats.duration(wait)} of working hours"
        led += stream.then(WAIT, formats.duration)
    parts = (f"{formats.capitalised(since)} the stream concluded {whole}", stream.failed, led)
    options = fewer([*filter(None, parts)])
    return supporting(*("; ".join(it) + "." for it in options))


def loop(stream: Compared) -> str:
    """How long the stream's loop took, and how much of its time had one experiment running."""
    (took, _), (serial, _), said = stream.values(_LOOP), stream.values("serial_share"), []
    if took is not None:
        said.append(f"a loop took {formats.duration(took)}{stream.then(_LOOP, formats.duration)}")
    if serial is not None:
        then = stream.then("serial_share", formats.share)
        said.append(f"one experiment ran at a time for {formats.share(serial)} of busy hours{then}")
    return f"{formats.capitalised('; '.join(said))}." if said else ""


def question(row: Row) -> str:
    """What to ask about a line of the queue."""
    about = f"**{name(row['label'], 32)}**"
    if row["kind"] == "failure":
        return f"What stopped {about}, and is it worth a retry?"
    return f"What did {about} show, and what is next?"


def card_caption(row: Row, zone: str, *, stream: bool) -> str:
    """What waits since which day, and the line's own usual; `stream` also names the stream."""
    what = "failed" if row["kind"] == "failure" else "result"
    where = f"{name(row['stream_name'])} · " if stream and row["stream_name"] else ""
    return f"{where}{what} {on_day(row['result_at'], zone)}; {usual_words(row)}"


def queue_title(decisions: pl.DataFrame) -> str:
    """The claim above the queue."""
    judged = Judged.of(decisions)
    if judged.nothing:
        return "Cannot be judged yet: too few waits for a usual"
    lines = few_of(judged.queue.height, "line needs a decision", "lines need a decision")
    nothing = judged.queue.is_empty()
    return judged.with_count("Nothing needs a decision" if nothing else formats.capitalised(lines))


def hidden(queue: pl.DataFrame) -> str:
    """How many lines are not named yet, and why; "" if all are."""
    count = queue.filter(~queue["named"]).height
    return f"{formats.capitalised(few_of(count, *PASSED))}." if count else ""


def quiet_fact(
    figures: Compared,
    fresh: Sequence[tuple[date, str]],
    *,
    failed: bool = False,
    silent: int = 0,
) -> str:
    """One good or neutral fact about a scholar with nothing that waits.

    `fresh` has day and kind of what waits within its usual, or without one; `failed` is whether
    one of their lines has a failure that is not recovered, and `silent` how many runs have shown
    no sign of life.
    """
    count, parts = figures.conclusions[0], [f"Nothing launched {figures.days.on}"]
    if count or number(figures.now, "experiments_started"):
        concluded = f"{count} concluded{figures.then('experiments_concluded')}"
        parts = [concluded, *filter(None, [_better(figures)])]
    if silent:
        parts.append(silent_runs(silent))
    # A result must not hide a failure.
    days_of = {kind: formats.dated(day) for day, kind in sorted(fresh)}
    if "failure" in days_of:
        parts.append(f"failure not recovered since {days_of['failure']}")
    elif failed:
        parts.append("a failure is not recovered")
    elif days_of:
        parts.append(f"a result since {days_of['result']}")
    return "; ".join(parts) + "."


def fresh(decisions: pl.DataFrame, scholar: str, zone: str) -> list[tuple[date, str]]:
    """Local day and kind of what waits within its usual; none while a line is not named yet."""
    rows = shown_waits(decisions).filter(~pl.col("needs_decision"), scholar=scholar)
    day = pl.col("result_at").dt.convert_time_zone(zone).dt.date()
    return rows.drop_nulls("result_at").select(day, "kind").rows()


def _better(figures: Compared) -> str:
    """The failed share or the wait, whichever got better."""
    if figures.rose("failure_share") < -POINTS:
        return figures.failed
    if figures.rose(WAIT) < 0:
        wait, was = map(formats.duration, figures.values(WAIT))
        return f"result to next launch {wait}, from {was}"
    return ""


def line_state(row: Row, waiting: Row | None, zone: str, *, silent: int = 0) -> str:
    """The state of a line with its wait in working hours, and its silent runs.

    `row` is of `reads.line_states`; `waiting` of `decisions`, None if nothing waits.
    """
    state = _state(row, waiting, zone)
    told = silent_runs(silent) if silent else ""
    if row["state"] == "stale run":
        return formats.capitalised(told)
    return f"{state}; {told}" if told else state


def _state(row: Row, waiting: Row | None, zone: str) -> str:
    hidden = waiting is not None and waiting["needs_decision"] and not waiting["named"]
    if waiting is None or hidden or row["state"] not in _WAITING:
        return formats.capitalised(row["state"])
    waited, usual = (waiting[f"{it}_working_hours"] for it in ("waited", "usual"))
    wait = f"{formats.working_hours(waited)} since {on_day(waiting['result_at'], zone)}"
    if waiting["needs_decision"]:
        return f"Needs a decision: {wait}"
    if waiting["parked"]:
        return "Parked: launched on another line since"
    if waiting["marked_read"]:
        return "Marked as read"
    if usual is None:
        return f"Waits: {wait}; too few waits for a usual"
    return f"Waits: {wait}, {'within its usual' if waited <= usual else 'longer than usual'}"


def shown_waits(decisions: pl.DataFrame) -> pl.DataFrame:
    """The rows of `reads.needs_decision` that states of lines and tables may tell.

    While a line of a stream is not named yet, of that stream only those that need a decision: if
    every other line told its wait, the one that does not would be known.
    """
    return decisions.filter(pl.col("needs_decision") | pl.col("named").all().over("stream"))


def weeks_caption(weeks: pl.DataFrame, days: Days) -> str:
    """Which days of how many weeks the panels show, and how: `weeks` are rows of `Work.weeks`."""
    window, said = days.window, formats.plural(weeks["week_start"].n_unique(), "week")
    if days.is_week and not days.is_whole_week:
        through = f" to {window.last:%A}" if window.days > 1 else ""
        said = f"{window.first:%A}{through} of {said}"
    said += "; grey: the scholar's own usual range; times on a log scale"
    said += "; open point: so far" if weeks["running"].any() else ""
    return said + ("; diamond: a whole week beyond it." if weeks["signal"].any() else ".")


def people_title(count: int, ranges: Ranges) -> str:
    """The claim above the scholars of a stream."""
    who = "The scholar" if count == 1 else f"The {few(count)} scholars"
    usual = "each against their own usual range" if ranges.known else "without a usual range yet"
    return f"{who}, {usual}"
