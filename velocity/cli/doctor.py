"""velocity doctor: check settings, roster, server, store and data, one function per subject."""

import platform
import shlex
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Literal

import polars as pl
import typer

from velocity import __version__
from velocity.cleaning import cleaned, escaped
from velocity.cli.options import Places, flag
from velocity.cli.output import json_text, write_bytes
from velocity.cli.progress import say
from velocity.errors import ConfigurationError, VelocityError, import_extra
from velocity.formats import age, mid_sentence, plain, plural, set_apart
from velocity.reading import reads
from velocity.record import OLDEST_POSTGRES, has_record
from velocity.roster.models import Roster, read_roster
from velocity.settings import Settings, load_settings
from velocity.sources.base import Server, connect_server
from velocity.store import Snapshot, latest_snapshot
from velocity.store.zones import differing_zones
from velocity.sync.own_clock import describe_clock, find_clock_ahead

_LIBRARIES = ("duckdb", "polars", "streamlit", "plotly", "wandb")
_OLD = timedelta(days=1)
_NAMED = 3  # names in one sentence
_CONNECT_S = 5
#: Whether the user may write in a schema (null: there is none), and may make one.
_RIGHTS = """
SELECT
  (SELECT has_schema_privilege(oid, 'USAGE, CREATE') FROM pg_namespace WHERE nspname = %s),
  has_database_privilege(current_database(), 'CREATE')
"""
_SOME_LAUNCHES, _NEARLY_ALL = 5, 0.9  # launches with a config key, and the share it differs in
_MANY_FLAGGED = 0.02  # of the runs
_LISTED = 20  # rows below a finding
_STATES_SHOWN = 5
_LONGEST_STATE = 40
#: How the data says that a run has no state, such as a local directory without a log.
_NO_STATE = ("(none)", "unknown")

UNKNOWN_STATES_HINT = "Such runs count as over but not finished. docs/tables.md lists the states."


State = Literal["ok", "note", "broken"]


@dataclass(frozen=True)
class Finding:
    """The state of a subject, in words, with a fix for a problem and the rows it concerns."""

    state: State
    about: str
    told: str
    fix: str = ""
    rows: tuple[str, ...] = ()


_COLOURS = {"ok": typer.colors.GREEN, "note": typer.colors.YELLOW, "broken": typer.colors.RED}


def doctor(
    places: Places, *, as_json: bool = flag("--json", "Write the findings as JSON, for a program.")
) -> None:
    """Check the installation, with a fix for each problem.

    Looks at versions, settings, roster, API key, server, clock, store and data. Exits with 1 if
    something is broken.
    """
    found = []
    for finding in examine(places.data, places.config):
        found.append(finding)
        if not as_json:
            _show(finding)
    broken = sum(it.state == "broken" for it in found)
    if as_json:
        # Only additions leave the format at 1.
        whole = {"format": 1, "version": __version__, "broken": bool(broken)}
        findings = {"findings": list(map(_as_json, found))}
        write_bytes(json_text(whole | findings).encode(), None)
    else:
        say(f"{plural(broken, 'problem')} to fix." if broken else "Nothing is broken.")
    if broken:
        raise typer.Exit(1)


def _show(finding: Finding) -> None:
    typer.secho(f"{finding.state:7}", fg=_COLOURS[finding.state], nl=False)
    typer.echo(f"{finding.about:10}{plain(escaped(finding.told))}")
    if finding.fix:
        typer.echo(f"{'':17}-> {escaped(finding.fix)}")
    for row in finding.rows:
        typer.echo(f"{'':20}{plain(escaped(row))}")


def _as_json(finding: Finding) -> dict[str, Any]:
    """A finding in the form that docs/cli.md promises."""
    return {
        "state": finding.state,
        "subject": finding.about,
        "message": plain(finding.told),
        "fix": finding.fix or None,
        "details": [plain(row) for row in finding.rows],
    }


def examine(data: Path, config: Path) -> Iterator[Finding]:
    """Look at every subject in turn; a broken one does not hide the others."""
    yield _versions()
    settings = Settings(roster=config.parent / "roster.toml")
    try:
        settings = load_settings(config)
    except VelocityError as error:
        yield _broken("settings", error)
    else:
        told = f"{config}" if config.exists() else f"the defaults ({config} does not exist)"
        yield _ok("settings", told)
    yield from _roster(settings)
    yield from _server(settings)
    for about in ("record", "state"):
        if address := getattr(settings.store, about):
            yield _database(about, address)
    if data.exists() and data.stat().st_mode & 0o077:  # as older versions made it
        told = f"{data} names people, and other accounts on this machine can open it"
        yield _note("folder", told, f"Make it private: chmod -R go= {shlex.quote(str(data))}")
    yield from _store(data)


def _ok(about: str, told: str) -> Finding:
    return Finding("ok", about, told)


