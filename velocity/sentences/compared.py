"""Figures of some days beside those of the days before: dates, changes, usual ranges in words."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import polars as pl

from velocity import formats
from velocity.charts.tile_trend import WIDEST_SHARE
from velocity.reading.periods import Window
from velocity.sentences.answer import Row, ended_runs, few

_WEEK = timedelta(weeks=1)
#: Measure -> the words for it after "Basalt's".
MEASURES = {
    "experiments_concluded": "number of concluded experiments",
    "failure_share": "share of failed runs",
    "serial_share": "time with one experiment running",
    "loop_hours_median": "loop",
}
WAIT = "reaction_working_hours_median"
#: A share that moves less is the same share.
POINTS = 0.0199
UNITS = dict(zip(MEASURES, ("count", "share", "share", "hours"), strict=True))


@dataclass(frozen=True)
class Days:
    """The days that a page covers, and those that they are compared with."""

    window: Window
    before: Window | None  # the earlier days; None without any

    @property
    def is_week(self) -> bool:
        """Whether they are one week from its Monday on, whole or not."""
        return self.window.first.weekday() == 0 and self.window.last < self.window.first + _WEEK

    @property
    def is_whole_week(self) -> bool:
        """Whether they are a week from Monday to Sunday."""
        return self.is_week and self.window.last - self.window.first == timedelta(days=6)

    @property
    def is_against_week(self) -> bool:
        """Whether the days before are those of the week before; chosen dates have the last ones."""
        return self.before is None or self.before.first == self.window.first - _WEEK

    @property
    def on(self) -> str:
        """The days in a sentence: "from Mon 23 to Sat 28 Nov", "on Mon 23 Nov"."""
        words = formats.dates(self.window.first, self.window.last)
        return f"on {words}" if self.window.days == 1 else f"from {words}"

    @property
    def earlier(self) -> str:
        """The days before in a sentence: "on the same days before", "the week before"."""
        if self.is_whole_week:
            return "the week before"
        weeks, rest = divmod(self.window.days, 7)
        if self.is_week and self.is_against_week:
            return (
                "on the same days before" if rest > 1 else f"on the {self.window.first:%A} before"
            )
        if self.window.days == 1:
            return "on the day before"
        if rest:
            return f"in the {formats.count(self.window.days)} days before"
        return f"in the {few(weeks)} weeks before" if weeks > 1 else "in the week before"

    @property
    def kicker(self) -> str:
        """Both in full: "Mon 23 to Sat 28 Nov 2026, against Mon 16 to Sat 21 Nov"."""
        these = formats.dates(self.window.first, self.window.last)
        before = self.before
        against = f", against {formats.dates(before.first, before.last)}" if before else ""
        return f"{these} {self.window.last.year}{against}"

    @property
    def these(self) -> str:
        """The days in short, for charts."""
        return formats.short_dates(self.window.first, self.window.last)

    @property
    def those(self) -> str:
        """The days before in short; "" without any."""
        return formats.short_dates(self.before.first, self.before.last) if self.before else ""


@dataclass(frozen=True)
class Compared:
    """The figures of the programme, a stream or a scholar over some days, and those before."""

    days: Days
    now: Row | None  # of `reads.metrics`; None if nothing happened
    before: Row | None  # the same over the days before; None without any

    def values(self, column: str) -> tuple[Any, Any]:
        """A figure now and before, each None if it is not known."""
        now, before = (row[column] if row else None for row in (self.now, self.before))
        return now, before

    def numbers(self, column: str) -> tuple[float, float]:
        """A count or sum now and before; 0 if it is not known."""
        now, before = self.values(column)
        return now or 0, before or 0

    @property
    def conclusions(self) -> tuple[int, int]:
        """How many experiments concluded, now and before."""
        now, before = self.numbers("experiments_concluded")
        return int(now), int(before)

    def rose(self, column: str) -> float:
        """By how much a share or time rose as printed; 0 if one is not known."""
        now, before = self.values(column)
        unit = "share" if column.endswith("_share") else "hours"
        return 0.0 if None in (now, before) else printed(now, unit) - printed(before, unit)

    def then(self, column: str, written: Callable[[Any], str] = str) -> str:
        """The earlier value of a figure: ", from 7 %", ", as before"; "" without one."""
        now, before = self.values(column)
        if before is None:
            return ""
        same = written(now) == written(before)
        return ", as before" if same else f", from {written(before)}"

    @property
    def failed(self) -> str:
        """The share of runs that failed: "11 % of runs failed, from 7 %"; "" under 6 runs."""
        share, _ = self.values("failure_share")
        if share is None or ended_runs(self.now) < formats.MEDIAN_EVENTS:
            return ""
        return f"{formats.share(share)} of runs failed{self.then('failure_share', formats.share)}"


def usual(row: Row | None, unit: str) -> str:
    """The usual range of a row of `reads.to_date`: "176 to 299"; "" without one that says much.

    A range of a share that covers more than 80 of the 100 points would hold for nearly any value.
    """
    if row is None or row["limit_low"] is None or row["limit_high"] is None:
        return ""
    low, high = row["limit_low"], row["limit_high"]
    if unit == "share" and high - low > WIDEST_SHARE:
        return ""
    first, last = formats.ends(low, high, unit)
    if unit == "share":
        first, last = str(round(low * 100)), f"{round(high * 100)}{formats.NBSP}%"
    return last if first in {last, last.removesuffix(f"{formats.NBSP}%")} else f"{first} to {last}"


def inside(row: Row) -> bool | None:
    """Whether a value lies in its usual range; None without a value or a range."""
    if row["value"] is None or row["limit_low"] is None:
        return None
    return bool(row["limit_low"] <= row["value"] <= row["limit_high"])


def beyond(row: Row, unit: str) -> str:
    """How far a value is from its usual range: "24 m above its usual 3 h 29 m to 12 h 32 m"."""
    low, high, value = row["limit_low"], row["limit_high"], row["value"]
    side, end = ("above", high) if value > high else ("below", low)
    apart = abs(value - end)
    far, ends = f"{apart:.1f}", [formats.figure(it, unit) for it in (low, high)]
    if unit == "count":  # a digit more, or a value beyond a limit could read like it
        ends = [f"{it:,.1f}".removesuffix(".0") for it in (low, high)]
    elif unit == "share":
        far = f"{apart * 100:.1f}{formats.NBSP}points"
    elif unit == "hours":  # as far as the printed values are
        far = formats.duration(abs(printed(value, unit) - printed(end, unit)) or apart)
    return f"{far} {side} its usual {' to '.join(dict.fromkeys(ends))}"


def printed(value: float, unit: str) -> float:
    """The value as it is printed, so that changes are differences of printed values."""
    parts = {"share": 100, "hours": 60 if abs(value) < formats.LONG_HOURS else 1}.get(unit, 1)
    return round(value * parts) / parts


def change(now: float | None, before: float | None, unit: str) -> str:
    """The difference of two printed values with its sign; "" if one is not known."""
    if now is None or before is None:
        return ""
    apart = printed(now, unit) - printed(before, unit)
    text, points = formats.count(apart), round(apart * 100)
    if unit == "hours":
        text = formats.duration(round(apart * 60) / 60)
    elif unit == "share":
        text = f"{formats.count(points)}{formats.NBSP}{'point' if abs(points) == 1 else 'points'}"
    sign = "±" if round(apart, 6) == 0 else "+" if apart > 0 else ""
    return f"{sign}{text}"


def went(now: float, before: float) -> str:
    """How a share went, by its printed values: "fell from 11 % to 9 %", "stayed at 9 %"."""
    here, there = formats.share(now), formats.share(before)
    moved = f"{'rose' if now > before else 'fell'} from {there} to {here}"
    return f"stayed at {here}" if here == there else moved


def compared_rows(
    rows: Iterable[tuple[str, str, float | None, float | None]],
    written: Callable[[float | None], str],
    change: Callable[[float | None, float | None], str],
) -> pl.DataFrame:
    """Id, name and both figures of each group as rows for `draw_dumbbell`, with their words.

    The columns are `id`, `name`, `now`, `before`, the same and their change in words, and `total`.
    """
    said = [(*it, *map(written, it[2:]), change(*it[2:]), it[0] == "programme") for it in rows]
    words = dict.fromkeys(("now_words", "before_words", "change_words"), pl.String)
    figures = {"id": pl.String, "name": pl.String, "now": pl.Float64, "before": pl.Float64}
    return pl.DataFrame(said, {**figures, **words, "total": pl.Boolean}, orient="row")
