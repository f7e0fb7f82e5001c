"""One typed function per read of a snapshot. Nothing here computes a figure: queries/ does.

Days are local days of the programme's time zone, `from_day` inclusive, `to_day` exclusive, null for
no limit. Columns ending in `_at` are UTC instants, `_hours` hours, `_share` between 0 and 1.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from velocity.queries import load_query
from velocity.reading.access import EVERYTHING, Scope
from velocity.store.figures import By, Period, figures

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, datetime

    import polars as pl

    from velocity.store.snapshot import Snapshot

__all__ = ["By", "Period"]

#: For small queries, half of which is planning, in one thread. Nothing in it may wait for it.
side_by_side = ThreadPoolExecutor(2, thread_name_prefix="part")


def metrics(
    snapshot: Snapshot,
    *,
    by: By,
    period: Period = "all",
    from_day: date | None = None,
    to_day: date | None = None,
    groups: Sequence[str] | None = None,
    within: str | None = None,
    parts: Sequence[str] | None = None,
    scope: Scope = EVERYTHING,
) -> pl.DataFrame:
    """Every metric, a row a group and period (zeros where nothing happened).

    `parts`: only the metrics of these queries of queries/metrics/; those of `volume` always.

    Returns:
        `scholar`, `stream` or `programme` by `by`; `period_start` (DATE) unless the period is
        "all"; then one column a metric id, with `_n`, `_events`, `_low`, `_high` and `_largest`
        beside medians.
    """
    frame = (
        figures(
            snapshot,
            kinds=[by],
            period=period,
            from_day=from_day,
            to_day=to_day,
            groups=groups,
            within=within,
            parts=parts,
            scope=scope.params,
            each=side_by_side.map,
        )
        .drop("kind")
        .rename({"group_id": by})
    )
    return frame.drop("period_start") if period == "all" else frame


def weekly(
    snapshot: Snapshot,
    *,
    by: By,
    groups: Sequence[str] | None = None,
    scope: Scope = EVERYTHING,
) -> pl.DataFrame:
    """Weekly series with the group's usual range: a row a group, measure and week.

    Returns:
        group_id, measure (metric id), week_start, running, value, n (null of shares), centre,
        limit_low, limit_high (null under 8 complete weeks), signal.
    """
    return _read(snapshot, "metrics/xmr", by=by, groups=_listed(groups), scope=scope.params)


def runs(
    snapshot: Snapshot,
    *,
    from_day: date | None = None,
    to_day: date | None = None,
    scholars: Sequence[str] | None = None,
    projects: Sequence[str] | None = None,
    classes: Sequence[str] | None = None,
    doubtful: bool = False,
    most: int | None = None,
    scope: Scope = EVERYTHING,
) -> pl.DataFrame:
    """Runs that started in the window, latest first; see queries/reads/runs.sql."""
    return _read(
        snapshot,
        "reads/runs",
        from_day=from_day,
        to_day=to_day,
        scholars=_listed(scholars),
        projects=_listed(projects),
        classes=_listed(classes),
        doubtful=doubtful,
        most=most,
        scope=scope.params,
    )


def run_counts(
    snapshot: Snapshot,
    *,
    from_day: date | None = None,
    to_day: date | None = None,
    scope: Scope = EVERYTHING,
) -> pl.DataFrame:
    """scholar, project, class, runs: how many of them started in the window."""
    return _read(snapshot, "reads/run_counts", from_day=from_day, to_day=to_day, scope=scope.params)


def experiments(
    snapshot: Snapshot,
    *,
    from_day: date | None = None,
    to_day: date | None = None,
    scholar: str | None = None,
    scope: Scope = EVERYTHING,
) -> pl.DataFrame:
    """Experiments launched in the window, latest first; see queries/reads/experiments.sql."""
    return _read(
        snapshot,
        "reads/experiments",
        from_day=from_day,
        to_day=to_day,
        scholar=scholar,
        scope=scope.params,
    )


def loops(
    snapshot: Snapshot,
    *,
    from_day: date | None = None,
    to_day: date | None = None,
    scholar: str | None = None,
    stream: str | None = None,
    scope: Scope = EVERYTHING,
) -> pl.DataFrame:
    """Loops of experiments launched in the window, latest first; see queries/reads/loops.sql."""
    return _read(
        snapshot,
        "reads/loops",
        from_day=from_day,
        to_day=to_day,
        scholar=scholar,
        stream=stream,
        scope=scope.params,
    )


def stuck(snapshot: Snapshot, *, min_hours: float, scope: Scope = EVERYTHING) -> pl.DataFrame:
    """What has waited longer than `min_hours`, longest first; see queries/reads/stuck.sql."""
    return _read(snapshot, "reads/stuck", min_hours=min_hours, scope=scope.params)


def concurrency(
    snapshot: Snapshot,
    *,
    scholar: str,
    from_at: datetime,
    to_at: datetime,
    scope: Scope = EVERYTHING,
) -> pl.DataFrame:
    """start_at, end_at, experiments, runs: stretches with something in flight, in the window."""
    return _read(
        snapshot,
        "reads/concurrency",
        scholar=scholar,
        from_at=from_at,
        to_at=to_at,
        scope=scope.params,
    )


def lines(
    snapshot: Snapshot,
    *,
    from_day: date | None = None,
    to_day: date | None = None,
    scholar: str | None = None,
    scope: Scope = EVERYTHING,
) -> pl.DataFrame:
    """A row a line: loops, medians, blind_ratio; see queries/metrics/lines.sql."""
    return _read(
        snapshot,
        "metrics/lines",
        from_day=from_day,
        to_day=to_day,
        scholar=scholar,
        scope=scope.params,
    )


def open_work(
    snapshot: Snapshot, *, scholar: str | None = None, scope: Scope = EVERYTHING
) -> pl.DataFrame:
    """Open experiments, oldest first, with wip_age_hours and older_than_usual."""
    return _read(snapshot, "metrics/open_work", scholar=scholar, scope=scope.params)


def waiting_results(
    snapshot: Snapshot, *, scholar: str | None = None, scope: Scope = EVERYTHING
) -> pl.DataFrame:
    """Experiments whose signal was not followed by a launch yet, the oldest signal first."""
    return _read(snapshot, "metrics/waiting_results", scholar=scholar, scope=scope.params)


def ledger(snapshot: Snapshot, *, by: By, scope: Scope = EVERYTHING) -> pl.DataFrame:
    """group_id, credits granted, spent and left, burn_per_day, runway_days, exhausted_on."""
    return _read(snapshot, "metrics/ledger", by=by, scope=scope.params)


def balance(snapshot: Snapshot, *, by: By, scope: Scope = EVERYTHING) -> pl.DataFrame:
    """group_id, day, credits granted and spent that day, balance at its end."""
    return _read(snapshot, "metrics/balance", by=by, scope=scope.params)


def gpu_weeks(
    snapshot: Snapshot,
    *,
    from_day: date | None = None,
    to_day: date | None = None,
    scope: Scope = EVERYTHING,
) -> pl.DataFrame:
    """week_start, stream (null: none), stream_name, gpu_hours; streams in roster order."""
    return _read(snapshot, "reads/gpu_weeks", from_day=from_day, to_day=to_day, scope=scope.params)


def gpu_types(
    snapshot: Snapshot,
    *,
    from_day: date | None = None,
    to_day: date | None = None,
    scope: Scope = EVERYTHING,
) -> pl.DataFrame:
    """A row a GPU type: hours, failed hours, credits, measured utilisation where known."""
    return _read(snapshot, "reads/gpu_types", from_day=from_day, to_day=to_day, scope=scope.params)


def line_states(
    snapshot: Snapshot,
    *,
    from_day: date | None = None,
    to_day: date | None = None,
    streams: Sequence[str] | None = None,
    scope: Scope = EVERYTHING,
) -> pl.DataFrame:
    """A row a line, what needs attention first; see queries/reads/line_states.sql."""
    return _read(
        snapshot,
        "reads/line_states",
        from_day=from_day,
        to_day=to_day,
        streams=_listed(streams),
        scope=scope.params,
    )


def timeline_experiments(
    snapshot: Snapshot,
    *,
    scholar: str,
    from_at: datetime,
    to_at: datetime,
    scope: Scope = EVERYTHING,
) -> pl.DataFrame:
    """A row an experiment that touches the window, in order of launch."""
    return _read(
        snapshot,
        "reads/timeline_experiments",
        scholar=scholar,
        from_at=from_at,
        to_at=to_at,
        scope=scope.params,
    )


def timeline_runs(
    snapshot: Snapshot,
    *,
    scholar: str,
    from_at: datetime,
    to_at: datetime,
    scope: Scope = EVERYTHING,
) -> pl.DataFrame:
    """A row a session of a run that touches the window, in order of its start."""
    return _read(
        snapshot,
        "reads/timeline_runs",
        scholar=scholar,
        from_at=from_at,
        to_at=to_at,
        scope=scope.params,
    )


def bands(
    snapshot: Snapshot,
    *,
    scholar: str,
    from_day: date | None = None,
    to_day: date | None = None,
    scope: Scope = EVERYTHING,
) -> pl.DataFrame:
    """measure, others, p25, p50, p75 over the other scholars (null under 8); names nobody."""
    figure = _of_scholars(snapshot, "medians", from_day=from_day, to_day=to_day)
    body = load_query("metrics/bands").body
    params = {"scholar": scholar, "scope": scope.params}
    return snapshot.frame(body, params, {"figure": figure})


def funnel(snapshot: Snapshot, *, scope: Scope = EVERYTHING) -> pl.DataFrame:
    """exposure_weeks, pooled_rate and limits of throughput per week, over all data."""
    figure = _of_scholars(snapshot, "volume")
    body = load_query("metrics/funnel").body
    return snapshot.frame(body, {"scope": scope.params}, {"figure": figure})


def active_people(
    snapshot: Snapshot,
    *,
    from_day: date | None = None,
    to_day: date | None = None,
    scope: Scope = EVERYTHING,
) -> pl.DataFrame:
    """Streams in which anybody was active from a day up to another, which is not included.

    None is no limit.

    Returns:
        stream, people (how many).
    """
    days = {"from_day": from_day, "to_day": to_day}
    return _read(snapshot, "reads/active_people", scope=scope.params, **days)


def group_weeks(snapshot: Snapshot, *, scope: Scope = EVERYTHING) -> pl.DataFrame:
    """A row a fixed group of streams and whole week, and a row a week for all of them.

    Returns:
        group_id, group_name, week_start, visible (false: fewer than 4 active people, all else null)
        and figures; the id "all groups" is the sum of those visible.
    """
    return _read(snapshot, "reads/group_weeks", scope=scope.params)


def restated(
    snapshot: Snapshot, *, by: By, since: datetime | None = None, scope: Scope = EVERYTHING
) -> pl.DataFrame:
    """group_id, week_start, measure, value_before, value_after: past weeks changed since."""
    return _read(snapshot, "reads/restated", by=by, since=since, scope=scope.params)


def edge(snapshot: Snapshot) -> pl.DataFrame:
    """One row: as_of and newest (instants), timezone; see queries/reads/edge.sql."""
    return _read(snapshot, "reads/edge")


def trust(snapshot: Snapshot, *, scope: Scope = EVERYTHING) -> pl.DataFrame:
    """One row: as_of, timezone, counts of scholars, runs and of what is doubtful."""
    return _read(snapshot, "reads/trust", scope=scope.params)


def scholars(snapshot: Snapshot, *, scope: Scope = EVERYTHING) -> pl.DataFrame:
    """scholar, name, in_roster, timezone, awake window (minutes of the day), streams."""
    return _read(snapshot, "reads/scholars", scope=scope.params)


def streams(snapshot: Snapshot, *, scope: Scope = EVERYTHING) -> pl.DataFrame:
    """stream, name, in roster order."""
    return _read(snapshot, "reads/streams", scope=scope.params)


def projects(snapshot: Snapshot, *, scope: Scope = EVERYTHING) -> pl.DataFrame:
    """entity, project, as_of, pulled_from, runs."""
    return _read(snapshot, "reads/projects", scope=scope.params)


def usernames(snapshot: Snapshot, *, scope: Scope = EVERYTHING) -> pl.DataFrame:
    """username, gpu_type (either may be null), runs: the pairs that runs give."""
    return _read(snapshot, "reads/usernames", scope=scope.params)


def unattributed(snapshot: Snapshot, *, scope: Scope = EVERYTHING) -> pl.DataFrame:
    """username, runs, first_at, last_at of users whom the roster lacks."""
    return _read(snapshot, "reads/unattributed", scope=scope.params)


def ambiguous(snapshot: Snapshot, *, scope: Scope = EVERYTHING) -> pl.DataFrame:
    """Lines whose experiments belong to no stream: scholar, entity, project, experiments, dates."""
    return _read(snapshot, "reads/ambiguous", scope=scope.params)


def key_differences(snapshot: Snapshot, *, scope: Scope = EVERYTHING) -> pl.DataFrame:
    """Config keys that differ between runs begun together: key, differing, launches, the share."""
    return _read(snapshot, "reads/key_differences", scope=scope.params)


def flags(snapshot: Snapshot, *, scope: Scope = EVERYTHING) -> pl.DataFrame:
    """flag, runs, share of all runs, held, used, fault: the flags that runs bear."""
    return _read(snapshot, "reads/flags", scope=scope.params)


def unknown_states(snapshot: Snapshot, *, scope: Scope = EVERYTHING) -> pl.DataFrame:
    """word, runs: state words that are of no class."""
    return _read(snapshot, "reads/unknown_states", scope=scope.params)


def rejected(snapshot: Snapshot, *, scope: Scope = EVERYTHING) -> pl.DataFrame:
    """entity, project, run_id, reason of rows that could not be read."""
    return _read(snapshot, "reads/rejected", scope=scope.params)


def sync_log(snapshot: Snapshot, *, scope: Scope = EVERYTHING) -> pl.DataFrame:
    """What each command brought, newest first."""
    return _read(snapshot, "reads/sync_log", scope=scope.params)


def littles_law_residual(
    snapshot: Snapshot,
    *,
    by: By = "programme",
    period: Period = "all",
    from_day: date | None = None,
    to_day: date | None = None,
    groups: Sequence[str] | None = None,
    scope: Scope = EVERYTHING,
) -> pl.DataFrame:
    """Hours by which the daily facts and the runs disagree; keyed as `metrics` is.

    Returns:
        A row a group and period with any runs: `by`, `period_start` unless the period is "all",
        littles_law_residual_hours.
    """
    frame = _read(
        snapshot,
        "metrics/littles_law",
        by=by,
        period=period,
        from_day=from_day,
        to_day=to_day,
        groups=_listed(groups),
        scope=scope.params,
    ).rename({"group_id": by})
    return frame.drop("period_start") if period == "all" else frame


def _of_scholars(
    snapshot: Snapshot,
    *parts: str,
    from_day: date | None = None,
    to_day: date | None = None,
) -> pl.DataFrame:
    """Parts of every scholar's figures, made once for all that is made of them."""

    def make() -> pl.DataFrame:
        made = figures(
            snapshot,
            kinds=["scholar"],
            period="all",
            from_day=from_day,
            to_day=to_day,
            parts=parts,
            each=side_by_side.map,
        )
        return made.rename({"group_id": "scholar"})

    kept: pl.DataFrame = snapshot.kept.get((_of_scholars, parts, from_day, to_day), make)
    return kept


def _listed(ids: Sequence[str] | None) -> list[str] | None:
    return None if ids is None else list(ids)


def _read(snapshot: Snapshot, name: str, **params: Any) -> pl.DataFrame:
    return snapshot.frame(load_query(name).body, params)
