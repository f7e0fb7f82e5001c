"""Makes an explanation: reads the rows, adds them up, and sets the headline beside the sum."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import polars as pl

from velocity import formats
from velocity.errors import VelocityError
from velocity.explain.catalogue import NOT_OF_A_SCHOLAR, WAYS
from velocity.explain.explanation import Explanation
from velocity.explain.left_out import left_out
from velocity.explain.rows import ROW_SCHEMAS, Rows
from velocity.reading import reads
from velocity.reading.access import EVERYTHING, Scope
from velocity.reading.definitions import definition
from velocity.reading.nearest import did_you_mean

if TYPE_CHECKING:
    from datetime import date

    from velocity.explain.catalogue import Way
    from velocity.explain.rows import Kind
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
    _check_window(metric, way, week)
    _check_scholar(snapshot, scholar, scope)
    if week is not None:
        _check_reached(snapshot, scholar, week, scope, at_end=way.at_end)
    to_day = None if week is None else week + timedelta(weeks=1)
    rows = Rows(snapshot, scholar, week, to_day, scope)
    rows.begin("runs", "experiments", "sessions")
    results = way.results(rows, metric)
    runs, experiments = rows.of("runs"), rows.of("experiments")
    # What came before the window is in the balance at its end too.
    known = rows.since_ever if way.at_end else rows
    rests_on = {total.kind for result in results for total in result.totals}
    charges = _charged(_rows_if(any("charges" in it for it in rests_on), known, "charges"))
    grants = _rows_if("grants" in rests_on, known, "grants")
    in_credits = any(total.unit == "credits" for it in results for total in it.totals)
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
        charges=charges,
        left_out=left_out(
            runs,
            experiments,
            charges,
            grants,
            reads.flags(snapshot, scope=scope),
            in_credits=in_credits,
        ),
        results=results,
        nothing="" if results else way.nothing,
    )


def _rows_if(rest: bool, rows: Rows, kind: Kind) -> pl.DataFrame:
    return rows.of(kind) if rest else pl.DataFrame(schema=ROW_SCHEMAS[kind])


def _charged(charges: pl.DataFrame) -> pl.DataFrame:
    """What each session came to by day, as it is shown."""
    return charges.select(
        *("run", "day", "gpu_type", "gpus"),
        hours=(pl.col("ended_at") - pl.col("started_at")).dt.total_microseconds() / 3.6e9,
        charged_gpu_hours="gpu_hours",
        used_gpu_hours="used_gpu_hours",
        rate="credits_per_gpu_hour",
        charged_credits="credits",
    )


def weeks(snapshot: Snapshot, *, scholar: str, scope: Scope = EVERYTHING) -> pl.DataFrame:
    """Weeks that the data reaches, without launches too: `week_start`, the earliest first."""
    figures = reads.metrics(
        snapshot, by="scholar", period="week", groups=[scholar], parts=("volume",), scope=scope
    )
    return figures.select(week_start="period_start").sort("week_start")


def _way(metric: str) -> Way:
    if metric in WAYS:
        return WAYS[metric]
    if metric in NOT_OF_A_SCHOLAR:
        what, where = NOT_OF_A_SCHOLAR[metric]
        raise VelocityError(f"'{metric}' is {what}, not a figure of a scholar.", where)
    raise VelocityError(
        f"'{formats.label(metric)}' is not a figure that can be explained.",
        did_you_mean(metric, WAYS, otherwise="docs/metrics.md lists every metric."),
    )


def _check_window(metric: str, way: Way, week: date | None) -> None:
    if way.windows == "end" and week is not None:
        raise VelocityError(
            f"'{metric}' is known for the end of the data only, not by week.",
            "Ask for it without a week.",
        )
    if way.windows == "week" and week is None:
        raise VelocityError(f"'{metric}' is a figure of a week.", "Name the Monday of a week.")
    if week is not None and week.weekday():
        monday = week - timedelta(days=week.weekday())
        raise VelocityError(f"{week} is not a Monday.", f"The week of that day begins on {monday}.")


def _check_reached(
    snapshot: Snapshot, scholar: str, week: date, scope: Scope, *, at_end: bool
) -> None:
    """Refuses a week that the data does not reach; grants may come before it (`at_end`)."""
    known = weeks(snapshot, scholar=scholar, scope=scope)["week_start"].to_list()
    if not known:
        raise VelocityError(
            f"There is no data of {formats.label(scholar)} yet.",
            "Choose another scholar, or sync to bring in what is new.",
        )
    first, last = known[0], known[-1]
    if week > last or (week < first and not at_end):
        raise VelocityError(
            f"There is no data of {formats.label(scholar)} in the week of {week}.",
            f"The data begins in the week of {first} and ends in that of {last}.",
        )


def _check_scholar(snapshot: Snapshot, scholar: str, scope: Scope) -> None:
    known = reads.scholars(snapshot, scope=scope)["scholar"].to_list()
    if scholar in known and scope.sees_whole(scholar):
        return
    raise VelocityError(
        f"There is no scholar '{formats.label(scholar)}' whose figures can be explained here.",
        did_you_mean(scholar, known, otherwise="`velocity metrics` lists every scholar."),
    )
