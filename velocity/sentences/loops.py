"""Loops and the timeline in words: the list, one loop step by step, and the waits."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import polars as pl

from velocity import formats
from velocity.charts.timeline_frame import TimelineView
from velocity.reading.periods import Window
from velocity.roster.fields import WEEKDAYS
from velocity.sentences.answer import LINE_HELP, Row, defined, linked, listed, name, number, on_day
from velocity.sentences.facts import Key, Whose, dates

LOOPS_HELP = defined(
    "A loop runs from a launch, over its result, to the next launch of the same line. "
    f"{LINE_HELP} To the left: launch to result, by the clock. To the right: result to next "
    "launch, in working hours. The scale is logarithmic, nothing is cut, and a dashed line marks "
    "the median of a half.",
    "reaction_working_hours_median",
)
_OUTCOMES = {"failure": "failed", "open": "running", "killed": "killed"}
_NONE = f"none within 5{formats.NBSP}d"
_OUTCOMES_OF_ALL = {"false_start": "false start", "failure": "failed"}


def counted(loops: pl.DataFrame, window: Window, zone: str) -> str:
    """How many loops there are, and how many of them in the window's days."""
    day = pl.col("started_at").dt.convert_time_zone(zone).dt.date()
    inside = loops.filter(day <= window.last).height
    said = f"{formats.plural(inside, 'loop')} launched {dates(window.first, window.last)}"
    if loops.height > inside:
        said += f", {formats.count(loops.height - inside)} since"
    closed = formats.count(loops.filter(status="closed").height)
    ways = "; names open W&B" if (loops["url"].fill_null("") != "").any() else ""
    halves = "dashed: the median of each half, which do not add up to that of the loop"
    return f"{said}; {closed} closed. Newest first, log scale; {halves}{ways}"


def titled(row: Row, zone: str) -> str:
    """A loop in a list: "Fri 27 Nov · gale-170"."""
    return f"{on_day(row['started_at'], zone)} · {formats.label(row['label'])}"


def selected(row: Row) -> str:
    """The name of the selected loop, its line and its outcome, as Markdown."""
    outcome = _OUTCOMES.get(row["outcome"], "a result")
    return f"{linked(row)} in {name(row['project'])}, {outcome}"


def steps(row: Row, zone: str, *, hours: bool) -> pl.DataFrame:
    """`Step`, `When`, `After`: the launch, the result and the next launch of a loop.

    With `hours`, times are of the day in `zone`, else dates.
    """

    def when(at: datetime | None) -> str:
        if at is None:
            return "not yet"
        time = f", {formats.clock(at.astimezone(ZoneInfo(zone)))}" if hours else ""
        return f"{on_day(at, zone)}{time}"

    took = formats.duration(row["machine_hours"]) + ("" if row["result_at"] else " so far")
    rows = [("Launched", when(row["started_at"]), ""), ("Result", when(row["result_at"]), took)]
    if row["reaction_working_hours"] is not None:
        waited = f"{formats.hours_in_all(row['reaction_working_hours'])} working time"
        if row["status"] == "closed":
            rows.append(("Next launch", when(row["next_at"]), waited))
        elif row["status"] == "abandoned":
            late = "" if row["next_at"] is None else f", {when(row['next_at'])}"
            rows.append(("Next launch", f"{_NONE}{late}", f"{waited} in these"))
        else:
            rows.append(("Next launch", "not yet", f"{waited} so far"))
    return pl.DataFrame(rows, schema=["Step", "When", "After"], orient="row")


def by_the_clock(row: Row, *, hours: bool) -> str:
    """The whole loop by the clock.

    Without `hours`, "" for one that goes on: counted back from now, it tells times of the day.
    """
    if not hours and row["status"] in {"awaiting", "open"}:
        return ""
    over = _over(row)
    whole, reaction = (
        f"{over}{formats.duration(row[f'{it}_hours'])}" for it in ("loop", "reaction")
    )
    so_far = "" if over or row["loop_event"] else " so far"
    if row["reaction_hours"] is None:
        return f"By the clock {whole}{so_far}."
    return f"By the clock: {reaction} after the result, {whole} in all{so_far}."


def _over(row: Row) -> str:
    """What stands before a wait that went on: an abandoned loop was watched for five days only."""
    return f"over{formats.NBSP}" if row["status"] == "abandoned" else ""


def elsewhere(waited: pl.DataFrame) -> str:
    """In how many closed waits something was launched on another line, as Markdown; "" for none.

    `waited` are rows of `reads.meanwhile`.
    """
    closed = waited.filter(status="closed")["launches"]
    if not (busy := (closed > 0).sum()):
        return ""
    part = f"**{busy} of {closed.len()}** of these waits"
    return f"In {part} something was launched on another line: not idle time."


def meanwhile(launches: int) -> str:
    """What else was launched while one result waited; "" for nothing."""
    were = f"{formats.plural(launches, 'experiment')} {'was' if launches == 1 else 'were'}"
    return f"{were} launched on other lines meanwhile." if launches else ""


