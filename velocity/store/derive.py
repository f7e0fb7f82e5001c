"""Derives sessions, experiments, loops and daily facts from raw runs, scholar by scholar.

Every step is one file of queries/derive/. A full derivation creates everyone's rows in the schema
`derived`. A partial one creates the rows of scholars in scope in temporary tables; these replace
their old rows, and all other rows stay.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, Literal, get_args

import polars as pl

from velocity.queries import Query, list_queries, load_query, queries_fingerprint
from velocity.record import exclusions
from velocity.roster.tables import roster_frames, roster_names, shown_frames
from velocity.store.cluster import connected
from velocity.store.figures import By, figures
from velocity.store.ideas import ignored_key
from velocity.store.rules import load_rules
from velocity.store.shards import make_everyone, remove_shards

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import date

    from velocity.roster.models import Roster
    from velocity.settings import Settings
    from velocity.store.live import LiveStore

    OnStep = Callable[[str, int, int], None]

_MINUTE_US = 60_000_000
#: Steps that take about as long as the weekly figures, for the time left.
_WEEKLY_AS_STEPS = 15

#: Why figures of past weeks changed.
_Reason = Literal["data", "configuration", "people"]

#: Whose rows a permanent table has -> its key column and the temporary table of the updated keys.
_KEPT_BY = {"scholar": ("scholar_key", "scope"), "host": ("host_key", "touched_host")}


@dataclass(frozen=True)
class Derived:
    """The result of a derivation.

    Args:
        scholars: number of scholars whose rows were derived again.
        weeks_restated: number of past weeks in which a figure changed.
    """

    scholars: int
    weeks_restated: int


def derive(
    store: LiveStore,
    settings: Settings,
    roster: Roster | None,
    *,
    on_step: OnStep = lambda *_: None,
) -> Derived:
    """Brings the derived tables up to date with the record, in one transaction.

    The same transaction stores which changes of the record are included, so an interruption at any
    point only means repeated work. Weeks of groups that are due are published in the record.
    `on_step` is called with the title of each step, how many are done, and how many there are.
    """
    _hand_over_restated(store)  # of a derivation that was interrupted after its transaction
    store.record.catch_up()
    with store.reading_record(), store.transaction():
        scholars = _derive(store, settings, roster, on_step)
        group_weeks = store.frame(load_query("store/group_weeks").body)
    if not group_weeks.is_empty():
        store.record.keep_group_weeks(group_weeks)
    return Derived(scholars, _hand_over_restated(store))


def _hand_over_restated(store: LiveStore) -> int:
    """Moves restatements to the record; returns the number of weeks with restatements."""
    restated = store.frame("FROM restated")
    if not restated.is_empty():
        store.record.keep_restatements(restated)
        store.run("DELETE FROM restated")
    return restated["week_start"].n_unique()


def _derive(store: LiveStore, settings: Settings, roster: Roster | None, on_step: OnStep) -> int:
    """Derives what has changed; returns the number of scholars whose rows were derived again."""
    steps = list(list_queries("derive"))
    roster = exclusions.load(store.data).keep_roster(roster)
    made_with, people = _load_configuration(store, settings, roster)
    store.run(load_query("store/run_rules").body)
    store.run(load_query("store/scholars").body)
    store.run(load_query("store/streams").body)
    store.run(load_query("store/notes").body)
    known = store.run("SELECT fingerprint, roster FROM derived_with")
    everyone = known != [(made_with, people)] or not _goes_on(store)
    # Null is from an earlier version, which did not store it.
    reason: _Reason = "configuration" if everyone else "data"
    if known and known[0][1] not in {None, people}:
        reason = "people"
    scope = _scope(store, everyone=everyone)
    # Weeks and burn end at as_of: they change as time passes.
    if scope or everyone or _has_moved(store):
        total = len(steps) + _WEEKLY_AS_STEPS
        touched = None
        if everyone:
            remove_shards(store.data, settings.derive)
        if everyone and settings.derive.scheduler and store.run("FROM run_scholar LIMIT 1"):
            with connected(settings.derive.scheduler) as executor:
                make_everyone(
                    store,
                    executor,
                    settings.derive,
                    lambda title, part: on_step(title, round(part * len(steps)), total),
                )
        else:
            touched = _make_all(
                store, steps, lambda title, done: on_step(title, done, total), everyone=everyone
            )
        on_step("Weekly figures", len(steps), total)
        store.run(load_query("store/credits").body)
        _weekly(store, touched, reason if known else None)
        on_step("Every figure", total, total)
    if everyone:
        store.run("DELETE FROM derived_with")
        store.run(
            "INSERT INTO derived_with VALUES ($made_with, $people)",
            {"made_with": made_with, "people": people},
        )
    store.run(load_query("store/taken_in").body)
    return scope


def _load_configuration(
    store: LiveStore, settings: Settings, roster: Roster | None
) -> tuple[str, str]:
    """Settings and roster as tables, so that every query is static.

    Returns:
        SHA-256 of the queries, settings, rates and grants, and of the rest of the roster.
    """
    experiments = settings.experiments
    setting = {
        "timezone": settings.programme.timezone,
        "stale": round(experiments.stale_after_minutes * _MINUTE_US),
        "together": round(experiments.together_minutes * _MINUTE_US),
        "ready": round(experiments.ready_within_minutes * _MINUTE_US),
        "script_gap": round(experiments.script_gap_seconds * 1_000_000),
        "rented_gap": round(settings.compute.rented_gap_hours * 60 * _MINUTE_US),
    }
    store.run(
        "CREATE OR REPLACE TABLE derived.setting AS SELECT $timezone::VARCHAR AS timezone, "
        "$stale::BIGINT AS stale_us, $together::BIGINT AS together_us, "
        "$script_gap::BIGINT AS script_gap_us, $ready::BIGINT AS ready_us, "
        "$rented_gap::BIGINT AS rented_gap_us",
        setting,
    )
    # Variables are known when a query is planned.
    variables = {
        "gpu_count_key": settings.compute.gpu_count_key,
        "ignored_key": ignored_key(experiments.same_idea_ignore),
        "ignored_or_left_out_key": ignored_key(experiments.same_idea_ignore, earlier=True),
    }
    for name, value in variables.items():
        store.run(f"SET VARIABLE {name} = $value::VARCHAR", {"value": value})
    rented = sorted(roster.rented) if roster is not None else []
    made_of = queries_fingerprint() + repr(setting | variables) + repr(rented)
    made_with = hashlib.sha256(made_of.encode())
    people = hashlib.sha256()
    for name, frame in roster_frames(roster).items():
        store.load(name, frame)
        # An entry that only moved within the roster is the same.
        (made_with if name.startswith("credit_") else people).update(
            repr(frame.sort(pl.all()).rows()).encode()
        )
    # Addresses, notes and aims do not affect figures, so they are not in the fingerprint.
    store.load("roster_name", roster_names(roster))
    for name, frame in shown_frames(roster).items():
        store.load(name, frame)
    store.run(load_query("store/known_names").body)
    store.load("project_stream", _stream_of_projects(store, roster))
    load_rules(store, roster)
    store.load("rate_of_type", _rates_of_types(store, roster))
    store.load("model_rate", _rates_of_models(store, roster))
    store.load("rented_host", _rented_hosts(store, roster))
    return made_with.hexdigest(), people.hexdigest()


def _rates_of_types(store: LiveStore, roster: Roster | None) -> pl.DataFrame:
    """gpu_type, position, from_date, credits_per_gpu_hour: rates whose glob matches the type."""
    reported = "SELECT unnest(writers).gpu_type AS gpu_type FROM raw_run UNION ALL SELECT NULL"
    types = store.run(f"SELECT DISTINCT coalesce(gpu_type, '') FROM ({reported})")
    rates = roster.rate_rows() if roster is not None else ()
    schema = {"gpu_type": pl.String, "position": pl.Int32, "from_date": pl.Date}
    return _matched(types, rates, schema | {"credits_per_gpu_hour": pl.Float64})


def _rates_of_models(store: LiveStore, roster: Roster | None) -> pl.DataFrame:
    """model, position, from_date, dollars per million tokens: the first match of each day."""
    rates = roster.token_rate_rows() if roster is not None else ()
    models = store.run("SELECT DISTINCT unnest(usage).model FROM raw_run")
    schema: dict[str, Any] = {"model": pl.String, "position": pl.Int32, "from_date": pl.Date}
    schema |= dict.fromkeys(("input", "output", "cache_read", "cache_write"), pl.Float64)
    found = _matched(models, rates, schema)
    return found.unique(["model", "from_date"], keep="first", maintain_order=True)


def _matched(
    names: Iterable[tuple[Any, ...]], rates: Iterable[tuple[Any, ...]], schema: Mapping[str, Any]
) -> pl.DataFrame:
    """One row per rate (position, glob and more) and name that its glob matches."""
    known = [name for (name,) in names]
    rows = [
        (name, position, *more)
        for position, glob, *more in rates
        for name in known
        if fnmatchcase(name, glob)
    ]
    return pl.DataFrame(rows, schema=schema, orient="row")


def _rented_hosts(store: LiveStore, roster: Roster | None) -> pl.DataFrame:
    """entity, host: the hosts of runs whose name a glob of the roster matches."""
    reported = "SELECT DISTINCT entity, unnest(writers).host AS host FROM raw_run"
    rows = [
        (entity, host)
        for entity, host in (store.run(reported) if roster is not None and roster.rented else ())
        if host is not None and roster is not None and roster.is_rented(host)
    ]
    return pl.DataFrame(rows, schema={"entity": pl.String, "host": pl.String}, orient="row")


def _stream_of_projects(store: LiveStore, roster: Roster | None) -> pl.DataFrame:
    """entity, project, stream: the projects that match a stream's rule; the first match counts."""
    projects = store.run("SELECT entity, project FROM project")
    rows = [
        (entity, project, stream)
        for entity, project in projects
        if roster is not None and (stream := roster.match_stream_rule(entity, project)) is not None
    ]
    schema = {"entity": pl.String, "project": pl.String, "stream": pl.String}
    return pl.DataFrame(rows, schema=schema, orient="row")


