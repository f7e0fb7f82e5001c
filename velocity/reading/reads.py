"""The reads of a snapshot. Figures are computed in queries/, not here.

Days are local days of the programme's time zone, `from_day` inclusive, `to_day` exclusive, None for
no limit. Columns ending in `_at` are UTC instants, `_hours` hours, `_share` between 0 and 1.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from functools import partial
from typing import Any

import polars as pl

from velocity.queries import list_metric_queries
from velocity.reading import definitions
from velocity.reading.access import EVERYTHING, Scope
from velocity.reading.periods import last_four_weeks, last_whole_day
from velocity.reading.read import Read, edge
from velocity.store.figures import Actor, By, Period, figures
from velocity.store.snapshot import Snapshot

__all__ = ["Actor", "By", "Period", "Read", "edge"]

#: The end of the data in an empty store.
_NO_DATA = datetime.fromtimestamp(0, UTC)
#: For small queries: DuckDB spends half of their time planning in one thread. None may wait for
#: another query in this pool.
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
    actor: Actor = "person",
    parts: Sequence[str] | None = None,
    scope: Scope = EVERYTHING,
) -> pl.DataFrame:
    """Every metric: one row per group and period (zeros where nothing happened).

    `actor` chooses whose launches count in figures about people; GPU-hours and credits always
    count both. `parts` limits it to the metrics of these queries of queries/metrics/, and of
    `volume`.

    Returns:
        `scholar`, `stream` or `programme` by `by`; `period_start` (DATE) unless the period is
        "all"; then one column per metric id, with `_n`, `_events`, `_low`, `_high` and `_largest`
        beside medians.
    """
    found = figures(
        snapshot,
        kinds=[by],
        period=period,
        from_day=from_day,
        to_day=to_day,
        groups=groups,
        within=within,
        actor=actor,
        parts=parts,
        scope=scope.params,
        each=side_by_side.map,
    )
    return _by_group(snapshot, found.drop("kind"), by=by, period=period)


def overview(
    snapshot: Snapshot,
    *,
    kinds: Sequence[By],
    from_day: date | None = None,
    to_day: date | None = None,
    groups: Sequence[str] | None = None,
    within: str | None = None,
    parts: Sequence[str] | None = None,
    scope: Scope = EVERYTHING,
) -> pl.DataFrame:
    """The metrics of several kinds of group, read together.

    Returns:
        `kind`, `group_id` (an id, or "programme") and the columns of `metrics`.
    """
    found = figures(
        snapshot,
        kinds=kinds,
        period="all",
        from_day=from_day,
        to_day=to_day,
        groups=groups,
        within=within,
        parts=parts,
        scope=scope.params,
        each=side_by_side.map,
    )
    return found.drop("period_start")


def _with_values(
    snapshot: Snapshot, found: pl.DataFrame, *, by: By, scope: Scope, **_: object
) -> pl.DataFrame:
    def pooled(group: str, measure: str, first: date, end: date) -> float | None:
        """The figure of a group over some whole weeks; a sum is given per week."""
        metric = definitions.metrics()[measure]
        part = next(it.group for it in list_metric_queries() if metric in it.metrics)
        over: dict[str, Any] = {"from_day": first, "to_day": end, "scope": scope}
        figure = metrics(snapshot, by=by, groups=[group], parts=[part], **over)
        value: float | None = figure[measure].item()
        return value * 7 / (end - first).days if metric.is_sum and value is not None else value

    groups, end = ["group_id", "measure"], pl.col("last_week") + pl.duration(weeks=1)
    before = found.select(*groups, "first_week", "since_week").iter_rows()
    since = found.select(*groups, "since_week", end).iter_rows()
    return found.with_columns(
        pl.Series("value_before", [pooled(*it) for it in before], pl.Float64),
        pl.Series("value_since", [pooled(*it) for it in since], pl.Float64),
    )


#: Lasting changes in the latest `weeks` whole weeks (default 12) before `to_day`: one row per group
#: and measure with one.
#:
#: group_id, measure (metric id), since_week, direction ("up" or "down"), weeks_before, weeks_since
#: (weeks with a value), first_week, last_week, gap, then value_before and value_since: the figure
#: of all the days from `first_week` to `since_week`, and of those from then to the end of
#: `last_week`. It is not a mean of weekly values; sums are given per week.
lasting_changes = Read("metrics/lasting_change", _with_values)
#: Runs that started in the window, latest first; see queries/reads/runs.sql.
runs = Read("reads/runs", actor="all", doubtful=False)
#: scholar, entity, project, class, and counts of the runs that started in the window.
run_counts = Read("reads/run_counts")
#: Loops of experiments launched in the window, latest first; see queries/reads/loops.sql.
loops = Read("reads/loops")
#: One row per line, those that need attention first; see queries/reads/line_states.sql.
line_states = Read("reads/line_states")
#: Results, failures and stale runs older than `min_hours`, oldest first; see stuck.sql.
stuck = Read("reads/stuck")
#: Lines whose latest result nobody followed, those that need a decision first.
#:
#: See queries/reads/needs_decision.sql. `read`: the results that their scholars marked as read
#: (`velocity.state.read_marks`); the command line and the digest know of none.
#:
#: scholar, name, entity, project, experiment_id, label, url, result_at, waited_hours,
#: waited_working_hours, usual_working_hours and usual_median_working_hours (null if not known),
#: usual_n, usual_of (line, scholar or null) (all null where `named` is false), stream, stream_name,
#: kind (result or failure), parked, away, marked_read, needs_decision, named, met_rule_at (for the
#: scholar alone).
needs_decision = Read("reads/needs_decision", read=())
#: group_id, week_start, measure, value_before, value_after: past weeks changed since then.
restated = Read("reads/restated")
#: One row: as_of, timezone, and counts of scholars, runs and doubtful runs.
trust = Read("reads/trust")
#: scholar, name, in_roster, timezone, awake window (minutes of the day), streams.
scholars = Read("reads/scholars")
#: stream, name, in roster order.
streams = Read("reads/streams")
#: entity, project, as_of, pulled_from, runs.
projects = Read("reads/projects")
#: username, gpu_type (either may be null), runs: the pairs found in runs.
usernames = Read("reads/usernames")
#: One row per launch by a person: who, project, tags, job type, local time, outside the window?
launches = Read("reads/launches")
#: host, runs: the names of hosts in runs.
hosts = Read("reads/hosts")
#: username, runs, first_at, last_at of users who are not in the roster.
unattributed = Read("reads/unattributed")
#: Lines whose experiments belong to no stream: scholar, entity, project, experiments, dates.
ambiguous = Read("reads/ambiguous")
#: Config keys that differ between runs launched together: key, differing, launches, the share.
key_differences = Read("reads/key_differences")
#: flag, runs, share of all runs, held, used, fault: the flags of runs.
flags = Read("reads/flags")
#: word, runs: state words that belong to no class.
unknown_states = Read("reads/unknown_states")
#: entity, project, run_id, reason of rows that could not be read.
rejected = Read("reads/rejected")
#: The result of each command that read runs, newest first.
sync_log = Read("reads/sync_log")
#: One row per group of streams and published week, and one per week for all of them: group_id
#: ("all groups" is the sum of the visible ones), group_name, week_start, visible (false: fewer than
#: 4 active people besides those whom the viewer may see by name, all else null) and figures.
group_weeks = Read("reads/group_weeks")
#: week_start, stream (null: none), stream_name, gpu_hours; streams in roster order.
gpu_weeks = Read("reads/gpu_weeks")
#: One row per GPU type: hours, failed hours, credits, measured utilisation where known.
gpu_types = Read("reads/gpu_types")
#: Rented hosts, those without a run now first, with their idle GPU-hours in the window; see
#: queries/metrics/idle_hosts.sql.
idle_hosts = Read("metrics/idle_hosts")
#: stream, people: the number of active people; streams without any are not listed.
active_people = Read("reads/active_people")
#: Where the compute went: rows that add up to the programme's; see compute_table.sql.
compute_table = Read("reads/compute_table", by_scholar=False)
#: Experiments launched in the window, latest first; see queries/reads/experiments.sql.
experiments = Read("reads/experiments")
#: Experiments that changed one config key at a time, or none: one row per sequence, by the day of
#: its first launch; see queries/reads/one_setting.sql.
one_setting = Read("reads/one_setting")
#: Loops with a result: scholar, experiment_id, status, launches on other lines while it waited.
meanwhile = Read("reads/meanwhile")
#: One row per line: loops, medians, blind_ratio; see queries/metrics/lines.sql.
lines = Read("metrics/lines")
#: Open experiments, oldest first, with wip_age_hours and older_than_usual.
open_work = Read("metrics/open_work")
#: Experiments whose result has had no launch after it yet, oldest result first.
waiting_results = Read("metrics/waiting_results")
#: scholar, day, what ("away", or the name of a holiday): days without work, in order.
days_off = Read("reads/days_off")
#: scholar, weekday (1: Monday), launches of the days of the week that count as working days.
weekdays = Read("reads/weekdays")
#: start_at, end_at, experiments, runs: stretches with runs in flight.
concurrency = Read("reads/concurrency")
#: One row per experiment, in order of launch.
timeline_experiments = Read("reads/timeline_experiments")
#: One row per session of a run, in order of its start.
timeline_runs = Read("reads/timeline_runs")
#: Chains of ready launches of a group that begin in the window; see explain_chains.sql.
chains = Read("reads/explain_chains")
#: The account of each group, and when its credits run out.
#:
#: As seen at the end of the day `at_day`, or of the data.
#:
#: group_id, credits granted, spent and left; burn_per_day, runway_days and exhausted_on, also at
#: the pace of 7 days (_7d); unpriced_hours_so_far (with any, credits may end sooner).
ledger = Read("metrics/ledger")
#: Whose working hours an instant lies in: scholar, workday, from_at, to_at, at_work.
at_work = Read("reads/at_work")
#: group_id, day, credits granted and spent that day, balance at its end.
balance = Read("metrics/balance")
#: Experiments that concluded in the window, latest first; see queries/reads/concluded.sql.
concluded = Read("reads/concluded")


#: Weekly series with the group's usual range, one row per group, measure and week: group_id,
#: measure (metric id), week_start, running, away (a scholar's week of days off), value, n (null for
#: shares), centre, limit_low, limit_high (null with fewer than 8 complete weeks of the phase that
#: were not away), signal (whether the week is a shift), phase (from 0; limits start afresh with
#: each).
weekly = Read("metrics/xmr")
#: group_id, day, week_start, text, about (programme, stream, scholar, holiday, grant or move),
#: target, new_phase: the events of the roster that concern each group, oldest first.
notes = Read("reads/notes")
#: group_id, measure (metric id), direction ("up" or "down"): the aims of scholars or streams.
aims = Read("reads/aims")


def _with_ranges(
    snapshot: Snapshot, found: pl.DataFrame, *, by: By, lengths: Sequence[int], **_: object
) -> pl.DataFrame:
    found = found.with_columns(pl.col("running").fill_null(value=False))

    def ranged(length: int) -> pl.DataFrame:
        # These rows are what the viewer may see, so the ranges are of all of them.
        same = weekly(snapshot, {"weekly": found.filter(days=length).drop("days")}, by=by)
        return same.select(pl.lit(length, pl.Int32).alias("days"), pl.all())

    return pl.concat(side_by_side.map(ranged, lengths))


#: Figures of the first days of several stretches, with the usual range of the same days.
#:
#: Each of `lengths` makes a series of its own, as `weekly` does of whole weeks: the range is that
#: of the group's stretches that begin before `running_from` (None: that are all there are).
#:
#: days (of `lengths`), then the columns of `weekly`, with the first day as week_start. There are no
#: rows without a value.
to_date = Read("reads/to_date", _with_ranges, running_from=None)


def bands(snapshot: Snapshot, *, scholar: str, scope: Scope = EVERYTHING) -> pl.DataFrame:
    """measure, others, p25, p50, p75 over the other scholars (null if fewer than 8); no names.

    They cover the last four whole weeks, regardless of the window of a page.
    """
    as_of, _, zone = edge(snapshot).row(0)
    window = last_four_weeks(last_whole_day(as_of or _NO_DATA, zone))
    read = partial(metrics, snapshot, by="scholar", parts=["medians"])
    figure: pl.DataFrame = snapshot.kept.get(
        (bands, window), lambda: read(from_day=window.first, to_day=window.end)
    )
    return Read("metrics/bands")(snapshot, {"figure": figure}, scholar=scholar, scope=scope)


def _by_group(
    _: Snapshot, found: pl.DataFrame, *, by: By, period: Period, **__: object
) -> pl.DataFrame:
    found = found.rename({"group_id": by})
    return found.drop("period_start") if period == "all" else found


#: Hours by which the daily facts and the runs disagree: one row per group and period with runs,
#: with the keys of `metrics` and littles_law_residual_hours.
littles_law_residual = Read("metrics/littles_law", _by_group, by="programme", period="all")
