"""My velocity: the words of its tiles and sections."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from velocity import formats
from velocity.charts.tile_trend import WIDEST_SHARE
from velocity.sentences.answer import ENOUGH, LINE_HELP, Row, defined, name, number
from velocity.sentences.headline import Change, Facts, Setting, dates, usual_words
from velocity.theme import tokens

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import date

    import polars as pl

    from velocity.reading.mine import Parts, Trend
    from velocity.reading.periods import Window
    from velocity.theme import Mode

#: Full weeks that make a usual range.
_USUAL_WEEKS = 8
#: A usual range of a share of more points, or one that ends at more times its start, is wide.
_WIDE_SHARE, _WIDE_TIMES = 0.4, 4
#: Launches that follow a result, from which on their readiness is given.
_FOLLOWED = 3

#: How a weekly measure is written: its value, with the unit of a week.
_WRITTEN: dict[str, Callable[[float], str]] = {
    "experiments_concluded": lambda it: f"{formats.rate(it)} a week",
    "serial_share": formats.share,
    "loop_hours_median": formats.duration,
}
#: Columns of `reads.metrics` over a window: value and 95 % limits.
_OVER: dict[str, tuple[str, str, str]] = {
    "experiments_concluded": (
        "throughput_per_week",
        "throughput_per_week_low",
        "throughput_per_week_high",
    ),
    "serial_share": ("serial_share", "", ""),
    "loop_hours_median": ("loop_hours_median", "loop_hours_low", "loop_hours_high"),
}
_LESS_MORE = {
    "experiments_concluded": ("Fewer", "More"),
    "serial_share": ("Less serial", "More serial"),
    "loop_hours_median": ("Shorter", "Longer"),
}


def so_far_status(measure: str, trend: Trend) -> str:
    """What full weeks usually have; a running week is never as usual or beyond it."""
    usual = trend.usual(measure)
    if trend.full_weeks < _USUAL_WEEKS:
        return _too_few_weeks(trend)
    if usual is None or (measure == "serial_share" and usual[1] - usual[0] > WIDEST_SHARE):
        return "This week so far"
    return f"So far; full weeks usually have {usual_words(measure, *usual)}"


def status(
    measure: str, *, trend: Trend, now: Row, before: Row | None, change: Change | None = None
) -> str:
    """Whether a tile's value is as usual, as Markdown; the first rule that holds.

    Args:
        measure: id of the weekly series.
        trend: the scholar's weeks.
        now: `reads.metrics` over the window.
        before: the same over the eight weeks before; None if there are too few.
        change: a lasting change of the measure.
    """
    write = _WRITTEN[measure]
    value = now.get(_OVER[measure][0])
    old = None if before is None else before.get(_OVER[measure][0])
    earlier = None if old is None else f"{write(old)} in the 8 weeks before"
    if change is not None:
        way = "Up" if change.now > change.before else "Down"
        return f"**{way}** since {formats.day(change.since)}: {write(change.before)} before"
    row = trend.beyond(measure)
    if row is not None:
        week = formats.week(row["week_start"])
        return f"**{week[:1].upper()}{week[1:]} beyond usual**: {write(row['value'])}"
    if trend.full_weeks < _USUAL_WEEKS:
        return _too_few_weeks(trend)
    moved = _moved(measure, now, old)
    if earlier and moved:
        return f"**{moved}**: {earlier}"
    return _as_usual(measure, value, trend.usual(measure), earlier)


def aim(direction: str, *, own: bool) -> str:
    """That the change in this direction is wanted."""
    return f"{'Your' if own else 'The'} aim: {direction}"


def _too_few_weeks(trend: Trend) -> str:
    weeks = formats.plural(trend.full_weeks, "full week")
    since = "so far" if trend.phase is None else f"since {formats.day(trend.phase)}"
    return f"{weeks} {since}; a usual range needs {_USUAL_WEEKS}"


def _moved(measure: str, now: Row, old: float | None) -> str | None:
    """The direction of a change beyond the 95 % limits of the window; None without one."""
    _, low, high = (now.get(it) if it else None for it in _OVER[measure])
    if old is None or low is None or high is None or low <= old <= high:
        return None
    less, more = _LESS_MORE[measure]
    return less if old > high else more


def _as_usual(
    measure: str, value: float | None, usual: tuple[float, float] | None, earlier: str | None
) -> str:
    if value is None:
        return "No value in these days"
    wide = usual is None or (measure == "serial_share" and usual[1] - usual[0] > WIDEST_SHARE)
    if usual is None or wide:
        return earlier or "No usual range yet"
    how = " in a wide range" if _is_wide(measure, *usual) else ""
    return f"**As usual**{how}: {usual_words(measure, *usual)}"


def _is_wide(measure: str, low: float, high: float) -> bool:
    """Whether a range is so wide that being inside it says little."""
    return high - low > _WIDE_SHARE if measure == "serial_share" else high > _WIDE_TIMES * low


def concluded_caption(now: Row, trend: Trend, window: Window) -> str:
    """What the tile of conclusions counts."""
    ended = formats.count(_ended(now))
    said = (
        f"{formats.count(number(now, 'experiments_concluded'))} concluded, "
        f"{dates(window.first, window.last)}; {formats.count(number(now, 'runs_failed'))} of "
        f"{ended} runs failed, of which {formats.count(number(now, 'early_failures'))} died within "
        "two minutes."
    )
    automated = int(number(now, "automated_concluded"))
    if automated:
        said += f" Automation concluded {formats.count(automated)} more."
    so_far = None if trend.is_running_week else trend.so_far("experiments_concluded")
    return said if so_far is None else f"{said} This week so far: {formats.count(so_far)} (○)."


def _ended(row: Row) -> int:
    """All runs that ended: the failed ones divided by their share, as the metric counts them."""
    share = row.get("failure_share")
    if not share:
        return sum(
            int(number(row, f"runs_{it}")) for it in ("finished", "failed", "killed", "preempted")
        )
    return round(number(row, "runs_failed") / float(share))


def serial_caption(now: Row, trend: Trend) -> str:
    """What the tile of serial hours counts."""
    busy = round(number(now, "busy_hours"))
    said = f"{formats.hours_sum(busy)} with anything in flight."
    so_far = None if trend.is_running_week else trend.so_far("serial_share")
    return said if so_far is None else f"{said} This week so far: {formats.share(so_far)} (○)."


def loop_caption(now: Row, parts: Parts | None) -> str:
    """How the hours of closed loops divide; they add up to 100 %."""
    loops = sum(
        int(number(now, f"loops_{it}")) for it in ("closed", "abandoned", "awaiting", "open")
    )
    counts = (
        f"{formats.plural(loops, 'loop')} launched, "
        f"{formats.count(number(now, 'loops_closed'))} closed"
    )
    if parts is None:
        return f"{counts}."
    per_cent = parts.per_cent
    said = [f"{per_cent['machine']}{formats.NBSP}% machine"]
    if parts.off is None:
        said.append(f"{per_cent['waiting']}{formats.NBSP}% until the next launch, by the clock")
    else:
        said.append(f"{per_cent['waiting']}{formats.NBSP}% waiting in working hours")
        said.append(f"{per_cent['off']}{formats.NBSP}% nights and days off")
    return f"Of the hours of closed loops {', '.join(said)}. {counts}."


#: Part of a loop -> its name in a tile, and its metric.
_PARTS = {
    "machine": ("machine", "loop_machine_share"),
    "waiting": ("waiting", "loop_working_wait_share"),
    "off": ("time off", "loop_off_share"),
}


def largest_part(parts: Parts | None) -> tuple[str, str, str]:
    """Which part of the loop is the largest, its share, and a tooltip about all parts."""
    if parts is None:
        return "Largest part", formats.NOT_KNOWN, "No loop has closed yet."
    largest = max(parts.shares, key=parts.shares.__getitem__)
    name, metric = _PARTS[largest]
    machine = "Of the hours of closed loops. Machine time, from launch to result, is by the clock;"
    rest = "the rest is the wait for the next launch."
    if parts.off is not None:
        rest = "the wait for the next launch counts working hours, and the rest of it is time "
        rest += "off: nights and days off."
    elif largest == "waiting":
        metric = "reaction_share"
    share = f"{parts.per_cent[largest]}{formats.NBSP}%"
    return f"Largest part: {name}", share, defined(f"{machine} {rest}", metric)


def loop_value(now: Row) -> tuple[str, str]:
    """The median loop, and what to say instead of a status; "" if there is a median."""
    events = int(number(now, "loop_hours_events"))
    if events < ENOUGH:
        return formats.NOT_KNOWN, formats.too_few(events)
    largest = now.get("loop_hours_largest")
    return formats.median(now.get("loop_hours_median"), largest=largest), ""


def loop_help(now: Row) -> str:
    """The tooltip of the median loop: its definition and its limits."""
    words = "From launch to the next launch after the result, by the clock: half of the loops are "
    words += "shorter."
    low, high = now.get("loop_hours_low"), now.get("loop_hours_high")
    beside = formats.limits(low, high)
    return defined(f"{words} 95 % limits: {beside}." if beside else words, "loop_hours_median")


def concluded_help(now: Row) -> str:
    """The tooltip of the concluded experiments."""
    low, high = (formats.rate(now[f"throughput_per_week_{it}"]) for it in ("low", "high"))
    return defined(
        "An experiment is one decision: a run, a sweep or a group. It has concluded once it has a "
        f"result, unless it failed or was killed. 95 % limits: {low} to {high} a week.",
        "throughput_per_week",
    )


FAILED_HELP = defined("Failed, crashed and silent runs, of all runs that ended.", "failure_share")
SERIAL_HELP = defined(
    "Hours with exactly one experiment in flight, of the busy hours: those with any in flight.",
    "serial_share",
)
HOURS_HELP = defined("The two add up to the busy hours.", "busy_hours")
LOOP_HELP = (
    "From a launch, over its result, to the next launch of the same line, which closes the loop. "
    f"{LINE_HELP} A result comes when enough runs of an experiment have finished."
)
SPARED_HELP = defined(
    "How much longer the same experiments would have taken one after another.", "spared_hours"
)
COULD_HELP = defined(
    "Launches that were ready before the result was in. Up to: a short look may have been the "
    "point.",
    "side_by_side_hours",
)


def figures_line(facts: Facts, zone: str, *, hours: bool) -> str:
    """Over which days the figures are and in which zone the times."""
    window = facts.window
    part = f"{window.days} of 7 days" if facts.so_far else formats.plural(window.days, "day")
    return (
        f"Figures: {formats.span(window.first, window.last)}, {part}; this week stands apart. "
        f"{'Times' if hours else 'Days'} in {zone}; waits count working hours."
    )


def away_line(first: date, last: date) -> str:
    """That every working day of the window is a day off."""
    return f"Away {dates(first, last)}: figures pause."


def linked(row: Mapping[str, Any], *longest: int) -> str:
    """The name of an experiment as a link to it on W&B; inert text without an address."""
    label, url = name(row["label"], *longest), row.get("url") or ""
    return label if not url or _ENDS_A_LINK.search(url) else f"[{label}]({url})"


#: Characters that would end the address of a Markdown link.
_ENDS_A_LINK = re.compile(r"[()<>\[\]\\\s]")


_READY = "came within 10 minutes of one that had taken 10 minutes or more"


def together_words(now: Row, chains: pl.DataFrame) -> str:
    """Whether work could have run side by side."""
    followed = int(number(now, "experiments_following"))
    ready = int(number(now, "ready_launches"))
    launches = f"of {formats.plural(followed, 'launch')} after a result {_READY}"
    if chains.height:
        return (
            f"{formats.count(ready)} {launches}: ready before the result was in. A short look may "
            "have been the point."
        )
    if followed < _FOLLOWED:
        return "Too few launches followed a result to say more."
    return f"None {launches}."


def key_of_tiles(mode: Mode, *, away: bool) -> str:
    """The key of the tiles' charts, as HTML; `away`: whether a week away is drawn."""
    colour = tokens(mode)
    ring = "this week so far, or a week away" if away else "this week so far"
    return html_key(
        [
            ("━", colour.accent, "the figure above, over its weeks"),
            ("●", colour.series, "one week"),
            ("○", colour.series, ring),
            ("■", colour.border, "usual range: where nearly all of these weeks fall"),
        ],
        colour.muted,
    )


