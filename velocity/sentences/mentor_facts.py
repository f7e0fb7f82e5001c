"""What the sheet of one scholar, and the brief, are about."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING

import polars as pl

from velocity.sentences.answer import ENOUGH, Row, ended_runs, local_day, number
from velocity.sentences.streams import rose

if TYPE_CHECKING:
    from datetime import date, datetime

    from velocity.sentences.compared import Days

#: So many launches that died at the start may have one cause.
SAME_CAUSE = 3
#: A share of failed runs that rose by this much is worth a question.
_WORTH_ASKING = 0.1
_WEEK = timedelta(weeks=1)
#: Measure -> the title of its weeks, and its unit.
MEASURES = {
    "experiments_concluded": ("Concluded a week", "count"),
    "failure_share": ("Runs failed", "share"),
    "serial_share": ("One experiment at a time", "share"),
    "reaction_working_hours_median": ("Result to next launch, working hours", "hours"),
}


@dataclass(frozen=True)
class Facts:
    """What the sheet of a scholar is about."""

    name: str  # of the scholar
    days: Days  # of the page, and those before
    now: Row | None  # the scholar's `reads.metrics` over the days; None if nothing happened
    before: Row | None  # the same over the days before; None without any
    decisions: pl.DataFrame  # the scholar's rows of `reads.needs_decision`
    experiments: pl.DataFrame  # of some weeks, joined with `reads.loops`, latest first
    old: pl.DataFrame  # open experiments that are older than usual for their line
    chains: pl.DataFrame  # launches that were ready before the result, `reads.chains`
    settings: pl.DataFrame  # `reads.one_setting`: which launches changed a single setting
    concluded: pl.DataFrame  # `reads.concluded` of the days, latest first
    weeks: pl.DataFrame  # whole weeks of `reads.to_date`, each measure with its usual range
    zone: str  # of days
    #: How many lines, of all scholars beside whom this one is shown, passed their usual so lately
    #: that only their scholars see their names. If the sheets of the others told what waits, the
    #: one that does not would be known.
    hidden: int = 0

    def day(self, moment: datetime) -> date:
        """The local day of an instant."""
        return local_day(moment, self.zone)

    @cached_property
    def queue(self) -> pl.DataFrame:
        """The lines that need a decision and may be named."""
        return self.decisions.filter("needs_decision", "named")

    @cached_property
    def launched(self) -> pl.DataFrame:
        """The experiments that were launched in the days."""
        day = pl.col("started_at").dt.convert_time_zone(self.zone).dt.date()
        return self.experiments.filter(
            day.is_between(self.days.window.first, self.days.window.last)
        )

    @cached_property
    def died(self) -> pl.DataFrame:
        """The launches of the days of which every run died within two minutes, first to last."""
        return self.launched.filter(outcome="false_start").reverse()

    @cached_property
    def failures(self) -> pl.DataFrame:
        """The failures that no launch has followed and that may be named."""
        return self.decisions.filter("named", kind="failure")

    @cached_property
    def shifts(self) -> pl.DataFrame:
        """The whole weeks since the days began beyond their usual range, the newest first."""
        week, window = pl.col("week_start"), self.days.window
        ended = ~pl.col("running") & (week > window.first - _WEEK) & (week + _WEEK <= window.end)
        known = self.weeks.filter("signal", ended, pl.col("measure").is_in([*MEASURES]))
        place = pl.col("measure").cast(pl.Enum([*MEASURES]))
        return known.sort(week, place, descending=[True, False])

    def next_launch(self, row: Row) -> date | None:
        """The day of the next launch of the same line; None without any."""
        line = self.experiments.filter(entity=row["entity"], project=row["project"])
        at = line["experiment_id"].to_list().index(row["experiment_id"])
        return self.day(line["started_at"][at - 1]) if at else None

    @property
    def more_failed(self) -> bool:
        """Whether so many more runs failed than before that a cause is worth asking for."""
        if self.now is None or self.before is None:
            return False
        enough = number(self.now, "runs_failed") >= SAME_CAUSE and ended_runs(self.now) >= ENOUGH
        return enough and round(rose(self.now, self.before, "failure_share"), 6) >= _WORTH_ASKING

    @cached_property
    def relaunched_days(self) -> int | None:
        """The most days until the line of such a launch was launched again; None if one was not."""
        days = []
        for row in self.died.iter_rows(named=True):
            again = self.next_launch(row)
            if again is None:
                return None
            days.append((again - self.day(row["started_at"])).days)
        return max(days, default=None)