def _scope(store: LiveStore, *, everyone: bool) -> int:
    """Creates the table `scope` of the actors to derive again; returns their number."""
    body = "SELECT scholar_key FROM derived.actor" if everyone else load_query("store/scope").body
    store.run(f"CREATE OR REPLACE TEMP TABLE scope AS {body}")
    return int(store.run("SELECT count(*) FROM scope")[0][0])


def _goes_on(store: LiveStore) -> bool:
    """Whether the record is the one that was last derived, not an earlier copy."""
    return bool(store.run(load_query("store/goes_on").body))


def _has_moved(store: LiveStore) -> bool:
    """Whether any project's `as_of` has changed since the last derivation."""
    moved = "SELECT 1 FROM project ANTI JOIN derived_to USING (project_key, as_of) LIMIT 1"
    return bool(store.run(moved))


def _place(query: Query, *, everyone: bool) -> str:
    return f'{"derived" if everyone else "temp"}."{query.table}"'


def _make_all(
    store: LiveStore, steps: list[Query], tell: Callable[[str, int], None], *, everyone: bool
) -> _Touched | None:
    """Runs the steps here; returns what they changed, None if they start from scratch."""
    for done, query in enumerate(steps):
        tell(query.title, done)
        _make(store, query, everyone=everyone)
    touched = None if everyone else _touched(store)
    for query in steps:
        _keep(store, query, everyone=everyone)
    for query in steps:
        _drop(store, query, everyone=everyone)
    return touched


