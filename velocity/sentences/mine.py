"""My velocity: the words of its tiles and sections."""

from datetime import date

from velocity import formats
from velocity.reading.mine import Parts, Trend
from velocity.reading.periods import Window
from velocity.sentences.answer import LINE_HELP, Row, defined, ended_runs, number, weeks_before
from velocity.sentences.facts import Facts, Key, dates
from velocity.sentences.headline import WRITTEN, usual_words

#: Full weeks that make a usual range.
_USUAL_WEEKS = 8
#: A usual range of a share of more points, or one that ends at more times its start, is wide.
_WIDE_SHARE, _WIDE_TIMES = 0.4, 4
#: Weekly measure -> the stem of its 95 % limits, and the words for less and for more.
_LIMITED = {
    "experiments_concluded": ("throughput_per_week", "Fewer", "More"),
    "loop_hours_median": ("loop_hours", "Shorter", "Longer"),
}


def part_status(measure: str, trend: Trend) -> str:
    """What full weeks usually have; less than a week is never as usual or beyond it."""
    if trend.full_weeks < _USUAL_WEEKS:
        return _too_few_weeks(trend)
    ends = _usual(measure, trend)
    days = formats.plural(trend.window.days, "day")
    if not ends:
        return "This week so far" if trend.is_running_week else f"{days}, less than a week"
    return f"{'So far' if trend.is_running_week else days}; full weeks usually have {ends}"


def status(measure: str, trend: Trend, facts: Facts) -> str:
    """Whether a tile's value is as usual, as Markdown; the first rule that holds."""
    change = facts.change_of(measure)
    if change is not None:
        way = "Up" if change.now > change.before else "Down"
        values = f"{_a_week(measure, change.now)}, {WRITTEN[measure](change.before)} before"
        return f"**{way}** since {formats.day(change.since)}: {values}"
    row = trend.beyond(measure)
    if row is not None:
        week = formats.week(row["week_start"])
        ends = usual_words(measure, row["limit_low"], row["limit_high"])
        said = f"**{formats.capitalised(week)} beyond usual**: {WRITTEN[measure](row['value'])}"
        return f"{said}, usually {ends}" if ends else said
    if trend.full_weeks < _USUAL_WEEKS:
        return _too_few_weeks(trend)
    over = "throughput_per_week" if measure == "experiments_concluded" else measure
    old, earlier = (facts.before or {}).get(over), ""
    if facts.before and old is not None:
        earlier = f"{_a_week(measure, old)} {weeks_before(facts.before)}"
        stem, less, more = _LIMITED.get(measure, ("", "", ""))
        low, high = facts.now.get(f"{stem}_low"), facts.now.get(f"{stem}_high")
        if low is not None and high is not None and not low <= old <= high:
            return f"**{less if old > high else more}**: {earlier}"
    if facts.now.get(over) is None:
        return "No value in these days"
    return _as_usual(measure, trend, earlier)


def _as_usual(measure: str, trend: Trend, earlier: str) -> str:
    """That a value is as usual; the `earlier` one without a usual range that says much."""
    usual, ends = trend.usual(measure), _usual(measure, trend)
    if usual is None:
        return earlier or "No usual range yet"
    if not ends:
        return "; ".join(filter(None, (earlier, "weeks differ too much for a usual range")))
    wide = usual[1] > _WIDE_TIMES * usual[0]
    if measure == "serial_share":
        wide = usual[1] - usual[0] > _WIDE_SHARE
    return f"**As usual**: {ends}{', a wide range' if wide else ''}"


def _usual(measure: str, trend: Trend) -> str:
    usual = trend.usual(measure)
    return usual_words(measure, *usual) if usual else ""


def _a_week(measure: str, value: float) -> str:
    """A value with the unit of a week."""
    per = " a week" if measure == "experiments_concluded" else ""
    return f"{WRITTEN[measure](value)}{per}"


def aim(direction: str, *, own: bool) -> str:
    """That the change in this direction is wanted."""
    return f"{'Your' if own else 'The'} aim: {direction}"


def _too_few_weeks(trend: Trend) -> str:
    weeks = formats.plural(trend.full_weeks, "full week")
    since = "so far" if trend.phase is None else f"since {formats.day(trend.phase)}"
    return f"{weeks} {since}; a usual range needs {_USUAL_WEEKS}"


def concluded_caption(now: Row, trend: Trend, window: Window) -> str:
    """What the tile of conclusions counts."""
    columns = ("experiments_concluded", "runs_failed", "early_failures", "automated_concluded")
    concluded, failed, early, automated = (formats.count(number(now, it)) for it in columns)
    runs = "no run ended"
    if ended := ended_runs(now):
        runs = f"{failed} of {formats.plural(ended, 'run')} failed"
        if number(now, "runs_failed"):
            runs += f", of which {early} died within two minutes"
    said = f"{concluded} concluded, {dates(window.first, window.last)}; {runs}."
    if number(now, "automated_concluded"):
        said += f" Automation concluded {automated} more."
    return said + _so_far(trend, "experiments_concluded")


def serial_caption(now: Row, trend: Trend) -> str:
    """What the tile of serial hours counts."""
    busy = formats.capitalised(formats.hours_sum(number(now, "busy_hours")))
    return f"{busy} with anything in flight.{_so_far(trend, 'serial_share')}"


