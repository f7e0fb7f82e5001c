"""Where a change came from: rows by stream that add up, and by line with their experiments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from velocity import formats
from velocity.sentences.answer import LINE, capitalised, few, name
from velocity.sentences.compared import change
from velocity.sentences.queue import NO_RANGE, without_range

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from velocity.reading.series import Ranges
    from velocity.sentences.answer import Row
    from velocity.sentences.compared import Days

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

    Args:
        now: group -> its row of `reads.metrics` over the days; streams and "programme".
        before: the same of the days before.
        names: stream -> name, in roster order.
        measure: the metric.
        unit: of it.

    Returns:
        `id`, `name`, `now`, `before`, the same and their change in words, and `total`.
    """
    values: dict[str, tuple[str, float | None, float | None]] = {
        stream: (title, _value(now, stream, measure), _value(before, stream, measure))
        for stream, title in names.items()
    }
    whole = _value(now, PROGRAMME, measure), _value(before, PROGRAMME, measure)
    if unit == "count":
        here, there = (
            None if total is None else total - sum(part or 0 for part in parts)
            for total, parts in zip(whole, _columns(values), strict=True)
        )
        if here or there:
            values[UNATTRIBUTED] = ("Unattributed", here, there)
    values[PROGRAMME] = ("Programme", *whole)
    return pl.DataFrame(
        [
            {
                "id": group,
                "name": title,
                "now": here,
                "before": there,
                "now_words": _written(here, unit),
                "before_words": _written(there, unit),
                "change_words": _change(here, there, unit),
                "total": group == PROGRAMME,
            }
            for group, (title, here, there) in values.items()
        ],
        schema_overrides={"now": pl.Float64, "before": pl.Float64},
    )


def _columns(
    values: Mapping[str, tuple[str, float | None, float | None]],
) -> tuple[list[float | None], list[float | None]]:
    return [it[1] for it in values.values()], [it[2] for it in values.values()]


def _value(rows: Mapping[str, Row], group: str, measure: str) -> float | None:
    row = rows.get(group)
    value: float | None = None if row is None else row[measure]
    return value


def _written(value: float | None, unit: str) -> str:
    """A figure; counts with all of their digits, or large ones would not add up as printed."""
    if value is None:
        return NONE
    return f"{round(value):,}" if unit == "count" else formats.figure(value, unit)


def _change(now: float | None, before: float | None, unit: str) -> str:
    if unit != "count" or now is None or before is None or round(now) == round(before):
        return change(now, before, unit) or NONE
    return f"{round(now) - round(before):+,}".replace("-", formats.MINUS)


def title(rows: pl.DataFrame, measure: str, days: Days) -> str:
    """The claim above the rows."""
    total = rows.filter("total").row(0, named=True)
    here, there = total["now"], total["before"]
    if days.before is None:
        return f"By stream {days.on}"
    if measure != "experiments_concluded":
        what = {"serial_share": "Time with one experiment running", "loop_hours_median": "The loop"}
        return f"{what[measure]}, by stream: {total['now_words']}, from {total['before_words']}"
    apart = int((here or 0) - (there or 0))
    streams = rows.filter(~pl.col("total") & (pl.col("id") != UNATTRIBUTED))
    changes = [(it["name"], int(it["now"] - it["before"])) for it in streams.to_dicts()]
    if not apart:
        return f"As many concluded as {days.earlier}"
    amount = f"The {formats.count(abs(apart))} {'more' if apart > 0 else 'fewer'}"
    same = [it for it in changes if it[1] * apart > 0]
    if not same:
        return f"{amount} came from outside the streams"
    most = max(same, key=lambda it: abs(it[1]))
    if len(same) == len(changes) > 1 and abs(most[1]) <= abs(apart):
        part = formats.count(abs(most[1]))
        return f"{amount} came from every stream, {part} of them from {name(most[0])}"
    signed = formats.count_change(most[1])
    return f"{amount}: most in {name(most[0])} ({signed})"


def launched(now: Row, before: Row | None) -> str:
    """How many experiments were launched, which is one cause of a fall or rise."""
    count = f"{formats.count(now['experiments_started'])} were launched"
    then = "" if before is None else f", from {formats.count(before['experiments_started'])}"
    return f"{count}{then}"


def launched_by_day(now: pl.DataFrame, days: int, before: pl.DataFrame, earlier: int) -> str:
    """The same of a stream, and on how many days.

    Args:
        now: `reads.metrics` by day.
        days: how many days they are of.
        before: the same of the days before.
        earlier: how many days those are.
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
    """The lines of a stream as a table that adds up: this, before, change, and experiments.

    Args:
        now: `reads.concluded` of the days.
        before: that of the days before.
        group: id of the stream, or "unattributed".
        link: Markdown of an experiment, given its row.

    Returns:
        Columns as the table shows them, ordered by scholar and project, and the sum.
    """
    own = pl.col("stream").is_null() if group == UNATTRIBUTED else pl.col("stream") == group
    here, there = now.filter(own), before.filter(own)
    lines = pl.concat([here, there]).select(LINE).unique().sort(LINE)
    rows: list[dict[str, Any]] = []
    for scholar, entity, project in lines.iter_rows():
        mine = {"scholar": scholar, "entity": entity, "project": project}
        found = here.filter(**mine)
        earlier = there.filter(**mine).height
        rows.append(
            {
                "line": f"{name(scholar)} / {name(project)}",
                "now": _written(found.height, "count"),
                "before": _written(earlier, "count"),
                "change": _change(found.height, earlier, "count"),
                "experiments": _linked(found, link),
            }
        )
    rows.append(
        {
            "line": "**All**",
            "now": f"**{_written(here.height, 'count')}**",
            "before": f"**{_written(there.height, 'count')}**",
            "change": f"**{_change(here.height, there.height, 'count')}**",
            "experiments": "",
        }
    )
    return pl.DataFrame(rows)


def _linked(found: pl.DataFrame, link: Callable[[Row], str]) -> str:
    """The latest experiments by name, and how many more there are."""
    said = [link(row) for row in found.head(_MOST_LINKED).iter_rows(named=True)]
    more = found.height - len(said)
    return ", ".join(said) + (f" and {formats.count(more)} more" if more else "")


def streams_title(
    shifts: Sequence[tuple[str, str]], beyond: int, days: Days, ranges: Ranges
) -> str:
    """The claim above the streams.

    Args:
        shifts: the series that were beyond their range in a whole week, newest first: "Basalt's
            loop", and the week in words.
        beyond: how many series are beyond the usual range of the same days, in a running week.
        days: the days.
        ranges: how many series have a usual range.
    """
    if not ranges.known and not shifts:
        return NO_RANGE
    return f"{_beyond(shifts, beyond, days)}{without_range(ranges)}"


def _beyond(shifts: Sequence[tuple[str, str]], beyond: int, days: Days) -> str:
    others = len(shifts) - 1
    was = "was" if others == 1 else "were"
    more = f"; {few(others)} other series {was} too" if others > 0 else ""
    if not days.is_week or days.is_whole_week:
        if not shifts:
            return f"No stream was beyond its usual range in a week {days.on}"
        what, week = shifts[0]
        return f"{what} was beyond its usual range in the {week}{more}"
    verb = "is" if beyond == 1 else "are"
    start = f"{capitalised(days.on)} no stream is beyond its usual range so far"
    if beyond:
        start = f"{capitalised(days.on)} {few(beyond)} series {verb} beyond the usual range so far"
    if not shifts:
        return start
    what, week = shifts[0]
    return f"{start}; {what} was, in the {week}"
