"""Makes an explanation: reads the rows, adds them up, and compares the sum with the headline."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import polars as pl

from velocity import formats
from velocity.errors import VelocityError
from velocity.explain.explanation import Explanation
from velocity.explain.left_out import left_out
from velocity.explain.rows import Group, Rows, no_data
from velocity.explain.ways import ways
from velocity.formats import did_you_mean
from velocity.reading import reads
from velocity.reading.access import EVERYTHING, Scope
from velocity.reading.definitions import columns, definition

if TYPE_CHECKING:
    from velocity.explain.ways import Way
    from velocity.reading.periods import Window
    from velocity.store.snapshot import Snapshot

_WEEK = timedelta(weeks=1)


def explain(
    snapshot: Snapshot,
    *,
    metric: str,
    scholar: str | None = None,
    stream: str | None = None,
    window: Window | None = None,
    actor: reads.Actor = "person",
    scope: Scope = EVERYTHING,
) -> Explanation:
    """Explain a figure of a scholar, a stream or, without either, the programme.

    Args:
        snapshot: with the data.
        metric: id of a metric, or a column beside one in `reads.metrics`.
        scholar: id, as in `reads.scholars`.
        stream: id, as in `reads.streams`.
        window: local days; None for all the data.
        actor: whose launches count; GPU-hours and credits always count both, and automated counts
            those of automation.
        scope: what the viewer may see; it must include everybody in the figure.

    Raises:
        VelocityError: there is no such group (for this viewer), metric or data, or the metric does
            not have such groups or windows.
    """
    group = group_of(scholar, stream)
    way = _way(metric, group)
    _check_window(metric, way, window)
    _check_group(snapshot, group, scope)
    _check_hours(metric, group, scope)
    if window is not None:
        _check_reached(snapshot, group, window, scope, at_end=way.at_end)
    first, end = (None, None) if window is None else (window.first, window.end)
    rows = Rows(snapshot, group, first, end, scope, way.actor or actor)
    rows.begin("runs", "experiments", "sessions")
    results = way.results(rows, metric)
    runs, experiments = rows.of("runs"), rows.of("experiments")
    # The balance at the end of a window includes everything earlier.
    known = rows.since_ever if way.at_end else rows
    kinds = {total.kind for it in results for total in it.totals}
    charges = known.of("charges") if kinds & {"charges", "recent_charges"} else pl.DataFrame()
    grants = known.of("grants") if "grants" in kinds else pl.DataFrame()
    as_of, _, timezone = reads.edge(snapshot).row(0)
    return Explanation(
        scholar=scholar,
        stream=stream,
        metric=definition(metric),
        actor=rows.actor,
        window=window,
        at_end=way.at_end,
        as_of=as_of,
        timezone=timezone,
        runs=runs,
        sessions=rows.of("sessions"),
        experiments=experiments,
        loops=rows.of("loops"),
        charges=_charged(charges) if charges.width else charges,
        left_out=left_out(
            runs,
            experiments,
            charges,
            grants,
            reads.flags(snapshot, scope=scope),
            in_credits=any(total.unit == "credits" for it in results for total in it.totals),
        ),
        results=results,
        nothing="" if results else way.nothing,
    )


def group_of(scholar: str | None = None, stream: str | None = None) -> Group:
    """A scholar, a stream or, without either, the programme."""
    if scholar is not None:
        return Group("scholar", scholar)
    return Group("programme", "programme") if stream is None else Group("stream", stream)


def _charged(charges: pl.DataFrame) -> pl.DataFrame:
    """The charge of each session by day."""
    return charges.select(
        *("run", "name", "scholar", "day", "gpu_type", "gpus", "hours"),
        charged_gpu_hours="gpu_hours",
        used_gpu_hours="used_gpu_hours",
        rate="credits_per_gpu_hour",
        charged_credits="credits",
    )


def _weeks(
    snapshot: Snapshot,
    *,
    scholar: str | None = None,
    stream: str | None = None,
    scope: Scope = EVERYTHING,
) -> pl.DataFrame:
    """The weeks with data: `week_start`, the earliest first."""
    group = group_of(scholar, stream)
    figures = reads.metrics(
        snapshot, by=group.by, period="week", groups=[group.id], parts=["volume"], scope=scope
    )
    return figures.select(week_start="period_start").sort("week_start")


def _way(metric: str, group: Group) -> Way:
    known = ways()
    if metric not in known and metric in columns():
        raise VelocityError(
            f"'{metric}' compares scholars or checks the data; it is not a sum to explain.",
            "docs/metrics.md defines it.",
        )
    if metric not in known:
        raise VelocityError(
            f"'{formats.label(metric)}' is not a figure that can be explained.",
            did_you_mean(metric, known, otherwise="docs/metrics.md lists every metric."),
        )
    kinds = known[metric].kinds
    if group.by not in kinds and "programme" in kinds:
        raise VelocityError(
            f"'{metric}' is a figure of the programme only.", "Leave out --scholar and --stream."
        )
    if group.by not in kinds:
        raise VelocityError(
            f"'{metric}' is a figure of scholars only.", "Choose a scholar with --scholar."
        )
    return known[metric]


def _check_window(metric: str, way: Way, window: Window | None) -> None:
    if way.windows == "end" and window is not None:
        raise VelocityError(
            f"'{metric}' is known only for the end of the data, not by week.",
            "Ask for it without a week.",
        )
    if way.windows == "week" and (window is None or not window.is_week):
        raise VelocityError(f"'{metric}' is a weekly figure.", "Give the Monday of a week.")


def _check_group(snapshot: Snapshot, group: Group, scope: Scope) -> None:
    if group.by == "programme":
        if not scope.everything:
            raise VelocityError(
                "Only people who may see everybody can see the rows behind programme figures.",
                "Choose a scholar or a stream that you may see.",
            )
        return
    known = getattr(reads, f"{group.by}s")(snapshot, scope=scope)[group.by].to_list()
    sees = scope.sees_whole if group.by == "scholar" else scope.sees_stream
    if not (group.id in known and sees(group.id)):
        raise VelocityError(
            f"There is no {group.by} '{formats.label(group.id)}' that you can see.",
            did_you_mean(
                group.id, known, otherwise=f"`velocity metrics --by {group.by}` lists all of them."
            ),
        )


def _check_hours(metric: str, group: Group, scope: Scope) -> None:
    """Refuse awake hours to everybody but the scholar."""
    own = group.by == "scholar" and scope.sees_hours(group.id)
    if own or scope.hours is None or not columns()[metric].private:
        return
    whose, alone = "each scholar", "that scholar"
    if group.by == "scholar":
        whose = alone = group.words
    raise VelocityError(
        f"Awake hours of {whose} are shown only to {alone}.",
        "Choose a figure that does not depend on them.",
    )


def _check_reached(
    snapshot: Snapshot, group: Group, window: Window, scope: Scope, *, at_end: bool
) -> None:
    """Refuse days outside the weeks of the data; grants may be earlier (`at_end`)."""
    whose = {} if group.by == "programme" else {group.by: group.id}
    known = _weeks(snapshot, scope=scope, **whose)["week_start"].to_list()
    if not known:
        raise no_data(group)
    first, last = known[0], known[-1]
    if window.first >= last + _WEEK or (window.last < first and not at_end):
        days = f"from {window.first} to {window.last}"
        if window.is_week:
            days = f"in the week of {window.first}"
        raise VelocityError(
            f"There is no data for {group.words} {days}.",
            f"The data covers the weeks of {first} to {last}.",
        )