def _make(store: LiveStore, query: Query, *, everyone: bool) -> None:
    """Runs a step. A temporary table has large row groups: too few for everyone's rows."""
    if everyone:
        # Temporary results are never written to the file.
        store.run(f"SET enable_optimistic_write = {query.kept_by is not None}")
    kind = "TABLE" if everyone else "TEMP TABLE"
    store.run(f"CREATE OR REPLACE {kind} {_place(query, everyone=everyone)} AS {query.body}")


def _keep(store: LiveStore, query: Query, *, everyone: bool) -> None:
    """Replaces the rows of the same scholars with those of a step, if its table is permanent."""
    table = query.table
    if query.kept_by and not everyone:
        key, touched = _KEPT_BY[query.kept_by]
        store.run(
            f'DELETE FROM derived."{table}" WHERE {key} IN (FROM {touched});'
            f'INSERT INTO derived."{table}" BY NAME FROM temp."{table}"'
        )


def _drop(store: LiveStore, query: Query, *, everyone: bool) -> None:
    """Drops the table of a step, unless it is permanent."""
    if not (everyone and query.kept_by):
        store.run(f"DROP TABLE {_place(query, everyone=everyone)}")


@dataclass(frozen=True)
class _Touched:
    """Which weekly figures a partial derivation may have changed.

    Args:
        weeks: Mondays of the weeks that may have changed, in order.
        newest: Monday of the last week derived earlier, which `as_of` has lengthened for everybody.
        groups: ids of the groups that may have changed before `newest`.
    """

    weeks: list[date]
    newest: date
    groups: list[str]