def _so_far(trend: Trend, measure: str) -> str:
    """The value of the running week, to follow a caption; "" if it is the window or not known."""
    value = None if trend.is_running_week else trend.so_far(measure)
    write = formats.count if measure == "experiments_concluded" else formats.share
    return "" if value is None else f" This week so far: {write(value)} (○)."


def loop_caption(now: Row, parts: Parts | None) -> str:
    """How the hours of closed loops divide; they add up to 100 %."""
    kinds = ("closed", "abandoned", "awaiting", "open")
    loops = [int(number(now, f"loops_{it}")) for it in kinds]
    launched = formats.plural(sum(loops), "loop")
    counts = f"{launched} launched, {formats.count(loops[0])} closed."
    if parts is None:
        return counts
    shares = [f"{it}{formats.NBSP}% {_part(name, parts)[1]}" for name, it in parts.per_cent.items()]
    return f"Of the hours of closed loops {', '.join(shares)}. {counts}"


#: Part of a loop -> its name in a tile and below it, and its metric.
_PARTS = {
    "machine": ("machine", "machine", "loop_machine_share"),
    "waiting": ("waiting", "waiting in working hours", "loop_working_wait_share"),
    "off": ("time off", "nights and days off", "loop_off_share"),
}
#: The wait by the clock, for viewers who may not see time off.
_BY_THE_CLOCK = ("waiting or off", "waiting or off, by the clock", "reaction_share")


def _part(part: str, parts: Parts) -> tuple[str, str, str]:
    return _BY_THE_CLOCK if part == "waiting" and parts.off is None else _PARTS[part]


def largest_part(parts: Parts | None) -> tuple[str, str, str]:
    """Which part of the loop is the largest, its share, and a tooltip about all parts."""
    if parts is None:
        return "Largest part", formats.NOT_KNOWN, "No loop has closed yet."
    largest = max(parts.shares, key=parts.shares.__getitem__)
    name, _, metric = _part(largest, parts)
    machine = "Of the hours of closed loops. Machine time, from launch to result, is by the clock;"
    rest = "the rest, to the next launch, is waiting or off."
    if parts.off is not None:
        rest = "the wait for the next launch counts working hours, and the rest of it is time "
        rest += "off: nights and days off."
    share = f"{parts.per_cent[largest]}{formats.NBSP}%"
    return f"Largest part: {name}", share, defined(f"{machine} {rest}", metric)


def loop_value(now: Row) -> tuple[str, str]:
    """The median loop, and what to say instead of a status; "" if there is a median."""
    events = int(number(now, "loop_hours_events"))
    if events < formats.MEDIAN_EVENTS:
        return formats.NOT_KNOWN, formats.too_few(events)
    return formats.median(now.get("loop_hours_median"), now.get("loop_hours_largest")), ""


def loop_help(now: Row) -> str:
    """The tooltip of the median loop: its definition and its limits."""
    limits = formats.limits(now.get("loop_hours_low"), now.get("loop_hours_high"))
    return defined(
        "From launch to the next launch after the result, by the clock: half of the loops are "
        f"shorter.{f' 95 % limits: {limits}.' if limits else ''}",
        "loop_hours_median",
    )


def concluded_help(facts: Facts) -> str:
    """The tooltip of the concluded experiments."""
    said = "An experiment is one decision: a run, a sweep or a group. It has concluded once it has "
    said += "a result, unless it failed or was killed."
    if facts.counts:
        return defined(said, "experiments_concluded")
    low, high = (formats.rate(facts.now[f"throughput_per_week_{it}"]) for it in ("low", "high"))
    return defined(f"{said} 95 % limits: {low} to {high} a week.", "throughput_per_week")


def failed_value(now: Row) -> str:
    """The share of runs that failed; of a few runs, how many."""
    ended = ended_runs(now)
    if not 0 < ended < formats.MEDIAN_EVENTS:
        return formats.share(now["failure_share"])
    return f"{formats.count(number(now, 'runs_failed'))} of {ended}"


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


def figures_line(facts: Facts, zone: str, *, hours: bool, first: bool) -> str:
    """Over which days the figures are and in which zone the times.

    `first`: whether they begin with the week of the first launch.
    """
    window = facts.window
    part = f"{window.days} of 7 days" if facts.so_far else formats.plural(window.days, "day")
    part += ", from the week of the first launch" if first else ""
    return (
        f"Figures: {formats.span(window.first, window.last)}, {part}; this week stands apart. "
        f"{'Times' if hours else 'Days'} in {zone}; waits count working hours."
    )


def away_line(first: date, last: date) -> str:
    """That every working day of the window is a day off."""
    return f"Away {dates(first, last)}: figures pause."


def key_of_tiles(*, away: bool) -> Key:
    """The key of the tiles' charts; `away`: whether a week away is drawn."""
    return (
        ("━", "accent", "the figure above, over its weeks"),
        ("●", "series", "one week"),
        ("○", "series", f"this week so far{', or a week away' if away else ''}"),
        ("■", "border", "usual range: where nearly all of these weeks fall"),
    )


def serial_hours(now: Row) -> tuple[str, str]:
    """Serial and parallel hours as printed: they add up to the busy hours as printed."""
    busy = round(number(now, "busy_hours"))
    serial = min(round(number(now, "serial_hours")), busy)
    return formats.count(serial), formats.count(busy - serial)
