"""Archives old runs: published weeks of groups stay, and so do the credits that are left."""

import shutil
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from velocity import state
from velocity.database.lock import writer_lock
from velocity.errors import StoreError
from velocity.queries import load_query
from velocity.record import copy_record, exclusions
from velocity.roster.models import Roster, load_roster
from velocity.settings import Settings, Store
from velocity.store import LiveStore, open_live
from velocity.store.derive import derive
from velocity.store.figures import EVERYTHING
from velocity.store.live import copy_derived
from velocity.store.publish import publish, remove_other_snapshots
from velocity.store.restored import accept, finish_restore

_PREPARED = "archive.partial"
#: Kind of ledger and group -> credits spent.
_Spent = dict[tuple[str, str], float]


@dataclass(frozen=True)
class Archived:
    """What was archived, or would be."""

    week: date  # Monday of the first week that is kept
    runs: int
    runs_left: int
    log_rows: int  # of the log, and restatements
    people: tuple[str, ...]  # names that are gone with their runs
    idle: tuple[str, ...]  # ids in the roster without a run that is left
    group_weeks: int  # published weeks of groups before `week`, which stay
    credits: float  # of the programme, taken off its grants
    published: str = ""


def archive_due(store: LiveStore, settings: Settings) -> date | None:
    """The first week that the setting keeps, if there may be older runs; None without it."""
    weeks = settings.store.keep_weeks
    if weeks is None or settings.store.record is not None:
        return None
    edge = _edge(store, date(1970, 1, 5))
    week = _monday(edge.last_day) - timedelta(weeks=weeks)
    first = store.run("SELECT min(week_start) FROM derived.weekly")[0][0]
    is_due = first is not None and max(first, edge.kept_from or first) < week <= edge.latest
    return week if is_due else None


def archive(data: Path, settings: Settings, before: date, *, dry_run: bool = False) -> Archived:
    """Remove runs of experiments that were over before the week of a day, and who had only those.

    Everything is prepared in a copy, which then becomes the store at once; a dry run ends before.
    Killed later, the old snapshots and views remain until this is called again.

    Raises:
        VelocityError: the weeks before are not published yet, the record is on a server, or the
            store cannot be written.
        OSError: a file cannot be read or written.
    """
    if settings.store.record is not None:
        raise StoreError(
            "The record is on a server (store.record).",
            "Get it with `velocity record move --to file`, archive, and move it back.",
        )
    roster = load_roster(settings.roster)
    prepared = data / _PREPARED
    # Nothing that is prepared may reach a bucket or a database that others use.
    own = settings.model_copy(update={"store": Store()})
    with writer_lock(data):
        finish_restore(data)
        shutil.rmtree(prepared, ignore_errors=True)
        prepared.mkdir(mode=0o700)
        try:
            copy_derived(data, prepared)
            copy_record(data, prepared)
            for name in ("config.salt", "forgotten.json"):
                with suppress(FileNotFoundError):
                    shutil.copyfile(data / name, prepared / name)
            with open_live(prepared, own) as store:
                done = _archive(store, own, roster, _monday(before))
                begins = _edge(store, done.week).begins
            if dry_run:
                return done
            accept(data, prepared)
        finally:
            shutil.rmtree(prepared, ignore_errors=True)
    place = settings.store.snapshots
    with open_live(data, settings) as store:
        published = publish(store, place)
        remove_other_snapshots(data, published, place)
    state.archive(settings.state_of(data), begins)
    return replace(done, published=published)


