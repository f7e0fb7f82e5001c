"""Derives sessions, experiments, loops and daily facts from raw runs, scholar by scholar.

Every step is one file of queries/derive/. A full derivation creates everyone's rows in the schema
`derived`. A partial one creates the rows of scholars in scope in temporary tables; these replace
their old rows, and all other rows stay.
"""

import re
from collections.abc import Callable
from typing import Any, Literal, NamedTuple, get_args

from velocity.queries import Query, list_queries, load_query
from velocity.record import exclusions
from velocity.roster.models import Roster
from velocity.settings import Settings
from velocity.store.configuration import load_configuration
from velocity.store.figures import By, figures
from velocity.store.live import LiveStore
from velocity.store.shards import connected, make_everyone, remove_shards

OnStep = Callable[[str, int, int], None]

#: Steps that take about as long as the weekly figures, for the time left.
_WEEKLY_AS_STEPS = 15

_WORD, _COMMENT = re.compile(r"\w+"), re.compile("--.*")

#: Why figures of past weeks changed.
_Reason = Literal["data", "configuration", "people"]

#: Whose rows a permanent table has -> its key column and the temporary table of the updated keys.
_KEPT_BY = {"scholar": ("scholar_key", "scope"), "host": ("host_key", "touched_host")}


class Derived(NamedTuple):
    """The result of a derivation."""

    scholars: int  # whose rows were derived again
    weeks_restated: int  # past weeks in which a figure changed


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
    for name in ("run_rules", "scholars", "streams", "notes"):
        store.run(load_query(f"store/{name}").body)
    known = store.run("SELECT fingerprint, roster FROM derived_with")
    # The record may also be an earlier copy of the one that was last derived.
    everyone = known != [(made_with, people)] or not store.run(load_query("store/goes_on").body)
    # Null is from an earlier version, which did not store it.
    reason: _Reason = "configuration" if everyone else "data"
    if known and known[0][1] not in {None, people}:
        reason = "people"
    actors = "SELECT scholar_key FROM derived.actor" if everyone else load_query("store/scope").body
    store.run(f"CREATE OR REPLACE TEMP TABLE scope AS {actors}")
    scope = int(store.run("SELECT count(*) FROM scope")[0][0])
    # Weeks and burn end at the as_of of projects: they change as time passes.
    moved = "SELECT 1 FROM project ANTI JOIN derived_to USING (project_key, as_of) LIMIT 1"
    if scope or everyone or store.run(moved):
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
        values = {"made_with": made_with, "people": people}
        store.run("INSERT INTO derived_with VALUES ($made_with, $people)", values)
    store.run(load_query("store/taken_in").body)
    return scope


def _make_all(
    store: LiveStore, steps: list[Query], tell: Callable[[str, int], None], *, everyone: bool
) -> dict[str, Any] | None:
    """Runs the steps here; returns what `figures` may give anew, None if that is everything.

    A temporary table has large row groups: too few for everyone's rows.
    """
    schema, kind = ("derived", "TABLE") if everyone else ("temp", "TEMP TABLE")
    # With everyone's temporary results until the end, the commit would take twice as long.
    last_step = _last_steps(steps) if everyone else {}
    for done, query in enumerate(steps):
        tell(query.title, done)
        if everyone:  # temporary results are never written to the file
            store.run(f"SET enable_optimistic_write = {query.kept_by is not None}")
        store.run(f'CREATE OR REPLACE {kind} {schema}."{query.table}" AS {query.body}')
        for read in steps[:done]:
            if not read.kept_by and last_step.get(read.table) is query:
                store.run(f'DROP TABLE derived."{read.table}"')
    if everyone:
        return None
    touched = _touched(store)
    for query in steps:
        if query.kept_by:
            key, replaced = _KEPT_BY[query.kept_by]
            store.run(
                f'DELETE FROM derived."{query.table}" WHERE {key} IN (FROM {replaced});'
                f'INSERT INTO derived."{query.table}" BY NAME FROM temp."{query.table}"'
            )
    for query in steps:
        store.run(f'DROP TABLE temp."{query.table}"')
    return touched


def _last_steps(steps: list[Query]) -> dict[str | None, Query]:
    """Table -> the last step that reads it, or that has a CTE with its name."""
    return {word: query for query in steps for word in _WORD.findall(_COMMENT.sub("", query.body))}


def _touched(store: LiveStore) -> dict[str, Any] | None:
    """The weeks and groups whose figures the latest steps may have changed, as for `figures`.

    All groups have the last week derived earlier, which `as_of` has lengthened. None if no week was
    derived earlier.
    """
    newest = store.run("SELECT max(week_start) FROM derived.weekly")[0][0]
    if newest is None:
        return None
    weeks, groups = (
        [found for (found,) in store.run(load_query(f"store/touched_{it}").body)]
        for it in ("week", "group")
    )
    return {"from_day": weeks[0], "periods": weeks, "groups": groups, "groups_until": newest}


def _weekly(store: LiveStore, touched: dict[str, Any] | None, reason: _Reason | None) -> None:
    """Computes every metric by week, for the trends; records changes in past weeks.

    Figures outside `touched` stay unchanged; None computes all of them. `reason`: why earlier
    figures may have changed; None if there are none.
    """
    if reason is not None:
        _table(store, "weekly_known")
    made = figures(store, kinds=get_args(By), period="week", **touched or {})
    store.load("weekly_figure", made)
    if touched is None:
        if reason is not None:
            store.run("CREATE OR REPLACE TEMP TABLE weekly_before AS FROM derived.weekly")
        store.run(f"CREATE OR REPLACE TABLE derived.weekly AS {load_query('store/weekly').body}")
    else:
        _table(store, "weekly_before", newest=touched["groups_until"])
        store.run(
            "DELETE FROM derived.weekly WHERE (kind, group_id, week_start) IN "
            "(SELECT (kind, group_id, week_start) FROM weekly_before);"
            f"INSERT INTO derived.weekly BY NAME {load_query('store/weekly').body}"
        )
    store.run(load_query("store/weeks_before_the_first").body)
    if reason is not None:
        store.run(load_query("store/restate").body, {"reason": reason})


def _table(store: LiveStore, name: str, **params: Any) -> None:
    body = load_query(f"store/{name}").body
    store.run(f"CREATE OR REPLACE TEMP TABLE {name} AS {body}", params)
