"""Where a change came from: rows by stream that add up, and by line with their experiments."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial

import polars as pl

from velocity import formats
from velocity.reading.series import Ranges
from velocity.sentences.answer import LINE, Row, and_more, few_of, name
from velocity.sentences.compared import Compared, Days, change, compared_rows
from velocity.sentences.queue import NO_RANGE, without_range

NONE = "\u2013"
UNATTRIBUTED, PROGRAMME = "unattributed", "programme"
_MOST_LINKED = 2


def stream_rows(
    now: Mapping[str, Row],
    before: Mapping[str, Row],
    names: Mapping[str, str],
    measure: str,
    unit: str,
) -> pl.DataFrame:
    """One row per stream in roster order, then unattributed and the programme.

    Counts add up to the programme. Shares and times have no unattributed row: they do not add up.

    `now` and `before` have the row of `reads.metrics` of each stream and of "programme", over the
    days and the days before; `names` are in roster order.
    """
    titles = {**names, UNATTRIBUTED: "Unattributed", PROGRAMME: "Programme"}
    values: dict[str, list[float | None]] = {
        group: [it.get(group, {}).get(measure) for it in (now, before)]
        for group in (*names, PROGRAMME)
    }
    if unit == "count":
        whole = values.pop(PROGRAMME)
        left = [
            None if total is None else total - sum(it[at] or 0 for it in values.values())
            for at, total in enumerate(whole)
        ]
        values |= ({UNATTRIBUTED: left} if any(left) else {}) | {PROGRAMME: whole}
    rows = [(group, titles[group], here, there) for group, (here, there) in values.items()]
    return compared_rows(rows, partial(_written, unit=unit), partial(_change, unit=unit))


def _written(value: float | None, unit: str = "count") -> str:
    """A figure; counts with all of their digits, or large ones would not add up as printed."""
    if value is None:
        return NONE
    return f"{round(value):,}" if unit == "count" else formats.figure(value, unit)


def _change(now: float | None, before: float | None, unit: str = "count") -> str:
    if unit != "count" or now is None or before is None or round(now) == round(before):
        return change(now, before, unit) or NONE
    return f"{round(now) - round(before):+,}".replace("-", formats.MINUS)


def title(rows: pl.DataFrame, measure: str, days: Days) -> str:
    """The claim above the rows."""
    total = rows.filter("total").row(0, named=True)
    if days.before is None:
        return f"By stream {days.on}"
    if measure != "experiments_concluded":
        what = {"serial_share": "Time with one experiment running", "loop_hours_median": "The loop"}
        return f"{what[measure]}, by stream: {total['now_words']}, from {total['before_words']}"
    apart = int((total["now"] or 0) - (total["before"] or 0))
    if not apart:
        return f"As many concluded as {days.earlier}"
    streams = rows.filter(~pl.col("total") & (pl.col("id") != UNATTRIBUTED))
    changes = [(it["name"], int(it["now"] - it["before"])) for it in streams.to_dicts()]
    amount = f"The {formats.count(abs(apart))} {'more' if apart > 0 else 'fewer'}"
    same = [it for it in changes if it[1] * apart > 0]
    if not same:
        return f"{amount} came from outside the streams"
    stream, most = max(same, key=lambda it: abs(it[1]))
    if len(same) == len(changes) > 1 and abs(most) <= abs(apart):
        part = formats.count(abs(most))
        return f"{amount} came from every stream, {part} of them from {name(stream)}"
    return f"{amount}: most in {name(stream)} ({change(most, 0, 'count')})"


def launched(programme: Compared) -> str:
    """How many experiments were launched, which is one cause of a fall or rise."""
    now, before = programme.values("experiments_started")
    then = "" if before is None else f", from {formats.count(before)}"
    return f"{formats.count(now)} {'was' if now == 1 else 'were'} launched{then}"


def launched_by_day(now: pl.DataFrame, days: int, before: pl.DataFrame, earlier: int) -> str:
    """The same of a stream, and on how many of so many days.

    `now` and `before` are `reads.metrics` by day; `days` and `earlier` are how many days they are.
    """
    here, there = (
        f"{formats.count(int(it['experiments_started'].sum()))} on "
        f"{it.filter(pl.col('experiments_started') > 0).height} of {count}"
        for it, count in ((now, days), (before, earlier))
    )
    return f"Launched: {here} days, from {there}."


def line_rows(
    now: pl.DataFrame, before: pl.DataFrame, group: str, link: Callable[[Row], str]
) -> pl.DataFrame:
    """The lines of a stream as a table that adds up, by scholar and project, with their sum last.

    `now` and `before` are `reads.concluded` of the days and of those before, `group` the id of the
    stream or "unattributed"; `link` gives the Markdown of an experiment's row. The columns are
    `line`, `now`, `before`, `change`, and the latest `experiments`.
    """
    own = pl.col("stream").is_null() if group == UNATTRIBUTED else pl.col("stream") == group
    here, there = now.filter(own), before.filter(own)

    def cells(line: str, found: pl.DataFrame, earlier: int) -> list[str]:
        count = found.height
        return [line, _written(count), _written(earlier), _change(count, earlier)]

    rows = []
    for key in pl.concat([here, there]).select(LINE).unique().sort(LINE).iter_rows():
        mine = dict(zip(LINE, key, strict=True))
        found, line = here.filter(**mine), f"{name(mine['scholar'])} / {name(mine['project'])}"
        latest = [link(row) for row in found.head(_MOST_LINKED).iter_rows(named=True)]
        told = and_more(latest, found.height - _MOST_LINKED, written=formats.count)
        rows.append([*cells(line, found, there.filter(**mine).height), told])
    rows.append([*(f"**{it}**" for it in cells("All", here, there.height)), ""])
    return pl.DataFrame(rows, ["line", "now", "before", "change", "experiments"], orient="row")


def streams_title(
    shifts: Sequence[tuple[str, str]], beyond: int, days: Days, ranges: Ranges
) -> str:
    """The claim above the streams.

    `shifts` are the series that were beyond their range in a whole week, newest first ("Basalt's
    loop", and the week in words); so many are `beyond` that of the same days in a running week.
    """
    if not ranges.known and not shifts:
        return NO_RANGE
    on, what, week = days.on, *(shifts[0] if shifts else ("", ""))
    if days.is_week and not days.is_whole_week:
        series = "no stream is beyond its"
        if beyond:
            series = f"{few_of(beyond, 'series is', 'series are')} beyond the"
        said = f"{formats.capitalised(on)} {series} usual range so far"
        said += f"; {what} was, in the {week}" if shifts else ""
    elif shifts:
        said, others = f"{what} was beyond its usual range in the {week}", len(shifts) - 1
        if others:
            said += f"; {few_of(others, 'other series was', 'other series were')} too"
    else:
        said = f"No stream was beyond its usual range in a week {on}"
    return f"{said}{without_range(ranges)}"