def _archive(store: LiveStore, settings: Settings, roster: Roster | None, week: date) -> Archived:
    """Archive in a store that nobody else uses."""
    derive(store, settings, roster)
    edge = _edge(store, week)
    if week > edge.latest:
        raise StoreError(
            f"The weeks before {week} are not all published yet.",
            f"The latest day is {edge.latest}: a week is published 48 hours after its end.",
        )
    spent = _spent(store)
    runs, people, group_weeks, runs_left = _choose(store, week)
    kept_from = pl.DataFrame({"week": [week], "before": [edge.begins]})
    gone = _remove_derived(store, people, kept_from)
    record: Any = store.record  # the prepared one is in a file
    log_rows = record.archive(runs, people, kept_from)
    derive(store, settings, roster)
    record.carry_credits(_carried(spent, _spent(store), roster, week))
    store.run("UPDATE derived_with SET fingerprint = ''")
    derive(store, settings, roster)
    store.record.rewrite()
    store.rewrite()
    known = exclusions.load(store.data).keep_roster(roster)
    with store.reading_record():
        working = {it for (it,) in store.run(load_query("store/working").body)}
    scholars = known.scholars if known is not None else ()
    left = _spent_by_programme(_spent(store))
    return Archived(
        week=week,
        runs=runs.height,
        runs_left=runs_left,
        log_rows=log_rows,
        people=gone,
        idle=tuple(it.id for it in scholars if it.id not in working),
        group_weeks=group_weeks,
        credits=_spent_by_programme(spent) - left,
    )


def _choose(store: LiveStore, week: date) -> tuple[pl.DataFrame, pl.DataFrame, int, int]:
    """The runs to archive, the people who stay, the group weeks before, and the runs that stay."""
    with store.reading_record():
        for table in ("archived_run", "kept_person"):
            query = load_query(f"store/{table}")
            given = {it.name: week for it in query.params}
            store.run(f"CREATE OR REPLACE TEMP TABLE {table} AS {query.body}", given)
        ((group_weeks, runs_left),) = store.run(
            "SELECT (SELECT count(*) FROM group_week WHERE week_start < $week), "
            "(SELECT count(*) FROM raw_run) - (SELECT count(*) FROM archived_run)",
            {"week": week},
        )
    return store.frame("FROM archived_run"), store.frame("FROM kept_person"), group_weeks, runs_left


def _remove_derived(
    store: LiveStore, people: pl.DataFrame, kept_from: pl.DataFrame
) -> tuple[str, ...]:
    """Remove what the next derivation would keep; returns the names that are gone."""
    names = "SELECT name FROM scholar_number WHERE kind <> 'nobody'"
    before = {it for (it,) in store.run(names)}
    with store.loaded(kept_person=people, kept_from=kept_from):
        store.run(load_query("store/archive").body)
    return tuple(sorted(before - {it for (it,) in store.run(names)}))


def _spent(store: LiveStore) -> _Spent:
    ledger = load_query("metrics/ledger").body
    found: _Spent = {}
    with store.reading_record():
        for by in ("programme", "stream", "scholar"):
            rows = store.frame(ledger, {"by": by, "at_day": None, "scope": dict(EVERYTHING)})
            found |= {
                (by, name): spent
                for name, spent in rows.select("group_id", "credits_spent").iter_rows()
            }
    return found


def _spent_by_programme(spent: _Spent) -> float:
    return spent.get(("programme", "programme"), 0.0)


def _carried(before: _Spent, after: _Spent, roster: Roster | None, week: date) -> pl.DataFrame:
    """What archived runs cost, as negative grants; none if nothing was ever granted.

    The grants of all kinds add up to the programme's, so its own row has the rest.
    """
    grants = roster.credits.grants if roster is not None else ()
    cost = {it: spent - after.get(it, 0.0) for it, spent in before.items()}
    holders = {("scholar", it.scholar) for it in grants}
    rows = {it: -amount for it, amount in cost.items() if it[0] == "stream" or it in holders}
    rest = -cost.get(("programme", "programme"), 0.0) - sum(rows.values())
    rows["programme", "programme"] = rest
    return pl.DataFrame(
        [(week - timedelta(days=1), *it, amount) for it, amount in rows.items() if amount]
        if grants
        else [],
        {"date": pl.Date, "kind": pl.String, "target": pl.String, "credits": pl.Float64},
        orient="row",
    )


class _Edge(NamedTuple):
    kept_from: date | None  # the first week that is kept, if any was archived
    last_day: date
    latest: date  # the latest week that could be the first
    begins: datetime  # the week that was asked about


def _edge(store: LiveStore, week: date) -> _Edge:
    with store.reading_record():
        ((kept_from, last_day, latest, begins_us),) = store.run(
            load_query("store/archive_edge").body, {"week": week}
        )
    begins = datetime.fromtimestamp(0, UTC) + timedelta(microseconds=begins_us)
    return _Edge(kept_from, last_day, latest, begins)


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())
