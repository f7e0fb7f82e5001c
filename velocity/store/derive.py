"""Derives sessions, experiments, loops and daily facts from raw runs, scholar by scholar.

Every step is one file of queries/derive/. A full derivation creates everyone's rows in the schema
`derived`. A partial one creates the rows of scholars in scope in temporary tables; these replace
their old rows, and all other rows stay.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

from velocity.queries import Query, list_queries, load_query
from velocity.record import exclusions
from velocity.roster.models import Roster
from velocity.store.configuration import load_configuration
from velocity.store.figures import By, figures
from velocity.store.shards import connected, make_everyone, remove_shards

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from velocity.settings import Settings
    from velocity.store.live import LiveStore

    OnStep = Callable[[str, int, int], None]

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
    known_roster = exclusions.load(store.data).keep_roster(roster) or Roster()
    made_with, people = load_configuration(store, settings, known_roster)
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