def _touched(store: LiveStore) -> _Touched | None:
    """What the latest steps have changed; None if no week was derived earlier."""
    newest = store.run("SELECT max(week_start) FROM derived.weekly")[0][0]
    if newest is None:
        return None
    weeks = store.run(load_query("store/touched_week").body)
    groups = store.run(load_query("store/touched_group").body)
    return _Touched([week for (week,) in weeks], newest, [group for (group,) in groups])


def _weekly(store: LiveStore, touched: _Touched | None, reason: _Reason | None) -> None:
    """Computes every metric by week, for the trends; records changes in past weeks.

    Figures outside `touched` stay unchanged; None computes all of them. `reason`: why earlier
    figures may have changed; None if there are none.
    """
    if reason is not None:
        _table(store, "weekly_known")
    if touched is None:
        _make_weeks(store)
        if reason is not None:
            store.run("CREATE OR REPLACE TEMP TABLE weekly_before AS FROM derived.weekly")
        store.run(f"CREATE OR REPLACE TABLE derived.weekly AS {load_query('store/weekly').body}")
    else:
        _make_weeks(
            store,
            from_day=touched.weeks[0],
            periods=touched.weeks,
            groups=touched.groups,
            groups_until=touched.newest,
        )
        _table(store, "weekly_before", newest=touched.newest)
        store.run(
            "DELETE FROM derived.weekly WHERE (kind, group_id, week_start) IN "
            "(SELECT (kind, group_id, week_start) FROM weekly_before);"
            f"INSERT INTO derived.weekly BY NAME {load_query('store/weekly').body}"
        )
    store.run(load_query("store/weeks_before_the_first").body)
    if reason is not None:
        store.run(load_query("store/restate").body, {"reason": reason})


def _make_weeks(store: LiveStore, **window: Any) -> None:
    """Creates the table `weekly_figure` with the figures of every kind of group in a window."""
    made = figures(store, kinds=get_args(By), period="week", **window)
    store.load("weekly_figure", made)


def _table(store: LiveStore, name: str, **params: Any) -> None:
    """Creates a temporary table from a query in queries/store/."""
    body = load_query(f"store/{name}").body
    store.run(f"CREATE OR REPLACE TEMP TABLE {name} AS {body}", params)
