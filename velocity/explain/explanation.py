"""An explanation: the frames and sums that pages and the command line show."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from velocity import formats

if TYPE_CHECKING:
    from datetime import datetime

    import polars as pl

    from velocity.queries.metric import Metric

#: A figure: counts are int, shifts are bool, unknown ones are None.
Value = int | float | bool | date | None


@dataclass(frozen=True, eq=False)
class Total:
    """A sum (or the largest) of rows.

    Args:
        kind: which rows, such as runs, sessions, charges or weeks.
        text: the title of the sum.
        unit: of the amounts and of the value.
        value: the sum; 0 without rows.
        addends: `what` (String), `at` (UTC, or a local day), `amount` (Float64).
        largest: whether the value is the largest amount instead of the sum.
    """

    kind: str
    text: str
    unit: str
    value: float
    addends: pl.DataFrame
    largest: bool = False

    @property
    def step(self) -> str:
        """The sum as a step of the arithmetic."""
        rows = formats.plural(self.addends.height, "row")
        how = "largest of" if self.largest else "sum of"
        return f"{formats.with_unit(self.value, self.unit)} ({how} {rows}): {self.text}"


@dataclass(frozen=True, eq=False)
class Result:
    """One value: the group's, or that of one of its lines, experiments or measures.

    Args:
        of: which line (entity/project), experiment or measure; "" for the group's own.
        steps: the arithmetic in words, a line each; the last gives `value`.
        value: what the rows add up to.
        headline: the value from the metric's own query.
        totals: the sums, numerator first.
        latencies: for a median, the ordered lengths and the survival curve.
        noun: what has a length: loop, wait, experiment, failure or run.
        title: `of` in words, unless it is a line.
    """

    of: str
    steps: tuple[str, ...]
    value: Value
    headline: Value
    totals: tuple[Total, ...] = ()
    latencies: pl.DataFrame | None = None
    noun: str = ""
    title: str = ""


@dataclass(frozen=True, eq=False)
class Explanation:
    """Everything behind one figure of a scholar, a stream or the programme.

    Times are UTC; ids are entity/project/run_id.

    Args:
        scholar: id, if the figure is a scholar's.
        stream: id, if the figure is a stream's.
        metric: the definition of the figure.
        week: Monday of the week; None for all the data.
        at_end: whether the figure describes the end of the window instead of the whole window.
        as_of: the data is complete up to this instant.
        timezone: IANA name, for weeks, days and times that people read.
        runs: raw rows, class, source of each start and end, and the rule that joined each run to
            its experiment; also runs that count nowhere.
        sessions: of these runs.
        experiments: those that overlap the window.
        loops: launched in the window, with their status.
        charges: of each session by day; empty unless the figure is of GPUs or credits.
        left_out: as `velocity.explain.left_out.left_out` returns it.
        results: one, or one per line, open experiment or measure with the figure.
        nothing: the sentence if there is no result.
    """

    scholar: str | None
    stream: str | None
    metric: Metric
    week: date | None
    at_end: bool
    as_of: datetime
    timezone: str
    runs: pl.DataFrame
    sessions: pl.DataFrame
    experiments: pl.DataFrame
    loops: pl.DataFrame
    charges: pl.DataFrame
    left_out: pl.DataFrame
    results: tuple[Result, ...]
    nothing: str

    @property
    def window(self) -> str:
        """The window in words: "all the data", "week of 5 Jan 2026", or the end of either."""
        if self.week is None:
            return "end of the data" if self.at_end else "all the data"
        week = f"{formats.week(self.week)} {self.week.year}"
        return f"end of the {week}" if self.at_end else week

    @property
    def frames(self) -> tuple[pl.DataFrame, ...]:
        """Every frame, for the size of the explanation in memory."""
        rows = (self.runs, self.sessions, self.experiments, self.loops, self.charges, self.left_out)
        lengths = (it.latencies for it in self.results if it.latencies is not None)
        addends = (total.addends for it in self.results for total in it.totals)
        return (*rows, *lengths, *addends)