def waits(now: Row, whose: Whose, *, hours: bool) -> str:
    """Where the hours between results and next launches lie."""
    closed = int(number(now, "loops_closed"))
    if not closed:
        return "No loop of these days has closed yet."
    total, working = (
        formats.hours_sum(number(now, it)) for it in ("reaction_hours_closed", "working_wait_hours")
    )
    results = formats.plural(closed, "result")
    if not hours:
        return f"From {results} to the next launch {total} passed by the clock, waiting or off."
    mine = f"**{working}** of it in {whose.possessive} working hours"
    return f"{results} waited {total} by the clock until the next launch, {mine}."


#: A day of the week with at most this many launches may be a day off: from this many weeks on, and
#: for so few days that the others say something.
_RARE, _WEEKS_FOR_DAYS_OFF, _MOST_DAYS_OFF = 1, 8, 3


def days_off(weekdays: pl.DataFrame, weeks: int, whose: Whose) -> str:
    """A question about days of the week with hardly any launch, as Markdown; "" without any.

    `weekdays` is `reads.weekdays` of the scholar, `weeks` the full weeks since the first launch.
    """
    rare = weekdays.filter(pl.col("launches") <= _RARE)["weekday"].to_list()
    if weeks < _WEEKS_FOR_DAYS_OFF or not 0 < len(rare) <= _MOST_DAYS_OFF:
        return ""
    kept = [WEEKDAYS[it - 1] for it in weekdays["weekday"] if it not in rare]
    entry = ", ".join(f'"{it}"' for it in kept)
    off = "this is a day off" if len(rare) == 1 else "these are days off"
    only = " Only you see this." if whose.own else ""
    return (
        f"Hardly a launch on {listed([f'{WEEKDAYS[it - 1]}s' for it in rare])} in {weeks} weeks. "
        f"If {off}, the roster can say so, and waits then pause: `workdays = [{entry}]`.{only}"
    )


#: "Near 1": a fifth to either side, on the scale of ratios. A ratio of fewer loops varies too much.
BLIND_LOW, BLIND_HIGH = 0.8, 1.25
BLIND_LOOPS = 30


def launches_look_unrelated(lines: pl.DataFrame) -> bool:
    """Whether launches come as often without a result as after one, so that waits say little.

    True if the lines with a blind ratio near 1 have at least half of the loops. `lines` are
    `reads.lines` of one scholar over all the data: a few weeks rarely have enough loops.
    """
    ratio = pl.col("blind_ratio").is_between(BLIND_LOW, BLIND_HIGH)
    near = lines.filter(ratio & (pl.col("loops") >= BLIND_LOOPS))
    return bool(2 * near["loops"].sum() >= lines["loops"].sum() > 0)


UNRELATED = "Launches come as often without a result as after one, so these waits say little."


def longest(loops: pl.DataFrame, most: int) -> pl.DataFrame:
    """The loops whose results waited longest for a launch."""
    waited = loops.filter(pl.col("reaction_working_hours") > 0)
    return waited.sort("reaction_working_hours", descending=True).head(most)


def waited(row: Row, zone: str) -> str:
    """A wait in a list, as Markdown."""
    waited = f"{_over(row)}{formats.hours_in_all(row['reaction_working_hours'])}"
    return f"{linked(row)} :small[result {on_day(row['result_at'], zone)} · {waited}]"


def key(*, hours: bool) -> Key:
    """The key of the loops, with the waits by the clock if `hours` may be seen."""
    return (
        ("■", "machine", "machine: launch to result"),
        ("■", "reaction", "next launch, working hours"),
        *([("━", "reaction", "(by the clock)")] if hours else []),
        ("□", "reaction", "not launched yet"),
        ("●", "series", "result"),
        ("✕", "failed", "failed"),
        ("□", "killed", "killed"),
        ("○", "series", "running"),
    )


def experiment_words(row: Row, as_of: datetime) -> str:
    """An experiment (a row of `reads.timeline_experiments`) and its loop up to now, as Markdown."""

    def between(start: datetime, end: datetime) -> str:
        return formats.duration(max((end - start).total_seconds(), 0) / 3600)

    parts = [
        f"**{formats.markdown(formats.label(row['label']))}**",
        formats.plural(row["runs"], "run"),
        str(_OUTCOMES_OF_ALL.get(row["outcome"], row["outcome"])),
    ]
    result, next_at, status = row["result_at"], row["next_at"], str(row["loop_status"])
    if result is not None and status != "none":
        if status == "closed" and next_at is not None:
            status = f"reaction {between(result, next_at)}"
        elif status == "awaiting":
            status = f"result waiting for {between(result, as_of)}"
        parts += [f"machine {between(row['started_at'], result)}", status]
    return " · ".join(parts)


def timeline_caption(view: TimelineView) -> str:
    """The timeline's window and clock, and how to use it."""
    last = (view.end - timedelta(microseconds=1)).date()
    hours = "" if view.awake is None else ", working {:%H:%M} to {:%H:%M}".format(*view.awake)
    said = f"{formats.span(view.start.date(), last)}, times in {view.zone.key}{hours}"
    return f"{said}; drag to pan, click an experiment for its runs"


def no_runs_since(last: date) -> str:
    """That nothing was launched after a day: "No runs since Fri 13 Nov"."""
    return f"No runs since {formats.dated(last)}"
