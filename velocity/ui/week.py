"""What Stand-up, its slides and its print share: figures of the days and of the days before."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Any

import polars as pl

from velocity import formats
from velocity.charts.base import Chart
from velocity.charts.to_date import draw_to_date
from velocity.charts.weeks import Event, draw_trend
from velocity.reading import reads
from velocity.reading.frames import named_ends
from velocity.reading.periods import Window
from velocity.reading.series import trend
from velocity.report.work import Groups
from velocity.sentences import week_tiles
from velocity.sentences.answer import Row
from velocity.sentences.compared import MEASURES, UNITS, Compared
from velocity.sentences.week_tiles import Tile
from velocity.sentences.weeks import events
from velocity.ui.page import show_why
from velocity.ui.view import View

_WEEK = timedelta(weeks=1)
#: The four measures of Stand-up.
TITLES = {
    "experiments_concluded": "Experiments concluded",
    "failure_share": "Share of runs failed",
    "serial_share": "Time with one experiment running",
    "loop_hours_median": "Feedback loop, median",
}
_WEEK_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


@dataclass(frozen=True)
class Week(Groups):
    """The figures of the days of a view, each read when it is first asked for."""

    view: View

    @property
    def programme(self) -> Compared:
        """The programme's figures."""
        return self.of("programme")

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

    @cached_property
    def same_days(self) -> pl.DataFrame:
        """The same days of each week, by stream; only if the days are those of one week."""
        if not self.days.is_week:
            return self.weekly.clear()
        return self._to_date("stream", [self.days.window.days]).drop("days")

    def _to_date(self, by: str, lengths: list[int]) -> pl.DataFrame:
        """The figures of the days and of those before, or of each week, after so many days."""
        starts, running = self.mondays(self.days.window.first), self.running_from
        asked: dict[str, Any] = {"starts": starts, "running_from": running}
        if not self.days.is_week:
            both = (self.days.before, self.days.window)
            asked = {"starts": [it.first for it in both if it is not None], "running_from": None}
        return self.view.read(reads.to_date, by=by, lengths=lengths, **asked)

    @property
    def _day_names(self) -> list[str]:
        if self.days.is_week:
            return [*_WEEK_DAYS]
        first = self.days.window.first
        return [formats.day(first + timedelta(days=at)) for at in range(self.days.window.days)]

    def so_far(self, measure: str) -> Row | None:
        """The figure of the days with the usual range of the same days; None without a range."""
        window = self.days.window
        return self._through_of(measure, window).get(window.days) if self.days.is_week else None

    @cached_property
    def _through(self) -> dict[tuple[str, date], dict[int, Row]]:
        """Measure and first day -> number of days -> the programme's row, if it has a value."""
        found: dict[tuple[str, date], dict[int, Row]] = {}
        rows = self._to_date("programme", list(range(1, len(self._day_names) + 1)))
        for row in rows.iter_rows(named=True):
            found.setdefault((row["measure"], row["week_start"]), {})[row["days"]] = row
        return found

    def _through_of(self, measure: str, window: Window | None) -> Mapping[int, Row]:
        return self._through.get((measure, window.first), {}) if window is not None else {}

    def through(self, measure: str) -> pl.DataFrame:
        """One row per day for `draw_to_date`."""
        now, before = (self._through_of(measure, it) for it in (self.days.window, self.days.before))
        return week_tiles.to_date_rows(now, before, days=self.days, names=self._day_names)

    @cached_property
    def ends(self) -> pl.DataFrame:
        """The streams with grants: when their credits end, and when that was seen a week before."""
        now = self.view.read(reads.ledger, by="stream")
        seen = self.view.read(reads.ledger, by="stream", at_day=self.known_on - _WEEK)
        first = self.view.trust["first_day"]
        return named_ends(now, seen, self.view.stream_names, first=first, last=self.known_on)

    @cached_property
    def decisions(self) -> pl.DataFrame:
        """The lines whose result or failure has had no launch after it, as Streams names them."""
        return self.view.without_hours.needs_decision()


def show_why_it_ends(week: Week, label: str = "why") -> None:
    """A link to the rows behind the day on which the first stream's credits end."""
    ending = week.ends.drop_nulls("runs_out_on").sort("runs_out_on", maintain_order=True)
    if ending.height:
        show_why(week.view, "exhausted_on", stream=ending["group_id"][0], label=label)


def tiles(week: Week) -> list[tuple[Tile, str]]:
    """The first three tiles, each with its measure."""
    makers = {
        "experiments_concluded": week_tiles.concluded,
        "serial_share": week_tiles.serial,
        "loop_hours_median": week_tiles.loop,
    }
    return [(make(week.programme, week.so_far(it)), it) for it, make in makers.items()]


def week_chart(week: Week, measure: str, *, narrow: bool = False) -> Chart:
    """The programme's figure through each day; by week if there are no days before.

    `narrow`: as for `draw_to_date`.
    """
    days = week.days
    title, unit = TITLES[measure], UNITS[measure]
    if days.before is None and not days.is_week:
        weeks = trend(week.weekly.filter(group_id="programme"), measure)
        return draw_trend(weeks, title=title, unit=unit)
    through, these, those = week.through(measure), days.these, days.those
    words = {"title": title, "unit": unit, "these": these, "those": those}
    return draw_to_date(through, **words, narrow=narrow)
