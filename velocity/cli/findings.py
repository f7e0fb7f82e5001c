"""What velocity doctor finds in the store and in the data of its latest snapshot."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

import polars as pl

from velocity.cleaning import cleaned
from velocity.errors import StoreBusyError, VelocityError
from velocity.formats import age, mid_sentence, plural, set_apart
from velocity.reading import reads
from velocity.record import has_record
from velocity.store import Snapshot, latest_snapshot
from velocity.store.ahead import find_ahead

State = Literal["ok", "note", "broken"]
UNKNOWN_STATES_HINT = "Such runs count as over but not finished. docs/tables.md lists the states."

_OLD = timedelta(days=1)
_NAMED = 3  # names in one sentence
_SOME_LAUNCHES, _NEARLY_ALL = 5, 0.9  # launches with a config key, and the share it differs in
_MANY_FLAGGED = 0.02  # of the runs
_LISTED = 20  # rows below a finding
_STATES_SHOWN = 5
_LONGEST_STATE = 40
#: How the data says that a run has no state, such as a local directory without a log.
_NO_STATE = ("(none)", "unknown")


@dataclass(frozen=True)
class Finding:
    """The state of a subject, in words, with a fix for a problem and the rows it concerns."""

    state: State
    about: str
    told: str
    fix: str = ""
    rows: tuple[str, ...] = ()


def broken(about: str, error: VelocityError) -> Finding:
    """Return an error as a finding."""
    return Finding("broken", about, error.message, error.hint)


def in_store(data: Path) -> Iterator[Finding]:
    """Look at the store of a data folder, and at its data."""
    if not (data / "CURRENT").exists():
        # The first sync may have failed, with or without runs.
        held = "no snapshot" if has_record(data) else "no data"
        fix = "Run `velocity init`, `velocity ingest` or `velocity import`, or try `velocity demo`."
        yield Finding("note", "store", f"{held} in {data} yet", fix)
        return
    try:
        snapshot = latest_snapshot(data)
        trust = reads.trust(snapshot).row(0, named=True)
        kept = len(list((data / "snapshots").glob("*.duckdb")))
        told = (
            f"{data}: snapshot {snapshot.name} (of {kept}), {trust['runs']:,} runs of "
            f"{plural(trust['scholars'], 'scholar')} in {plural(trust['projects'], 'project')}"
        )
        yield Finding("ok", "store", ", ".join([told, *set_apart(trust)]))
        for look in (_age, _people, _keys, _states, _evidence, _skipped):
            yield from look(snapshot)
        yield from _syncs(data, snapshot)
    except VelocityError as error:
        yield broken("store", error)


def _age(snapshot: Snapshot) -> Iterator[Finding]:
    for oldest in reads.projects(snapshot).sort("as_of").head(1).iter_rows(named=True):
        old = datetime.now(UTC) - oldest["as_of"]
        told = f"complete to {oldest['as_of']:%Y-%m-%d %H:%M} UTC ({age(old)} ago)"
        if old > _OLD:
            told += f"; the oldest project is {oldest['entity']}/{oldest['project']}"
            yield Finding("note", "age", told, "Run `velocity sync`.")
        else:
            yield Finding("ok", "age", told)


def _people(snapshot: Snapshot) -> Iterator[Finding]:
    unknown = reads.unattributed(snapshot)
    if unknown.height:
        names = ", ".join(str(name) for name in unknown["username"][:_NAMED])
        told = f"{unknown['runs'].sum():,} runs without a scholar; not in the roster: {names}"
        yield Finding("note", "people", told, "Add them: velocity roster suggest >> roster.toml")


def _keys(snapshot: Snapshot) -> Iterator[Finding]:
    """Config keys that differ in nearly every launch of several runs."""
    often = reads.key_differences(snapshot).filter(
        pl.col("launches") >= _SOME_LAUNCHES, pl.col("differing_share") >= _NEARLY_ALL
    )
    if often.is_empty():
        return
    shown = often.head(_NAMED).select("key", "differing", "launches").rows()
    told = ", ".join(f"{key} (in {some:,} of {every:,} launches)" for key, some, every in shown)
    more = f" and {often.height - _NAMED} more" if often.height > _NAMED else ""
    names = dict.fromkeys(key.rsplit(".", 1)[-1] for key, _, _ in shown)
    yield Finding(
        "note",
        "ideas",
        f"config keys that nearly always differ between runs launched together: {told}{more}",
        "If a key does not describe the idea (a path, say), add it to same_idea_ignore: "
        + ", ".join(f'"{name}"' for name in names),
    )


def _states(snapshot: Snapshot) -> Iterator[Finding]:
    if told := unknown_states(snapshot):
        yield Finding("note", "states", told, UNKNOWN_STATES_HINT)


def unknown_states(snapshot: Snapshot) -> str:
    """The states that velocity does not know with their numbers of runs; empty if there are none.

    They are typing errors, or words of another program.
    """
    rows = [row for row in reads.unknown_states(snapshot).iter_rows() if row[0] not in _NO_STATE]
    shown = rows[:_STATES_SHOWN]
    words = [f"{cleaned(state, _LONGEST_STATE)} ({plural(runs, 'run')})" for state, runs in shown]
    if len(rows) > _STATES_SHOWN:
        words.append(f"and {len(rows) - _STATES_SHOWN:,} more")
    return f"states that velocity does not know: {', '.join(words)}" if words else ""


def _evidence(snapshot: Snapshot) -> Iterator[Finding]:
    flags = reads.flags(snapshot).filter(
        pl.col("fault") & (pl.col("flag") != "unknown_state") & (pl.col("share") >= _MANY_FLAGGED)
    )
    if flags.height:
        yield Finding(
            "note",
            "evidence",
            "data of many runs is missing or contradictory",
            "Data health lists the runs; `velocity explain` shows the rows behind a figure.",
            tuple(
                f"{row['flag']}: {plural(row['runs'], 'run')} ({row['share']:.0%}). "
                f"{row['held']}. What counts: {mid_sentence(row['used'])}."
                for row in flags.iter_rows(named=True)
            ),
        )


def _skipped(snapshot: Snapshot) -> Iterator[Finding]:
    rejected = reads.rejected(snapshot)
    if rejected.is_empty():
        return
    rows = [
        f"{'/'.join(part or '?' for part in place)}: {reason}"
        for *place, reason in rejected.head(_LISTED).iter_rows()
    ]
    if rejected.height > _LISTED:
        rows.append(f"and {rejected.height - _LISTED:,} more: see Data health")
    yield Finding(
        "note",
        "rows",
        f"{rejected.height:,} skipped because they could not be read; no figure includes them",
        "Fix them at their source; the next sync or import tries them again.",
        tuple(rows),
    )


def _syncs(data: Path, snapshot: Snapshot) -> Iterator[Finding]:
    """What is not in the snapshot yet, and the projects whose last sync failed."""
    latest = reads.sync_log(snapshot).unique(["entity", "project"], keep="first")
    try:
        ahead = find_ahead(data, snapshot)
    except StoreBusyError as busy:
        yield Finding("note", "snapshot", f"may be behind: {busy.message}", busy.hint)
        ahead = None
    if ahead is not None:
        latest = ahead.syncs
        missing = [
            f"changed runs of {plural(ahead.usernames, 'username')}" if ahead.usernames else "",
            f"newer data of {plural(ahead.projects, 'project')}" if ahead.projects else "",
        ]
        if told := " and ".join(filter(None, missing)):
            fix = "Run the command again that was stopped, or `velocity publish`."
            yield Finding("note", "snapshot", f"brought in, but not published: {told}", fix)
    for row in latest.drop_nulls("error").sort("entity", "project").iter_rows(named=True):
        name, at = f"{row['entity']}/{row['project']}", f"{row['started_at']:%Y-%m-%d %H:%M} UTC"
        told = f"{name} failed at {at}: {row['error']}"
        fix = "Run `velocity sync` again; if it fails again, it says what to do."
        yield Finding("broken", "sync", told, fix)
