"""The figures of one scholar's page, each read once, so that every section shows the same ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl

from velocity.charts.tile_trend import Weeks
from velocity.charts.weeks import Event
from velocity.reading import reads
from velocity.reading.mine import Parts, Trend, trend_start, weeks_before
from velocity.reading.periods import Window, last_whole_day, monday_of
from velocity.reading.today import TODAY_DAYS
from velocity.report.work import Covered
from velocity.sentences.facts import Change, Facts, Setting, Since, Whose
from velocity.sentences.headline import WRITTEN
from velocity.sentences.weeks import events
from velocity.ui.parts import Table, plain_name
from velocity.ui.view import View

_OVER = ("volume", "loops", "medians", "side_by_side", "compute", "automation")
_BEFORE = ("volume", "medians", "compute")
_BY_WEEK = ("volume", "loops", "medians", "compute")
#: Under so much data nothing is usual yet.
_THIN = timedelta(weeks=4)


@dataclass(frozen=True)
class Sheet(Covered):
    """One scholar over the days of the page; the scope of the view decides what is read."""

    view: View
    who: Mapping[str, Any]  # the scholar's row of `reads.scholars`
    now: Mapping[str, Any]  # `reads.metrics` over the window
    before: Mapping[str, Any] | None  # over the weeks before; None if there are too few
    trend: Trend  # the scholar's weeks
    loops: pl.DataFrame  # `reads.loops` since the window's first day, latest first
    chains: pl.DataFrame  # chains of ready launches that begin in the window

    @classmethod
    def of(cls, view: View, scholar: str) -> Sheet | None:
        """The scholar's sheet; None if none of their runs has arrived."""
        whose: dict[str, Any] = {"by": "scholar", "groups": [scholar]}
        window, last_day = view.window, last_whole_day(view.as_of, view.zone)
        weekly = view.soon(reads.weekly, **whose)
        by_week = view.soon(
            reads.metrics,
            period="week",
            parts=_BY_WEEK,
            from_day=max(trend_start(last_day), monday_of(view.trust["first_day"])),
            to_day=last_day + timedelta(days=1),
            **whose,
        )
        # Weeks before the scholar's first launch are not zeros.
        begun = max(weekly()["week_start"].min() or window.first, view.trust["first_day"])
        if window.first < begun <= window.last:
            window = Window(begun, window.last)
            view = replace(view, window=window)
        earlier = weeks_before(window, begun)
        since = min(window.first, last_day - timedelta(days=TODAY_DAYS))
        loops = view.soon(reads.loops, scholar=scholar, from_day=since)
        then = earlier and view.soon(
            reads.metrics, from_day=earlier.first, to_day=earlier.end, parts=_BEFORE, **whose
        )
        days = {"from_day": window.first, "to_day": window.end}
        chains = view.soon(reads.chains, by="scholar", group_id=scholar, **days)
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
    def begins_here(self) -> bool:
        """Whether the window begins with the week of the scholar's first launch."""
        first = self.trend.weekly["week_start"].min()
        return bool(self.window.first == first != self.view.trust["first_day"])

    @property
    def whose(self) -> Whose:
        """How the scholar is addressed."""
        return Whose(str(self.who["name"]), self.view.is_own(self.scholar))

    @property
    def zone(self) -> str:
        """The time zone of the page: days of others are those of the programme."""
        return str(self.who["timezone"]) if self.hours else self.view.zone

    @property
    def up_to_now(self) -> bool:
        """Whether lists go on to the end of the data, beyond the window's full weeks."""
        return self.view.period in {"This week", "4 weeks", "Programme"}

    def loops_of(self, *, up_to_now: bool) -> pl.DataFrame:
        """The loops launched in the window, and since then if they go `up_to_now`."""
        day = pl.col("started_at").dt.convert_time_zone(self.view.zone).dt.date()
        rows = self.loops.filter(day >= self.window.first)
        return rows if up_to_now else rows.filter(day <= self.window.last)

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
        """The weeks of a chart of a measure, and what is marked on them."""
        change = self.change_of(measure)
        return Weeks(
            self.trend.starts,
            self.trend.running,
            (self.window.first, self.window.last),
            change=None if change is None else change.since,
            phase=self.trend.phase,
            events=self.events,
            away=self.trend.away,
        )

    @cached_property
    def parts(self) -> Parts | None:
        """How the hours of closed loops divide in the window."""
        return Parts.of(self.now, hours=self.hours)

    @cached_property
    def facts(self) -> Facts:
        """What the headline can be about."""
        first: date = self.view.trust["first_day"]
        return Facts(
            now=self.now,
            window=self.window,
            so_far=self.view.period == "This week",
            before=self.before,
            last_week=self.trend.last_week,
            chains=self.chains.height,
            parts=self.parts,
            weekly_parts=self.trend.window_parts,
            wait=self.wait,
            zone=self.zone,
            changes=self.changes,
            since=self.since,
            ready_minutes=self.view.settings.experiments.ready_within_minutes,
            setting=self.setting,
            begins=first if self.today - first < _THIN else None,
        )

    @cached_property
    def waiting(self) -> pl.DataFrame:
        """The scholar's lines that wait for a launch, those that need a decision first."""
        return self.view.needs_decision(scholars=[self.scholar])

    @property
    def wait(self) -> Mapping[str, Any] | None:
        """The result that waits longest beyond its line's usual; for the scholar alone."""
        rows = self.waiting.filter("needs_decision")
        return rows.row(0, named=True) if self.hours and rows.height else None

    @cached_property
    def changes(self) -> list[Change]:
        """Lasting changes of the scholar's weekly measures, as headlines tell them."""
        columns = ("measure", "since_week", "value_before", "value_since")
        found = (Change(*row) for row in self._changes.select(columns).iter_rows())
        return sorted(found, key=lambda it: [*WRITTEN].index(it.measure))

    @cached_property
    def _changes(self) -> pl.DataFrame:
        whose: dict[str, Any] = {"by": "scholar", "groups": [self.scholar]}
        rows = self.view.read(reads.lasting_changes, to_day=self.window.end, **whose)
        return rows.drop_nulls(["value_before", "value_since"])

    @cached_property
    def since(self) -> Since | None:
        """The weeks since the first of the changes, and those before it."""
        if not self.changes:
            return None
        row = self._changes.row(
            by_predicate=pl.col("measure") == self.changes[0].measure, named=True
        )
        change, end = row["since_week"], row["last_week"] + timedelta(weeks=1)
        whose: dict[str, Any] = {"by": "scholar", "groups": [self.scholar], "parts": _BEFORE}
        before, now = (
            self.view.read(reads.metrics, from_day=first, to_day=to, **whose).row(0, named=True)
            for first, to in ((row["first_week"], change), (change, end))
        )
        return Since(Window(change, end - timedelta(days=1)), now, before)

    def change_of(self, measure: str) -> Change | None:
        """The lasting change of a measure; None without one."""
        return next((it for it in self.changes if it.measure == measure), None)

    @cached_property
    def setting(self) -> Setting | None:
        """The longest sequence of experiments in which one setting changed."""
        found = self.view.windowed(reads.one_setting, scholar=self.scholar)
        if found.is_empty():
            return None
        row = found.sort("machine_hours", descending=True).row(0, named=True)
        zone = ZoneInfo(self.view.zone)
        return Setting(
            key=row["key"] or "seed",
            experiments=row["experiments"],
            hours=row["machine_hours"],
            first=row["started_at"].astimezone(zone).date(),
            last=row["result_at"].astimezone(zone).date(),
        )

    def table(self, frame: pl.DataFrame, block: str) -> Table:
        """The rows of a section."""
        return Table(frame, block, person=plain_name(self.scholar))
