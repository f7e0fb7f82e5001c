"""Figures of one scholar over a window, beside the scholar's own weeks."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Any

import polars as pl

from velocity import formats
from velocity.reading.periods import Window, monday_of
from velocity.reading.series import TREND_WEEKS

Row = dict[str, Any]
_WEEK, _DAY = timedelta(weeks=1), timedelta(days=1)
#: The weeks with which a window is compared, and the fewest of them.
_EARLIER_WEEKS, _FEWEST_EARLIER = 8, 4
_SATURDAY = 5
#: A timeline shows at most this much.
_TIMELINE = timedelta(days=14)
#: Weeks of the current phase.
_OF_NOW = pl.col("phase") == pl.col("phase").max()
_WEEKLY = ("experiments_concluded", "failure_share", "serial_share", "loop_hours_median")


def _enough(measure: str) -> pl.Expr:
    """A measure, null as a median of too few events."""
    if not measure.endswith("_median"):
        return pl.col(measure).cast(pl.Float64)
    events = pl.col(f"{measure.removesuffix('_median')}_events")
    return pl.when(events >= formats.MEDIAN_EVENTS).then(measure)


@dataclass(frozen=True)
class Parts:
    """How the hours of closed loops divide, as shares that add up to 1."""

    machine: float  # from launch to result
    waiting: float  # from result to next launch, in working hours; all of it if `off` is None
    off: float | None  # the rest: nights and days off; None for viewers who may not see it

    @classmethod
    def of(cls, row: Mapping[str, Any], *, hours: bool) -> Parts | None:
        """The parts of a row of `reads.metrics`; None without a closed loop.

        `hours`: whether the viewer may see nights and days off.
        """
        machine = row["loop_machine_share"]
        if machine is None:
            return None
        if not hours:
            return cls(machine, 1 - machine, None)
        return cls(machine, row["loop_working_wait_share"], row["loop_off_share"])

    @property
    def shares(self) -> dict[str, float]:
        """The known parts by name."""
        known = {"machine": self.machine, "waiting": self.waiting, "off": self.off}
        return {name: share for name, share in known.items() if share is not None}

    @property
    def largest(self) -> str | None:
        """The part that exceeds the others together; None if there is none."""
        return next((it for it, share in self.shares.items() if share > 0.5), None)  # noqa: PLR2004

    @property
    def per_cent(self) -> dict[str, int]:
        """The known parts as whole per cent that add up to 100."""
        return largest_remainder(self.shares)


def largest_remainder(amounts: Mapping[str, float]) -> dict[str, int]:
    """Amounts as whole per cent of their sum; they add up to 100, or are all 0."""
    whole = sum(amounts.values())
    if not whole:
        return dict.fromkeys(amounts, 0)
    shown = formats.adding_up([100 * amount / whole for amount in amounts.values()], 100)
    return dict(zip(amounts, shown, strict=True))


@dataclass(frozen=True)
class Trend:
    """A scholar's last twelve full weeks and the running one."""

    weekly: pl.DataFrame  # `reads.weekly` of the scholar
    figures: pl.DataFrame  # `reads.metrics` of the scholar by week, up to the last whole day
    window: Window  # the days that the page covers
    hours: bool  # whether the viewer may see nights and days off

    @cached_property
    def frame(self) -> pl.DataFrame:
        """One row per week: `week_start`, `running`, the measures of the tiles, null if unknown.

        The running week ends with its last whole day, as the figures of the page do.
        """
        values = self.weekly.filter(pl.col("measure").is_in(_WEEKLY)).pivot(
            "measure", on_columns=_WEEKLY, index=["week_start", "running"], values="value"
        )
        machine, nothing = pl.col("loop_machine_share"), pl.lit(None, pl.Float64)
        hours = self.figures.select(
            "serial_hours",
            "parallel_hours",
            "gpu_hours_per_concluded",
            *(_enough(it).alias(f"{it}_so_far") for it in _WEEKLY),
            week_start="period_start",
            machine_part=machine,
            waiting_part="loop_working_wait_share" if self.hours else 1 - machine,
            off_part="loop_off_share" if self.hours else nothing,
        )
        return (
            values.join(hours, on="week_start", how="left")
            .with_columns(
                pl.when("running").then(f"{it}_so_far").otherwise(it).alias(it) for it in _WEEKLY
            )
            .sort("week_start")
            .tail(TREND_WEEKS + 1)
        )

    @property
    def starts(self) -> tuple[date, ...]:
        """The Mondays of the weeks."""
        return tuple(self.frame["week_start"])

    @property
    def running(self) -> bool:
        """Whether the last week is still running."""
        return bool(self.frame["running"].any())

    @property
    def has_runs(self) -> bool:
        """Whether any run of the scholar has arrived."""
        return bool(self.weekly.filter(measure="experiments_started")["value"].sum())

    @property
    def away(self) -> frozenset[date]:
        """The Mondays of weeks away, for viewers who may see days off."""
        if not self.hours:
            return frozenset()
        return frozenset(self.weekly.filter("away")["week_start"])

    @property
    def full_weeks(self) -> int:
        """How many weeks are over, since the first launch or the start of the current phase."""
        return self.weekly.filter(~pl.col("running"), _OF_NOW)["week_start"].n_unique()

    @property
    def weeks_with_data(self) -> int:
        """How many weeks are over, since the first launch."""
        return self.weekly.filter(~pl.col("running"))["week_start"].n_unique()

    def usual(self, measure: str) -> tuple[float, float] | None:
        """The usual range of a measure in the current phase; None with fewer than 8 weeks of it."""
        rows = self.weekly.filter(pl.col("limit_low").is_not_null(), _OF_NOW, measure=measure)
        return next(rows.select("limit_low", "limit_high").iter_rows(), None)

    @property
    def phase(self) -> date | None:
        """The Monday with which the current phase begins; None if it is the only one."""
        if self.weekly["phase"].n_unique() < 2:  # noqa: PLR2004 - a phase before it
            return None
        begun: date = self.weekly.filter(_OF_NOW)["week_start"].min()  # type: ignore[assignment]
        return begun

    def earlier(self, measure: str) -> float | None:
        """The centre of a measure in the phase before the current one; None without one."""
        before = self.weekly.filter(pl.col("phase") == pl.col("phase").max() - 1, measure=measure)
        return next(iter(before["centre"].drop_nulls()), None)

    def beyond(self, measure: str) -> Row | None:
        """The latest full week of the window that lies beyond the usual range."""
        inside = pl.col("week_start").is_between(monday_of(self.window.first), self.window.last)
        rows = self.weekly.filter("signal", inside, measure=measure).sort("week_start")
        return rows.row(-1, named=True) if rows.height else None

    @property
    def is_running_week(self) -> bool:
        """Whether the window begins with the running week."""
        return self.running and self.window.first >= self.starts[-1]

    def so_far(self, measure: str) -> float | None:
        """The value of the running week; None if there is none."""
        return next(iter(self.frame.filter("running")[measure]), None)

    @property
    def last_week(self) -> list[Row]:
        """The series of the last full week."""
        full = self.weekly.filter(~pl.col("running"))
        return full.filter(pl.col("week_start") == pl.col("week_start").max()).to_dicts()

    @property
    def window_parts(self) -> list[Parts]:
        """How loop hours divide in each full week of the window that has closed loops."""
        whole = pl.col("period_start").is_between(self.window.first, self.window.end - _WEEK)
        rows = self.figures.filter(whole).iter_rows(named=True)
        found = (Parts.of(row, hours=self.hours) for row in rows)
        return [it for it in found if it is not None]


