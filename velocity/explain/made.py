"""Makes an explanation: reads the rows, adds them up, and sets the headline beside the sum."""

from __future__ import annotations

import difflib
from datetime import date, timedelta
from typing import TYPE_CHECKING

from velocity import reads
from velocity.access import EVERYTHING, Scope
from velocity.definitions import definition
from velocity.errors import VelocityError
from velocity.explain.arithmetic import median_worked_out, total_of, worked_out
from velocity.explain.explanation import Explanation, Total, Value
from velocity.explain.formulas import FORMULAS, LATENCIES
from velocity.explain.left_out import left_out
from velocity.explain.rows import Rows

if TYPE_CHECKING:
    from velocity.store.snapshot import Snapshot


def explain(
    snapshot: Snapshot,
    *,
    scholar: str,
    metric: str,
    week: date | None = None,
    scope: Scope = EVERYTHING,
) -> Explanation:
    """Why a figure of a scholar is what it is.

    Args:
        snapshot: what to read.
        scholar: id, as in `reads.scholars`.
        metric: a column of `reads.metrics`.
        week: Monday of a week; None for all the data.
        scope: what the viewer may see; the scholar must be among it whole.

    Raises:
        VelocityError: no such scholar (for this viewer), metric or week.
    """
    if metric not in FORMULAS and metric not in LATENCIES:
        raise _unknown_metric(metric)
    trust = reads.trust(snapshot).row(0, named=True)
    to_day = None if week is None else _week_end(week)
    rows = Rows(snapshot, scholar, week, to_day, scope)
    headline = _headline(rows, metric)
    runs, experiments = rows.of("runs"), rows.of("experiments")
    loops = rows.loops()
    totals: tuple[Total, ...] = ()
    latencies = None
    if metric in LATENCIES:
        measure, figure = LATENCIES[metric]
        latencies = rows.latencies(measure)
        value, steps = median_worked_out(figure, latencies)
    else:
        formula = FORMULAS[metric]
        known = {"runs": runs, "experiments": experiments, "loops": loops}
        totals = tuple(
            total_of(part, known[part.kind] if part.kind in known else rows.of(part.kind))  # type: ignore[arg-type]
            for part in (formula.part, formula.over)
            if part is not None
        )
        value, steps = worked_out(formula, totals, rows.limits)
    return Explanation(
        scholar=scholar,
        metric=definition(metric),
        week=week,
        as_of=trust["as_of"],
        timezone=trust["timezone"],
        runs=runs,
        sessions=rows.of("sessions"),
        experiments=experiments,
        loops=loops,
        left_out=left_out(runs, experiments),
        totals=totals,
        latencies=latencies,
        steps=steps,
        value=value,
        headline=headline,
    )


def _week_end(week: date) -> date:
    if week.weekday():
        monday = week - timedelta(days=week.weekday())
        raise VelocityError(f"{week} is not a Monday.", f"The week of that day begins on {monday}.")
    return week + timedelta(weeks=1)


def _headline(rows: Rows, metric: str) -> Value:
    """What `reads.metrics` says."""
    figures = reads.metrics(
        rows.snapshot,
        by="scholar",
        period="all" if rows.from_day is None else "week",
        from_day=rows.from_day,
        to_day=rows.to_day,
        groups=[rows.scholar],
        scope=rows.scope,
    )
    if figures.height == 1:
        value: Value = figures[metric][0]
        return value
    known = reads.scholars(rows.snapshot, scope=rows.scope)["scholar"].to_list()
    whole = rows.scope.everything or rows.scholar in rows.scope.scholars
    if whole and rows.scholar in known:
        when = "" if rows.from_day is None else f" in the week of {rows.from_day}"
        raise VelocityError(
            f"There is no data of {rows.scholar}{when} yet.",
            "Choose another scholar or an earlier week, or sync to bring in what is new.",
        )
    near = difflib.get_close_matches(rows.scholar, known)
    raise VelocityError(
        f"There is no scholar '{rows.scholar}' whose figures can be explained here.",
        f"Did you mean {' or '.join(near)}?" if near else "`velocity metrics` lists every scholar.",
    )


def _unknown_metric(metric: str) -> VelocityError:
    near = difflib.get_close_matches(metric, [*FORMULAS, *LATENCIES])
    return VelocityError(
        f"'{metric}' is not a figure of a scholar that can be explained.",
        f"Did you mean {' or '.join(near)}?" if near else "`velocity metrics` shows them all.",
    )