def html_key(entries: Sequence[tuple[str, str, str]], ink: str) -> str:
    """One line of glyphs and our own words, as HTML; entries are (glyph, colour, words)."""
    items = "".join(
        f'<span style="display:inline-block;margin-right:1.1em;white-space:nowrap">'
        f'<span style="color:{fill}">{glyph}</span>&nbsp;{words}</span>'
        for glyph, fill, words in entries
    )
    return f'<div style="font-size:0.857rem;color:{ink}">{items}</div>'


def serial_hours(now: Row) -> tuple[str, str]:
    """Serial and parallel hours as printed: they add up to the busy hours as printed."""
    busy = round(number(now, "busy_hours"))
    serial = min(round(number(now, "serial_hours")), busy)
    return formats.count(serial), formats.count(busy - serial)


def over(window: Window) -> str:
    """The days of a section."""
    return dates(window.first, window.last)


def together_figures(now: Row, chains: pl.DataFrame) -> tuple[str, str]:
    """Hours spared, as the difference of the printed hours, and hours that could have been."""
    whole, busy = round(number(now, "experiment_hours")), round(number(now, "busy_hours"))
    could = number(now, "side_by_side_hours")
    up_to = f"up to {formats.hours_in_all(could)}" if chains.height else "none found"
    return formats.hours_sum(max(whole - busy, 0)), up_to


def chain(row: Row, zone: str) -> str:
    """A chain of ready launches, as Markdown: "a → b, sae-stitch, Tue 24 Nov, up to 5 h 13 m"."""
    names = " → ".join(
        linked({"label": label, "url": url}, 20)
        for label, url in zip(row["experiments"], row["urls"], strict=True)
    )
    day = row["started_at"].astimezone(ZoneInfo(zone))
    spare = formats.hours_in_all(row["spare_hours"])
    line = name(row["line"].rpartition("/")[2])
    when = f"{formats.weekday(day)} {formats.day(day).split(formats.NBSP)[1]}"
    return f"{names} :small[{line} · {when} · up to {spare}]"


def one_setting(found: Setting) -> str:
    """That a single setting was varied one by one, as Markdown."""
    return (
        f"{name(found.key)} was varied alone in {found.experiments} experiments one after another "
        f"({formats.hours_in_all(found.hours)}, {dates(found.first, found.last)}). One sweep runs "
        "them together:"
    )
