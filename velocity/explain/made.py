"""Makes an explanation: reads the rows, adds them up, and sets the headline beside the sum."""

from __future__ import annotations

import difflib
from datetime import date, timedelta
from typing import TYPE_CHECKING

from velocity import formats, reads
from velocity.access import EVERYTHING, Scope
from velocity.definitions import definition
from velocity.errors import VelocityError
from velocity.explain.catalogue import NOT_OF_A_SCHOLAR, WAYS
from velocity.explain.explanation import Explanation
from velocity.explain.left_out import left_out
from velocity.explain.rows import Rows

if TYPE_CHECKING:
    from velocity.explain.catalogue import Way
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
        metric: id of a metric, or of what stands beside one in `reads.metrics`.
        week: Monday of a week; None for all the data.
        scope: what the viewer may see; the scholar must be among it whole.

    Raises:
        VelocityError: no such scholar (for this viewer), metric or week, or a metric that is not
            of a scholar, or not of a week.
    """
    way = _way(metric)
    to_day = None if week is None else _week_end(week)
    _check_window(metric, way, week)
    _check_scholar(snapshot, scholar, scope)
    rows = Rows(snapshot, scholar, week, to_day, scope)
    rows.begin("runs", "experiments", "sessions")
    if week is not None:
        rows.figures()  # there must be some
    results = way.results(rows, metric)
    runs, experiments = rows.of("runs"), rows.of("experiments")
    as_of, _, timezone = reads.edge(snapshot).row(0)
    return Explanation(
        scholar=scholar,
        metric=definition(metric),
        week=week,
        at_end=way.at_end,
        as_of=as_of,
        timezone=timezone,
        runs=runs,
        sessions=rows.of("sessions"),
        experiments=experiments,
        loops=rows.loops(),
        left_out=left_out(runs, experiments),
        results=results,
        nothing="" if results else way.nothing,
    )


def _way(metric: str) -> Way:
    if metric in WAYS:
        return WAYS[metric]
    if metric in NOT_OF_A_SCHOLAR:
        what, where = NOT_OF_A_SCHOLAR[metric]
        raise VelocityError(f"'{metric}' is {what}, not a figure of a scholar.", where)
    near = difflib.get_close_matches(metric, WAYS)
    raise VelocityError(
        f"'{formats.label(metric)}' is not a figure that can be explained.",
        f"Did you mean {' or '.join(near)}?" if near else "docs/metrics.md lists every metric.",
    )


def _check_window(metric: str, way: Way, week: date | None) -> None:
    if way.windows == "end" and week is not None:
        raise VelocityError(
            f"'{metric}' is known for the end of the data only, not by week.",
            "Ask for it without a week.",
        )
    if way.windows == "week" and week is None:
        raise VelocityError(f"'{metric}' is a figure of a week.", "Name the Monday of a week.")


def _week_end(week: date) -> date:
    if week.weekday():
        monday = week - timedelta(days=week.weekday())
        raise VelocityError(f"{week} is not a Monday.", f"The week of that day begins on {monday}.")
    return week + timedelta(weeks=1)


def _check_scholar(snapshot: Snapshot, scholar: str, scope: Scope) -> None:
    known = reads.scholars(snapshot, scope=scope)["scholar"].to_list()
    if scholar in known and scope.sees_whole(scholar):
        return
    near = difflib.get_close_matches(scholar, known)
    raise VelocityError(
        f"There is no scholar '{formats.label(scholar)}' whose figures can be explained here.",
        f"Did you mean {' or '.join(near)}?" if near else "`velocity metrics` lists every scholar.",
    )