def weeks_before(window: Window, first_day: date) -> Window | None:
    """The eight weeks before the window, cut to the data; None with fewer than four."""
    first = max(window.first - _EARLIER_WEEKS * _WEEK, first_day)
    if window.first - first < _FEWEST_EARLIER * _WEEK:
        return None
    return Window(first, window.first - _DAY)


def trend_start(last_day: date) -> date:
    """The Monday of the first week that tiles show."""
    return monday_of(last_day + _DAY) - TREND_WEEKS * _WEEK


def timeline_days(
    window: Window, last_day: date, *, up_to_now: bool, last_launch: date | None = None
) -> tuple[date, date, date]:
    """First day, day after the last, and the day on which a timeline opens.

    It goes on `up_to_now`, the end of the data, or to the end of the window, unless the latest
    launch in the window would be out of sight; it opens on the week of that launch.
    """
    end = max(window.end, last_day + 2 * _DAY) if up_to_now else window.end
    latest = min(last_launch or end, end - _DAY)
    if latest < end - _TIMELINE:
        end = monday_of(latest) + _WEEK
    first = max(window.first, end - _TIMELINE)
    return first, end, max(first, monday_of(latest))


def spell_over(window: Window, off: Collection[date]) -> tuple[date, date] | None:
    """First and last day of the days off that cover all of a window's days, Monday to Friday.

    None if one of these is a working day, or the window has none of them.
    """
    days = [window.first + n * _DAY for n in range(window.days)]
    workdays = [it for it in days if it.weekday() < _SATURDAY]
    if not workdays or not all(it in off for it in workdays):
        return None
    first, last = workdays[0], workdays[-1]
    while first - _DAY in off:
        first -= _DAY
    while last + _DAY in off:
        last += _DAY
    return first, last
