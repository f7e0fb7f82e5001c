"""What an explanation holds: frames and sums that a page and the command line both draw."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date, datetime

    import polars as pl

    from velocity.sql import Metric

#: The rule that joined a run to its experiment -> in words.
RULES = {
    "first": "begins the experiment",
    "tag": "has the tag of the experiment",
    "sweep": "is of the sweep",
    "continuation": "takes up a pre-empted run of the same config",
    "together": "was launched together with the run before it, which was in flight",
    "same_config": "has the config of the run before it, which was in flight",
    "script": "began so soon after another run's end that a script goes on",
}

#: A figure as `reads.metrics` gives it: counts are whole, what is not known is None.
Value = int | float | None


@dataclass(frozen=True, eq=False)
class Total:
    """A sum (or the largest) of rows.

    Args:
        kind: which rows: runs, sessions, experiments, loops, stretches, days or charges.
        text: what is added up.
        unit: of the amounts and of the value.
        value: the sum; 0 without rows.
        addends: the rows that add something: `what` (String), `at` (UTC), `amount` (Float64).
        largest: whether the value is the largest amount instead.
    """

    kind: str
    text: str
    unit: str
    value: float
    addends: pl.DataFrame
    largest: bool = False


@dataclass(frozen=True, eq=False)
class Explanation:
    """Everything behind one figure of one scholar. Times are UTC; ids are entity/project/run_id.

    Args:
        scholar: whose figure.
        metric: its id as a column of `reads.metrics`, and its unit, title and definition.
        week: Monday of the week; None for all the data.
        as_of: the instant to which the data is complete.
        timezone: in which weeks and days begin.
        runs: raw rows, class, source of each start and end, and the rule that joined each run to
            its experiment: of the experiments that touch the window, and those that count nowhere.
        sessions: of these runs.
        experiments: that touch the window.
        loops: launched in the window, with their status.
        left_out: `kind` (excluded, imputed or flagged), `what`, `why`: a row each.
        totals: what is added up, numerator first; empty for a median.
        latencies: for a median, the ordered lengths and the survival curve; else None.
        steps: the arithmetic in words, a line each; the last gives `value`.
        value: what the rows come to.
        headline: what `reads.metrics` says.
    """

    scholar: str
    metric: Metric
    week: date | None
    as_of: datetime
    timezone: str
    runs: pl.DataFrame
    sessions: pl.DataFrame
    experiments: pl.DataFrame
    loops: pl.DataFrame
    left_out: pl.DataFrame
    totals: tuple[Total, ...]
    latencies: pl.DataFrame | None
    steps: tuple[str, ...]
    value: Value
    headline: Value

    @property
    def frames(self) -> tuple[pl.DataFrame, ...]:
        """Every frame of it."""
        lengths = () if self.latencies is None else (self.latencies,)
        rows = (self.runs, self.sessions, self.experiments, self.loops, self.left_out)
        return (*rows, *lengths, *(total.addends for total in self.totals))
