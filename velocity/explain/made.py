"""Makes an explanation: reads the rows, adds them up, and compares the sum with the headline."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cache, partial
from typing import Literal

import polars as pl

from velocity import formats
from velocity.errors import VelocityError
from velocity.explain.beyond_sums import blind_ratio, lasting, median, ranges
from velocity.explain.ends import ages, of_credits, of_hosts, of_open_work
from velocity.explain.explanation import Explanation, Result
from velocity.explain.left_out import left_out
from velocity.explain.rows import Group, Rows, no_data
from velocity.explain.sums import Arithmetic
from velocity.queries import list_metric_queries
from velocity.reading import reads
from velocity.reading.access import EVERYTHING, Scope
from velocity.reading.definitions import columns, definition
from velocity.reading.periods import Window
from velocity.store.snapshot import Snapshot

_WEEK = timedelta(weeks=1)


@dataclass(frozen=True)
class Way:
    """How a metric is explained."""

    results: Callable[[Rows, str], tuple[Result, ...]]  # its values for a group and window
    windows: Literal["any", "end", "week"] = "any"  # end: only all the data; week: only a week
    at_end: bool = False  # whether it describes the end of the window instead of the whole window
    nothing: str = ""  # the sentence if there is no value
    actor: reads.Actor | None = None  # whose launches always count; None: the chosen ones
    kinds: tuple[reads.By, ...] = ("scholar", "stream", "programme")  # groups that have it


_NO_ENTRY = "No grants or charges by then."
#: Query of queries/metrics/ -> how its metrics are explained, unless they are figures of groups by
#: period.
_WAYS = {
    "lines": Way(
        blind_ratio, nothing="No line has a loop launched in the window.", kinds=("scholar",)
    ),
    "open_work": Way(of_open_work, "end", at_end=True, nothing="No experiment is in flight."),
    "waiting_results": Way(
        partial(ages, read=reads.waiting_results, since="result_at", event="result"),
        "end",
        at_end=True,
        nothing="No result is waiting.",
    ),
    "idle_hosts": Way(of_hosts, nothing="No host is rented.", kinds=("programme",)),
    "ledger": Way(partial(of_credits, read=reads.ledger), "end", at_end=True, nothing=_NO_ENTRY),
    "balance": Way(partial(of_credits, read=reads.balance), at_end=True, nothing=_NO_ENTRY),
    "xmr": Way(ranges, "week", nothing="No measure has a value in that week."),
    "lasting_change": Way(lasting, "end", at_end=True),
}


@cache
def ways() -> dict[str, Way]:
    """Column of each metric that can be explained, such as its limits -> how."""
    found: dict[str, Way] = {}
    for query in list_metric_queries():
        way = Way(partial(_figure, part=query.group)) if query.key else _WAYS.get(query.group)
        if way is not None:
            way = replace(way, actor=query.actor)
            found |= {column: way for metric in query.metrics for column in metric.columns}
    return found


def explained(*, hours: bool = True) -> list[str]:
    """Ids of the metrics that can be explained, in the order of their definitions.

    `hours`: whether the viewer may see the group's hours of the day.
    """
    return [
        column
        for column in ways()
        if columns()[column].id == column and (hours or not columns()[column].private)
    ]


def _figure(rows: Rows, column: str, *, part: str) -> tuple[Result, ...]:
    """A figure of one query by group and period."""
    headline, metric = rows.figures(part)[column], columns()[column]
    if metric.median:
        return (median(rows, metric, column, headline),)
    work = Arithmetic(rows)
    return (work.result(work.value(definition(column)), headline),)


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

    `metric` is the id of a metric, or a column beside one in `reads.metrics`; `scholar` and
    `stream` are ids as in `reads.scholars` and `reads.streams`. `window` has local days; None is
    all the data. `actor` is whose launches count: GPU-hours and credits always count both, and
    automated counts those of automation. `scope` must include everybody in the figure.

    Raises:
        VelocityError: there is no such group (for this viewer), metric or data, or the metric does
            not have such groups or windows.
    """
    group = group_of(scholar, stream)
    way = _way(metric, group, window)
    _check_group(snapshot, group, scope)
    _check_hours(metric, group, scope)
    if window is not None:
        _check_reached(snapshot, group, window, scope, at_end=way.at_end)
    first, end = (None, None) if window is None else (window.first, window.end)
    rows = Rows(snapshot, group, first, end, scope, way.actor or actor)
    rows.begin("runs", "experiments", "sessions")
    results = way.results(rows, metric)
    # The balance at the end of a window includes everything earlier.
    known = rows.since_ever if way.at_end else rows
    totals = [total for it in results for total in it.totals]
    kinds = {it.kind for it in totals}
    charges = known.of("charges") if kinds & {"charges", "recent_charges"} else pl.DataFrame()
    grants = known.of("grants") if "grants" in kinds else pl.DataFrame()
    in_credits = any(it.unit == "credits" for it in totals)
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
        runs=rows.of("runs"),
        sessions=rows.of("sessions"),
        experiments=rows.of("experiments"),
        loops=rows.of("loops"),
        charges=_charged(charges) if charges.width else charges,
        left_out=left_out(rows, charges, grants, in_credits=in_credits),
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


def _way(metric: str, group: Group, window: Window | None) -> Way:
    """How a metric is explained, if it is known of such groups and windows."""
    way = ways().get(metric)
    if way is None and metric in columns():
        raise VelocityError(
            f"'{metric}' compares scholars or checks the data; it is not a sum to explain.",
            "docs/metrics.md defines it.",
        )
    if way is None:
        raise VelocityError(
            f"'{formats.label(metric)}' is not a figure that can be explained.",
            formats.did_you_mean(metric, ways(), otherwise="docs/metrics.md lists every metric."),
        )
    if group.by not in way.kinds:
        whose, instead = "scholars", "Choose a scholar with --scholar."
        if "programme" in way.kinds:
            whose, instead = "the programme", "Leave out --scholar and --stream."
        raise VelocityError(f"'{metric}' is a figure of {whose} only.", instead)
    if way.windows == "end" and window is not None:
        raise VelocityError(
            f"'{metric}' is known only for the end of the data, not by week.",
            "Ask for it without a week.",
        )
    if way.windows == "week" and (window is None or not window.is_week):
        raise VelocityError(f"'{metric}' is a weekly figure.", "Give the Monday of a week.")
    return way


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
        listed = f"`velocity metrics --by {group.by}` lists all of them."
        raise VelocityError(
            f"There is no {group.by} '{formats.label(group.id)}' that you can see.",
            formats.did_you_mean(group.id, known, otherwise=listed),
        )


def _check_hours(metric: str, group: Group, scope: Scope) -> None:
    """Refuse awake hours to everybody but the scholar."""
    if group.hours_seen(scope) or not columns()[metric].private:
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
    weeks = reads.metrics(
        snapshot, by=group.by, period="week", groups=[group.id], parts=["volume"], scope=scope
    )["period_start"]
    if weeks.is_empty():
        raise no_data(group)
    first, last = min(weeks), max(weeks)
    if window.first >= last + _WEEK or (window.last < first and not at_end):
        days = f"from {window.first} to {window.last}"
        if window.is_week:
            days = f"in the week of {window.first}"
        raise VelocityError(
            f"There is no data for {group.words} {days}.",
            f"The data covers the weeks of {first} to {last}.",
        )
