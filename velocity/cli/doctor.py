"""velocity doctor: check settings, roster, server, databases and data, one function per subject."""

import platform
import shlex
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import typer

from velocity import __version__
from velocity.cleaning import escaped
from velocity.cli.findings import Finding, State, broken, in_store
from velocity.cli.options import Places, flag
from velocity.cli.output import json_text, write_bytes
from velocity.cli.progress import say
from velocity.errors import ConfigurationError, VelocityError, import_extra
from velocity.formats import plain, plural
from velocity.record import OLDEST_POSTGRES
from velocity.roster.models import Roster, read_roster
from velocity.settings import Settings, load_settings
from velocity.sources.base import Server, connect_server
from velocity.store.zones import differing_zones
from velocity.sync.own_clock import describe_clock, find_clock_ahead

_LIBRARIES = ("duckdb", "polars", "streamlit", "plotly", "wandb")
_CONNECT_S = 5
#: Whether the user may write in a schema (null: there is none), and may make one.
_RIGHTS = """
SELECT
  (SELECT has_schema_privilege(oid, 'USAGE, CREATE') FROM pg_namespace WHERE nspname = %s),
  has_database_privilege(current_database(), 'CREATE')
"""
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
    wrong = sum(it.state == "broken" for it in found)
    if as_json:
        # The form that docs/cli.md promises. Only additions leave the format at 1.
        findings = [
            {
                "state": it.state,
                "subject": it.about,
                "message": plain(it.told),
                "fix": it.fix or None,
                "details": [plain(row) for row in it.rows],
            }
            for it in found
        ]
        whole = {"format": 1, "version": __version__, "broken": bool(wrong), "findings": findings}
        write_bytes(json_text(whole).encode(), None)
    else:
        say(f"{plural(wrong, 'problem')} to fix." if wrong else "Nothing is broken.")
    if wrong:
        raise typer.Exit(1)


def _show(finding: Finding) -> None:
    typer.secho(f"{finding.state:7}", fg=_COLOURS[finding.state], nl=False)
    typer.echo(f"{finding.about:10}{plain(escaped(finding.told))}")
    if finding.fix:
        typer.echo(f"{'':17}-> {escaped(finding.fix)}")
    for row in finding.rows:
        typer.echo(f"{'':20}{plain(escaped(row))}")


def examine(data: Path, config: Path) -> Iterator[Finding]:
    """Look at every subject in turn; a broken one does not hide the others."""
    yield _versions()
    settings = Settings(roster=config.parent / "roster.toml")
    try:
        settings = load_settings(config)
    except VelocityError as error:
        yield broken("settings", error)
    else:
        told = f"{config}" if config.exists() else f"the defaults ({config} does not exist)"
        yield Finding("ok", "settings", told)
    yield from _roster(settings)
    yield from _server(settings)
    for about in ("record", "state"):
        if address := getattr(settings.store, about):
            yield _database(about, address)
    if data.exists() and data.stat().st_mode & 0o077:  # as older versions made it
        told = f"{data} names people, and other accounts on this machine can open it"
        fix = f"Make it private: chmod -R go= {shlex.quote(str(data))}"
        yield Finding("note", "folder", told, fix)
    yield from in_store(data)


def _versions() -> Finding:
    found = {"velocity": __version__, "Python": platform.python_version()}
    for name in _LIBRARIES:
        with suppress(PackageNotFoundError):
            found[name] = version(name)
    told = ", ".join(map(" ".join, found.items()))
    if missing := ", ".join(it for it in _LIBRARIES if it not in found):
        fix = "Install velocity and its dependencies again."
        return Finding("broken", "versions", f"{missing} not installed; {told}", fix)
    return Finding("ok", "versions", told)


def _roster(settings: Settings) -> Iterator[Finding]:
    path = settings.roster
    roster, mistakes = read_roster(path) if path.exists() else (Roster(), [])
    for it in mistakes:
        state: State = "broken" if it.severity == "error" else "note"
        yield Finding(state, "roster", f"{it.where}: {it.problem}", f"Expected {it.expected}")
    if not path.exists():
        told = f"none ({path} does not exist): every W&B username is a scholar, without streams"
        fix = "Write one when there is data: velocity roster suggest >> roster.toml"
        yield Finding("note", "roster", told, fix)
    elif not mistakes:
        yield Finding("ok", "roster", str(path))
    if roster is None:
        return
    zones = {settings.programme.timezone, *(it.timezone for it in roster.scholars)}
    for name, at in differing_zones(sorted(zones)).items():
        told = (
            f"{name}: the time zone rules of tzdata and DuckDB differ from about {at:%Y-%m-%d}; "
            "days in that zone may start an hour early or late after it"
        )
        fix = "Upgrade both packages when newer releases are out."
        yield Finding("note", "time zone", told, fix)


def _server(settings: Settings) -> Iterator[Finding]:
    wanted = settings.wandb.projects
    try:
        server = connect_server()
        viewer = server.viewer
    except ConfigurationError as error:
        fix = f"{error.hint} Only `velocity sync` needs a key."
        yield broken("key", error) if wanted else Finding("note", "key", error.message, fix)
        return
    except VelocityError as error:
        yield broken("server", error)
        return
    yield Finding("ok", "key", f"of {viewer}")
    yield Finding("ok", "server", f"answers; runs are shown at {server.app_url}")
    yield from _own_clock(server)
    if not wanted:
        fix = "Run `velocity init`, or list some under wandb.projects."
        yield Finding("note", "projects", "none in the settings", fix)
    for name in wanted:
        entity, _, project = name.partition("/")
        try:
            if project == "*":
                told = plural(len(server.fetch_project_names(entity)), "project")
            else:
                told = f"{server.count_runs(entity, project):,} runs on the server"
        except VelocityError as error:
            yield broken("projects", error)
        else:
            yield Finding("ok", "projects", f"{name}: {told}")


def _own_clock(server: Server) -> Iterator[Finding]:
    """This machine's clock against the server's, if the server sends its time."""
    before, told = datetime.now(UTC), server.fetch_clock()
    if told is None:
        return
    if ahead := find_clock_ahead(before, told, datetime.now(UTC)):
        fix = "Set this machine's clock, or let it follow a time server (NTP)."
        yield Finding("note", "own clock", describe_clock(ahead), fix)
    else:
        yield Finding("ok", "own clock", "agrees with the server's within a minute")


def _database(about: str, address: str) -> Finding:
    """Whether a setting of `store` names a Postgres that can be used. Nothing in it changes."""
    schema, there = f"velocity_{about}", f"PostgreSQL at {address}"
    try:
        psycopg = import_extra("scale", "psycopg", asker=f"The setting store.{about}")
    except VelocityError as error:
        return broken(about, error)
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
        told += f"; {schema} is {'there' if ours else 'made when it is needed'}"
        return Finding("ok", about, told)
    fix = f"As an administrator: GRANT CREATE ON DATABASE … TO …, or give the user {schema}."
    return Finding("broken", about, f"{told}, but its user may not use or make {schema}", fix)
