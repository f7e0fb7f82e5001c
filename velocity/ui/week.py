"""What Stand-up, its slides and its print share: figures of the days and of the days before."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING

import polars as pl

from velocity import formats
from velocity.reading import reads
from velocity.reading.frames import named_ends
from velocity.reading.periods import monday_of
from velocity.report.covered import Covered
from velocity.sentences.compared import MEASURES
from velocity.sentences.week_tiles import to_date_rows
from velocity.sentences.weeks import events

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from velocity.charts.events import Event
    from velocity.sentences.answer import Row
    from velocity.ui.view import View

_WEEK = timedelta(weeks=1)
#: Weeks to compare a cost with.
_EARLIER_WEEKS = 8
_WEEK_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_PARTS = ["volume", "automation", "loops", "medians", "compute"]


@dataclass(frozen=True)
class Week(Covered):
    """The figures of the days of a view, each read when it is first asked for."""

    view: View

    @cached_property
    def names(self) -> dict[str, str]:
        """Stream -> name, in roster order."""
        return self.view.stream_names

    @cached_property
    def now(self) -> dict[str, Row]:
        """The figures of each stream, and of "programme"."""
        return self._figures(self.days.window.first, self.days.window.end)

    @cached_property
    def before(self) -> dict[str, Row]:
        """The same of the days before; empty without any."""
        before = self.days.before
        return {} if before is None else self._figures(before.first, before.end)

    def _figures(self, first: date, end: date) -> dict[str, Row]:
        over = {"from_day": first, "to_day": end, "parts": _PARTS}
        read = {by: self.view.soon(reads.metrics, by=by, **over) for by in ("programme", "stream")}
        return {row[by]: row for by, rows in read.items() for row in rows().iter_rows(named=True)}

    @property
    def programme(self) -> Row:
        """The programme's figures of the days."""
        return self.now["programme"]

    @property
    def programme_before(self) -> Row | None:
        """The programme's figures of the days before; None without any."""
        return self.before.get("programme")

    @cached_property
    def weekly(self) -> pl.DataFrame:
        """The weeks of streams and of the programme, with their usual ranges."""
        return pl.concat(
            self.view.read(reads.weekly, by=by).filter(pl.col("measure").is_in(list(MEASURES)))
            for by in ("stream", "programme")
        )

    @cached_property
    def events(self) -> dict[str, tuple[Event, ...]]:
        """What happened to each stream, by the roster."""
        rows = self.view.read(reads.notes, by="stream")
        return {str(it): events(part) for (it,), part in rows.group_by("group_id")}

    @property
    def _mondays(self) -> list[date]:
        first = monday_of(self.view.trust["first_day"])
        last = monday_of(self.days.window.first)
        return [first + _WEEK * at for at in range((last - first) // _WEEK + 1)]

    @property
    def earlier_weeks(self) -> list[date]:
        """The Mondays of up to eight weeks before that of the first day."""
        return self._mondays[:-1][-_EARLIER_WEEKS:]

    @property
    def _running_from(self) -> date:
        """The first Monday whose week is not over."""
        return monday_of(self.today + timedelta(days=1))

    @cached_property
    def same_days(self) -> pl.DataFrame:
        """The same days of each week, by stream; only if the days are those of one week."""
        if not self.days.is_week:
            return self.weekly.clear()
        return self.view.read(
            reads.to_date,
            by="stream",
            starts=self._mondays,
            lengths=[self.days.window.days],
            running_from=self._running_from,
        ).drop("days")

    @cached_property
    def _through(self) -> pl.DataFrame:
        """The programme's figures through each day of the days, and of the days before."""
        before = self.days.before
        starts = [*([before.first] if before is not None else []), self.days.window.first]
        running = None
        if self.days.is_week:
            starts, running = self._mondays, self._running_from
        return self.view.read(
            reads.to_date,
            by="programme",
            starts=starts,
            lengths=list(range(1, len(self._day_names) + 1)),
            running_from=running,
        )

    @property
    def _day_names(self) -> list[str]:
        if self.days.is_week:
            return [*_WEEK_DAYS]
        first = self.days.window.first
        return [formats.day(first + timedelta(days=at)) for at in range(self.days.window.days)]

    def so_far(self, measure: str) -> Row | None:
        """The figure of the days with the usual range of the same days; None without a range."""
        if not self.days.is_week:
            return None
        return self._through_of(measure, self.days.window.first).get(self.days.window.days)

    def _through_of(self, measure: str, start: date) -> Mapping[int, Row]:
        """Number of days -> their row; none for a number without a value."""
        rows = self._through.filter(measure=measure, week_start=start)
        return {row["days"]: row for row in rows.iter_rows(named=True)}

    def through(self, measure: str) -> pl.DataFrame:
        """One row per day for `draw_to_date`."""
        before = self.days.before
        return to_date_rows(
            self._through_of(measure, self.days.window.first),
            {} if before is None else self._through_of(measure, before.first),
            days=self.days,
            names=self._day_names,
        )

    @cached_property
    def ends(self) -> pl.DataFrame:
        """The streams with grants: when their credits end, and when that was seen a week before."""
        now = self.view.read(reads.ledger, by="stream")
        seen = self.view.read(reads.ledger, by="stream", at_day=self.known_on - _WEEK)
        first = self.view.trust["first_day"]
        return named_ends(now, seen, self.names, first=first, last=self.known_on)

    @cached_property
    def decisions(self) -> pl.DataFrame:
        """The lines whose result or failure has had no launch after it, as Streams names them."""
        return self.view.without_hours.needs_decision()

    @property
    def queue(self) -> pl.DataFrame:
        """The lines that need a decision, the furthest beyond their own usual first."""
        return self.decisions.filter("needs_decision")

    @cached_property
    def silent(self) -> pl.DataFrame:
        """Runs that have shown no sign of life."""
        return self.view.read(reads.stuck, min_hours=0).filter(what="stale run")