def _note(about: str, told: str, fix: str, rows: Iterable[str] = ()) -> Finding:
    return Finding("note", about, told, fix, tuple(rows))


def _broken(about: str, error: VelocityError) -> Finding:
    return Finding("broken", about, error.message, error.hint)


def _versions() -> Finding:
    found = {"velocity": __version__, "Python": platform.python_version()}
    for name in _LIBRARIES:
        with suppress(PackageNotFoundError):
            found[name] = version(name)
    told = ", ".join(map(" ".join, found.items()))
    if missing := ", ".join(it for it in _LIBRARIES if it not in found):
        fix = "Install velocity and its dependencies again."
        return Finding("broken", "versions", f"{missing} not installed; {told}", fix)
    return _ok("versions", told)


def _roster(settings: Settings) -> Iterator[Finding]:
    path, zones = settings.roster, {settings.programme.timezone}
    roster, findings = read_roster(path) if path.exists() else (Roster(), [])
    for finding in findings:
        told = f"{finding.where}: {finding.problem}"
        state: State = "broken" if finding.severity == "error" else "note"
        yield Finding(state, "roster", told, f"Expected {finding.expected}")
    if not path.exists():
        yield _note(
            "roster",
            f"none ({path} does not exist): every W&B username is a scholar, without streams",
            "Write one when there is data: velocity roster suggest >> roster.toml",
        )
    elif not findings:
        yield _ok("roster", str(path))
    if roster is None:
        return
    zones |= {it.timezone for it in roster.scholars}
    for name, at in differing_zones(sorted(zones)).items():
        yield _note(
            "time zone",
            f"{name}: the time zone rules of tzdata and DuckDB differ from about {at:%Y-%m-%d}; "
            "days in that zone may start an hour early or late after it",
            "Upgrade both packages when newer releases are out.",
        )


def _server(settings: Settings) -> Iterator[Finding]:
    wanted = settings.wandb.projects
    try:
        server = connect_server()
        viewer = server.viewer
    except ConfigurationError as error:
        fix = f"{error.hint} Only `velocity sync` needs a key."
        yield _broken("key", error) if wanted else _note("key", error.message, fix)
        return
    except VelocityError as error:
        yield _broken("server", error)
        return
    yield _ok("key", f"of {viewer}")
    yield _ok("server", f"answers; runs are shown at {server.app_url}")
    yield from _own_clock(server)
    if not wanted:
        fix = "Run `velocity init`, or list some under wandb.projects."
        yield _note("projects", "none in the settings", fix)
    for name in wanted:
        entity, _, project = name.partition("/")
        try:
            if project == "*":
                told = plural(len(server.fetch_project_names(entity)), "project")
            else:
                told = f"{server.count_runs(entity, project):,} runs on the server"
        except VelocityError as error:
            yield _broken("projects", error)
        else:
            yield _ok("projects", f"{name}: {told}")


def _own_clock(server: Server) -> Iterator[Finding]:
    """This machine's clock against the server's, if the server sends its time."""
    before, told = datetime.now(UTC), server.fetch_clock()
    if told is None:
        return
    if ahead := find_clock_ahead(before, told, datetime.now(UTC)):
        fix = "Set this machine's clock, or let it follow a time server (NTP)."
        yield _note("own clock", describe_clock(ahead), fix)
    else:
        yield _ok("own clock", "agrees with the server's within a minute")


def _database(about: str, address: str) -> Finding:
    """Whether a setting of `store` names a Postgres that can be used. Nothing in it changes."""
    schema, there = f"velocity_{about}", f"PostgreSQL at {address}"
    try:
        psycopg = import_extra("scale", "psycopg", asker=f"The setting store.{about}")
    except VelocityError as error:
        return _broken(about, error)
    try:
        with psycopg.connect(address, connect_timeout=_CONNECT_S) as connection:
            version = connection.info.server_version // 10_000
            ours, may_make = connection.execute(_RIGHTS, [schema]).fetchone()
    except psycopg.Error:
        fix = "Check the address, the network, and PGPASSWORD or PGPASSFILE."
        return Finding("broken", about, f"{there} does not answer, or refuses", fix)
    told = f"{there} has version {version}"
    if version < OLDEST_POSTGRES:
        return Finding("broken", about, told, f"Use {OLDEST_POSTGRES} or newer.")
    if ours or (ours is None and may_make):
        return _ok(about, f"{told}; {schema} is {'there' if ours else 'made when it is needed'}")
    fix = f"As an administrator: GRANT CREATE ON DATABASE … TO …, or give the user {schema}."
    return Finding("broken", about, f"{told}, but its user may not use or make {schema}", fix)


