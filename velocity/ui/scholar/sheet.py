"""The figures of one scholar's page, each read once, so that every section shows the same ones."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import polars as pl

from velocity.charts.tile_trend import Weeks
from velocity.errors import VelocityError
from velocity.reading import reads
from velocity.reading.mine import (
    TODAY_DAYS,
    Parts,
    Today,
    Trend,
    spell_over,
    timeline_days,
    trend_start,
    weeks_before,
)
from velocity.reading.periods import last_whole_day, monday_of
from velocity.sentences.headline import Change, Facts, Setting, Wait, Whose
from velocity.sentences.weeks import events
from velocity.ui.parts import Table, show_error

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import date, datetime

    from velocity.charts.events import Event
    from velocity.reading.mine import Row
    from velocity.reading.periods import Window
    from velocity.ui.view import View

_OVER = ("volume", "loops", "medians", "side_by_side", "compute", "automation")
_BEFORE = ("volume", "medians", "compute")
_BY_WEEK = ("volume", "loops", "medians", "compute")
#: Under so much data nothing is usual yet.
_THIN = timedelta(weeks=4)


@dataclass(frozen=True)
class Sheet:
    """One scholar over the days of the page.

    Args:
        view: whose scope decides what is read.
        who: the scholar's row of `reads.scholars`.
        now: `reads.metrics` over the window.
        before: the same over the eight weeks before; None if there are too few.
        trend: the scholar's weeks.
        loops: `reads.loops` since the window's first day, latest first.
        chains: chains of ready launches that begin in the window.
    """

    view: View
    who: Mapping[str, Any]
    now: Mapping[str, Any]
    before: Mapping[str, Any] | None
    trend: Trend
    loops: pl.DataFrame
    chains: pl.DataFrame

    @classmethod
    def of(cls, view: View, scholar: str) -> Sheet | None:
        """The scholar's sheet; None if none of their runs has arrived."""
        whose: dict[str, Any] = {"by": "scholar", "groups": [scholar]}
        window, last_day = view.window, last_whole_day(view.as_of, view.zone)
        earlier = weeks_before(window, view.trust["first_day"])
        since = min(window.first, last_day - timedelta(days=TODAY_DAYS))
        weekly = view.soon(reads.weekly, **whose)
        by_week = view.soon(
            reads.metrics,
            period="week",
            parts=_BY_WEEK,
            from_day=max(trend_start(last_day), monday_of(view.trust["first_day"])),
            to_day=last_day + timedelta(days=1),
            **whose,
        )
        loops = view.soon(reads.loops, scholar=scholar, from_day=since)
        then = earlier and view.soon(
            reads.metrics, from_day=earlier.first, to_day=earlier.end, parts=_BEFORE, **whose
        )
        chains = view.soon(
            reads.chains,
            by="scholar",
            group_id=scholar,
            from_day=window.first,
            to_day=window.end,
        )
        rows = view.windowed(reads.metrics, parts=_OVER, **whose)
        found = loops()
        if rows.is_empty() or weekly().is_empty():
            return None
        return cls(
            view=view,
            who=view.who(scholar),
            now=rows.row(0, named=True),
            before=then().row(0, named=True) if then else None,
            trend=Trend(weekly(), by_week(), window, view.scope.sees_hours(scholar)),
            loops=found,
            chains=chains(),
        )

    @property
    def scholar(self) -> str:
        """The scholar's id."""
        return str(self.who["scholar"])

    @property
    def window(self) -> Window:
        """The days of the page."""
        return self.view.window

    @property
    def hours(self) -> bool:
        """Whether the viewer may see hours of the day, nights and days off."""
        return self.view.scope.sees_hours(self.scholar)

    @property
    def whose(self) -> Whose:
        """How the scholar is addressed."""
        return Whose(str(self.who["name"]), self.view.is_own(self.scholar))

    @property
    def zone(self) -> str:
        """The time zone of the page: days of others are those of the programme."""
        return str(self.who["timezone"]) if self.hours else self.view.zone

    @property
    def last_day(self) -> date:
        """The last whole day of the data."""
        return last_whole_day(self.view.as_of, self.view.zone)

    @property
    def up_to_now(self) -> bool:
        """Whether lists go on to the end of the data, beyond the window's full weeks."""
        return self.view.chosen.period in {"This week", "4 weeks", "Programme"}

    def runs_of(self, row: Row) -> dict[str, str]:
        """The choices of Runs that show the runs of one loop."""
        launched = row["started_at"].astimezone(ZoneInfo(self.view.zone)).date()
        first, last = min(launched, self.window.first), max(launched, self.window.last)
        return {
            "period": f"{first.isoformat()}..{last.isoformat()}",
            "runs-experiment": row["experiment_id"],
        }

    @cached_property
    def shown_loops(self) -> pl.DataFrame:
        """The loops of the window, and of the days since if the page is about the present."""
        day = pl.col("started_at").dt.convert_time_zone(self.view.zone).dt.date()
        rows = self.loops.filter(day >= self.window.first)
        return rows if self.up_to_now else rows.filter(day <= self.window.last)

    @property
    def loops_inside(self) -> pl.DataFrame:
        """The loops launched in the window."""
        day = pl.col("started_at").dt.convert_time_zone(self.view.zone).dt.date()
        return self.loops.filter(day >= self.window.first, day <= self.window.last)

    @cached_property
    def meanwhile(self) -> pl.DataFrame:
        """Launches on other lines while the results of the loops waited."""
        return self.view.read(reads.meanwhile, scholar=self.scholar, from_day=self.window.first)

    @property
    def weeks(self) -> Weeks:
        """The weeks of the tiles' charts, and what is marked on them."""
        window = (self.window.first, self.window.last)
        return Weeks(
            self.trend.starts,
            self.trend.running,
            window,
            phase=self.trend.phase,
            events=self.events,
            away=self.trend.away,
        )

    @cached_property
    def events(self) -> tuple[Event, ...]:
        """What happened to the scholar, by the roster."""
        return events(self.view.read(reads.notes, by="scholar", groups=[self.scholar]))

    @cached_property
    def aims(self) -> dict[str, str]:
        """Measure -> "up" or "down": the changes that the scholar wants."""
        rows = self.view.read(reads.aims, by="scholar", groups=[self.scholar])
        return dict(rows.select("measure", "direction").iter_rows())

    def weeks_of(self, measure: str) -> Weeks:
        """The same, with the lasting change of a measure."""
        change = self.change_of(measure)
        return replace(self.weeks, change=None if change is None else change.since)

    @property
    def half_medians(self) -> tuple[float | None, float | None]:
        """Medians of machine and of the wait in working hours."""
        return self.now["machine_hours_median"], self.now["reaction_working_hours_median"]

    @property
    def timeline_days(self) -> tuple[date, date, date]:
        """First day of the timeline, day after the last, and the day on which it opens."""
        return timeline_days(
            self.window, self.last_day, up_to_now=self.up_to_now, last_launch=self.last_launch
        )

    @property
    def last_launch(self) -> date | None:
        """The day of the latest of the shown launches, by the scholar's clock."""
        if self.shown_loops.is_empty():
            return None
        moment: datetime = self.shown_loops["started_at"][0]
        return moment.astimezone(ZoneInfo(self.zone)).date()

    @cached_property
    def away(self) -> tuple[date, date] | None:
        """First and last day of the spell of days off that has every workday of the window.

        Only the scholar may know; None without such a spell.
        """
        off = set(self.view.read(reads.days_off, scholar=self.scholar)["day"])
        return spell_over(self.window, off)

    @cached_property
    def today(self) -> Today:
        """What the scholar finds in the morning."""
        return Today.of(
            self.loops, self.waiting, as_of=self.view.as_of, zone=self.view.zone, who=self.who
        )

    @cached_property
    def parts(self) -> Parts | None:
        """How the hours of closed loops divide in the window."""
        return Parts.of(self.now, hours=self.hours)

    @cached_property
    def facts(self) -> Facts:
        """What the headline can be about."""
        return Facts(
            now=self.now,
            window=self.window,
            so_far=self.view.chosen.period == "This week",
            before=self.before,
            last_week=self.trend.last_week,
            chains=self.chains.height,
            parts=self.parts,
            weekly_parts=self.trend.window_parts,
            wait=self.wait,
            changes=self.changes,
            setting=self.setting,
            begins=self._begins,
        )

    @property
    def _begins(self) -> date | None:
        """The first day with data, if nothing can be said to be usual yet."""
        first: date = self.view.trust["first_day"]
        return first if last_whole_day(self.view.as_of, self.view.zone) - first < _THIN else None

    @property
    def open_work(self) -> pl.DataFrame:
        """The scholar's experiments in flight, with their likely ends."""
        return self.view.read(reads.open_work, scholar=self.scholar)

    @cached_property
    def waiting(self) -> pl.DataFrame:
        """The scholar's lines that wait for a launch, those that need a decision first."""
        return self.view.needs_decision(scholars=[self.scholar])

    @property
    def wait(self) -> Wait | None:
        """The result that waits longest beyond its line's usual; for the scholar alone."""
        rows = self.waiting.filter("needs_decision") if self.hours else self.waiting.clear()
        if rows.is_empty():
            return None
        row = rows.row(0, named=True)
        return Wait(
            experiment_id=row["experiment_id"],
            label=row["label"],
            hours=row["waited_working_hours"],
            since=row["result_at"].astimezone(ZoneInfo(self.zone)).date(),
            usual_hours=row["usual_working_hours"],
        )

    @cached_property
    def changes(self) -> list[Change]:
        """Lasting changes of the scholar's weekly measures."""
        rows = self.view.read(reads.lasting_changes, by="scholar", groups=[self.scholar])
        found = []
        for row in rows.drop_nulls(["value_before", "value_since"]).iter_rows(named=True):
            measure, since, now = row["measure"], row["since_week"], row["value_since"]
            if self.window.first >= since:
                # The tile's value, so that the page shows one.
                over = "throughput_per_week" if measure == "experiments_concluded" else measure
                now = self.now[over] if self.now[over] is not None else now
            found.append(Change(measure, since, row["value_before"], now))
        return found

    def change_of(self, measure: str) -> Change | None:
        """The lasting change of a measure; None without one."""
        return next((it for it in self.changes if it.measure == measure), None)

    @cached_property
    def settings_alone(self) -> pl.DataFrame:
        """Sequences of experiments in which one setting changed, the longest first."""
        rows = self.view.windowed(reads.one_setting, scholar=self.scholar)
        return rows.sort("machine_hours", descending=True)

    @property
    def setting(self) -> Setting | None:
        """The longest of them."""
        if self.settings_alone.is_empty():
            return None
        row = self.settings_alone.row(0, named=True)
        zone = ZoneInfo(self.view.zone)
        return Setting(
            key=row["key"] or "seed",
            experiments=row["experiments"],
            hours=row["machine_hours"],
            first=row["started_at"].astimezone(zone).date(),
            last=row["result_at"].astimezone(zone).date(),
        )

    def table(self, frame: pl.DataFrame, block: str) -> Table:
        """The rows of a section; the file's name has person, section and days."""
        days = f"{self.window.first.isoformat()}-{self.window.last.isoformat()}"
        return Table(frame, block, file=f"{_plain(self.scholar)}-{block}-{days}")


def show_block(show: Callable[[Sheet], None], sheet: Sheet) -> None:
    """A block of the page; if it cannot be read, a warning in its place, and the rest stays."""
    try:
        show(sheet)
    except VelocityError as error:
        show_error(error)


def _plain(text: str) -> str:
    return "".join(it if it.isalnum() and it.isascii() else "-" for it in text)
