"""What an explanation holds: frames and sums that a page and the command line both draw."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

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

#: What the start or the end of a run or session is known from -> in words.
SOURCES = {
    "environment": "starts when one of its processes said that it began",
    "created": "starts when the run was created: no process said when it began",
    "runtime": "ends its runtime after its start",
    "heartbeat": "ends at its last heartbeat",
    "last_metric": "ends at its last logged row",
    "runtime_share": "an earlier session of a resumed run: ends after its share of the runtime",
    "next_session": "an earlier session of a resumed run: ends as the next begins",
    "open": "still running, counted to the end of the data",
    "stale_heartbeat": "presumed dead, ends at its last heartbeat",
    "unknown": "its end is not known: of no length",
}

#: Frame of an explanation -> the columns that say most, for a page or a terminal.
SHOWN = {
    "runs": [
        *("run", "state", "created_at", "started_at", "heartbeat_at", "runtime_hours"),
        *("class", "start_source", "ended_at", "end_source", "experiment", "joined_by"),
    ],
    "sessions": [
        *("run", "session", "started_at", "ended_at", "end_source", "hours", "hours_inside"),
    ],
    "experiments": [
        *("experiment", "runs", "k", "started_at", "signal_at", "outcome", "overlapped"),
        *("hours_inside", "loop_status"),
    ],
    "loops": [
        *("experiment_id", "status", "started_at", "signal_at", "next_at"),
        *("machine_hours", "reaction_hours", "reaction_awake_hours", "loop_hours"),
    ],
}

#: A figure as its read gives it: counts are whole, signals are bool, what is not known is None.
Value = int | float | bool | date | None


@dataclass(frozen=True, eq=False)
class Total:
    """A sum (or the largest) of rows.

    Args:
        kind: which rows, such as runs, sessions, charges or weeks.
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
class Result:
    """One value: the scholar's, or that of one of their lines, experiments or measures.

    Args:
        of: which line (entity/project), experiment or measure; "" for the scholar's own.
        steps: the arithmetic in words, a line each; the last gives `value`.
        value: what the rows come to.
        headline: what the query of the metric says.
        totals: what is added up, numerator first.
        latencies: for what rests on a median, the ordered lengths and the survival curve.
        title: `of` in words, where it is a measure.
    """

    of: str
    steps: tuple[str, ...]
    value: Value
    headline: Value
    totals: tuple[Total, ...] = ()
    latencies: pl.DataFrame | None = None
    title: str = ""


@dataclass(frozen=True, eq=False)
class Explanation:
    """Everything behind one figure of one scholar. Times are UTC; ids are entity/project/run_id.

    Args:
        scholar: whose figure.
        metric: its id, unit, title and definition.
        week: Monday of the week; None for all the data.
        at_end: whether the figure is of the end of the window, and not of all of it.
        as_of: the instant to which the data is complete.
        timezone: in which weeks and days begin.
        runs: raw rows, class, source of each start and end, and the rule that joined each run to
            its experiment: of the experiments that touch the window, and those that count nowhere.
        sessions: of these runs.
        experiments: that touch the window.
        loops: launched in the window, with their status.
        left_out: `kind` (excluded, imputed or flagged), `what`, `why`: a row each.
        results: one, or one a line, open experiment or measure that has the figure.
        nothing: what is said where there is none.
    """

    scholar: str
    metric: Metric
    week: date | None
    at_end: bool
    as_of: datetime
    timezone: str
    runs: pl.DataFrame
    sessions: pl.DataFrame
    experiments: pl.DataFrame
    loops: pl.DataFrame
    left_out: pl.DataFrame
    results: tuple[Result, ...]
    nothing: str

    @property
    def frames(self) -> tuple[pl.DataFrame, ...]:
        """Every frame of it."""
        rows = (self.runs, self.sessions, self.experiments, self.loops, self.left_out)
        lengths = (it.latencies for it in self.results if it.latencies is not None)
        addends = (total.addends for it in self.results for total in it.totals)
        return (*rows, *lengths, *addends)