def _store(data: Path) -> Iterator[Finding]:
    if not (data / "CURRENT").exists():
        # The first sync may have failed, with or without runs.
        held = "no snapshot" if has_record(data) else "no data"
        fix = "Run `velocity init`, `velocity ingest` or `velocity import`, or try `velocity demo`."
        yield _note("store", f"{held} in {data} yet", fix)
        return
    try:
        snapshot = latest_snapshot(data)
        trust = reads.trust(snapshot).row(0, named=True)
        kept = len(list((data / "snapshots").glob("*.duckdb")))
        yield _ok(
            "store",
            f"{data}: snapshot {snapshot.name} (of {kept}), {trust['runs']:,} runs of "
            f"{plural(trust['scholars'], 'scholar')} in {plural(trust['projects'], 'project')}"
            f"{''.join(f', {it}' for it in set_apart(trust))}",
        )
        yield from _data(snapshot)
    except VelocityError as error:
        yield _broken("store", error)


def _data(snapshot: Snapshot) -> Iterator[Finding]:
    """What the snapshot says about its own data."""
    yield from _age(reads.projects(snapshot))
    unknown = reads.unattributed(snapshot)
    if unknown.height:
        names = ", ".join(str(name) for name in unknown["username"][:_NAMED])
        yield _note(
            "people",
            f"{unknown['runs'].sum():,} runs without a scholar; not in the roster: {names}",
            "Add them: velocity roster suggest >> roster.toml",
        )
    yield from _keys(reads.key_differences(snapshot))
    yield from _evidence(snapshot)
    yield from _skipped(reads.rejected(snapshot))
    yield from _failed_syncs(snapshot)


def _age(projects: pl.DataFrame) -> Iterator[Finding]:
    for oldest in projects.sort("as_of").head(1).iter_rows(named=True):
        old = datetime.now(UTC) - oldest["as_of"]
        told = f"complete to {oldest['as_of']:%Y-%m-%d %H:%M} UTC ({age(old)} ago)"
        if old > _OLD:
            name = f"{oldest['entity']}/{oldest['project']}"
            yield _note("age", f"{told}; the oldest project is {name}", "Run `velocity sync`.")
        else:
            yield _ok("age", told)


def _keys(differences: pl.DataFrame) -> Iterator[Finding]:
    """Config keys that differ in nearly every launch of several runs."""
    often = differences.filter(
        pl.col("launches") >= _SOME_LAUNCHES, pl.col("differing_share") >= _NEARLY_ALL
    )
    if often.is_empty():
        return
    shown = often.head(_NAMED)
    told = ", ".join(
        f"{key} (in {differing:,} of {launches:,} launches)"
        for key, differing, launches in shown.select("key", "differing", "launches").iter_rows()
    )
    more = f" and {often.height - _NAMED} more" if often.height > _NAMED else ""
    names = dict.fromkeys(key.rsplit(".", 1)[-1] for key in shown["key"])
    yield _note(
        "ideas",
        f"config keys that nearly always differ between runs launched together: {told}{more}",
        "If a key does not describe the idea (a path, say), add it to same_idea_ignore: "
        + ", ".join(f'"{name}"' for name in names),
    )


def _evidence(snapshot: Snapshot) -> Iterator[Finding]:
    """Unknown states, and faults that many runs have."""
    if told := unknown_states(snapshot):
        yield _note("states", told, UNKNOWN_STATES_HINT)
    flags = reads.flags(snapshot).filter(
        pl.col("fault") & (pl.col("flag") != "unknown_state") & (pl.col("share") >= _MANY_FLAGGED)
    )
    if flags.height:
        yield _note(
            "evidence",
            "data of many runs is missing or contradictory",
            "Data health lists the runs; `velocity explain` shows the rows behind a figure.",
            (
                f"{row['flag']}: {plural(row['runs'], 'run')} ({row['share']:.0%}). "
                f"{row['held']}. What counts: {mid_sentence(row['used'])}."
                for row in flags.iter_rows(named=True)
            ),
        )


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


def _skipped(rejected: pl.DataFrame) -> Iterator[Finding]:
    """Rows that could not become runs, each with its reason."""
    if rejected.is_empty():
        return
    rows = [
        f"{'/'.join(part or '?' for part in place)}: {reason}"
        for *place, reason in rejected.head(_LISTED).iter_rows()
    ]
    if rejected.height > _LISTED:
        rows.append(f"and {rejected.height - _LISTED:,} more: see Data health")
    yield _note(
        "rows",
        f"{rejected.height:,} skipped because they could not be read; no figure includes them",
        "Fix them at their source; the next sync or import tries them again.",
        rows,
    )


def _failed_syncs(snapshot: Snapshot) -> Iterator[Finding]:
    """Projects whose last sync failed."""
    latest = reads.sync_log(snapshot).unique(["entity", "project"], keep="first")
    for row in latest.drop_nulls("error").sort("entity", "project").iter_rows(named=True):
        yield Finding(
            "broken",
            "sync",
            f"{row['entity']}/{row['project']} failed at {row['started_at']:%Y-%m-%d %H:%M} UTC: "
            f"{row['error']}",
            "Run `velocity sync` again; if it fails again, it says what to do.",
        )
