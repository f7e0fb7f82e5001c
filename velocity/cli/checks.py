"""What `velocity doctor` looks at: one function a subject, each giving findings."""

from __future__ import annotations

import platform
import shlex
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Literal

import polars as pl

from velocity import __version__
from velocity.cli.states import UNKNOWN_STATES_HINT, told_unknown_states
from velocity.errors import ConfigurationError, VelocityError
from velocity.formats import age, mid_sentence, plural
from velocity.reading import reads
from velocity.record import has_record
from velocity.roster.models import read_roster
from velocity.settings import Settings, load_settings
from velocity.sources.base import connect_server
from velocity.store import latest_snapshot
from velocity.store.zones import differing_zones
from velocity.sync.own_clock import describe_clock, find_clock_ahead

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from velocity.sources.base import Server
    from velocity.store import Snapshot

_LIBRARIES = ("duckdb", "polars", "streamlit", "plotly", "wandb")
_OLD = timedelta(days=1)
_SHOWN = 3  # names of a kind that are told in one sentence
_SOME_LAUNCHES, _NEARLY_ALL = 5, 0.9  # launches a key must be in, and the share it differs in
_MANY_FLAGGED = 0.02  # a share of runs with a flag that is worth a look
_LISTED = 20  # rows that stand each on a line


@dataclass(frozen=True)
class Finding:
    """What is so, what to do about it where something is to be done, and the rows it concerns."""

    state: Literal["ok", "note", "broken"]
    about: str
    told: str
    cure: str = ""
    rows: tuple[str, ...] = ()


def examine(data: Path, config: Path) -> Iterator[Finding]:
    """Looks at everything in turn; a subject that is broken hides none of the others."""
    yield _versions()
    settings = Settings(roster=config.parent / "roster.toml")
    try:
        settings = load_settings(config)
    except VelocityError as error:
        yield _broken("settings", error)
    else:
        told = f"{config}" if config.exists() else f"the defaults ({config} does not exist)"
        yield Finding("ok", "settings", told)
    yield from _roster(settings)
    yield from _server(settings)
    yield from _folder(data)
    yield from _store(data)


def _broken(about: str, error: VelocityError) -> Finding:
    return Finding("broken", about, error.message, error.hint)


def _versions() -> Finding:
    found, missing = [f"velocity {__version__}", f"Python {platform.python_version()}"], []
    for name in _LIBRARIES:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            missing.append(name)
    if missing:
        return Finding(
            "broken",
            "versions",
            f"{', '.join(missing)} not installed; {', '.join(found)}",
            "Install velocity again, with all that it needs.",
        )
    return Finding("ok", "versions", ", ".join(found))


def _roster(settings: Settings) -> Iterator[Finding]:
    path = settings.roster
    if not path.exists():
        yield Finding(
            "note",
            "roster",
            f"none ({path} does not exist): every W&B username is a scholar, there are no streams",
            "Write one when there is data: velocity roster suggest >> roster.toml",
        )
        yield from _zones({settings.programme.timezone})
        return
    roster, findings = read_roster(path)
    for finding in findings:
        state: Literal["note", "broken"] = "broken" if finding.severity == "error" else "note"
        yield Finding(
            state, "roster", f"{finding.where}: {finding.problem}", f"Expected {finding.expected}"
        )
    if not findings:
        yield Finding("ok", "roster", str(path))
    if roster is not None:
        yield from _zones({settings.programme.timezone, *(it.timezone for it in roster.scholars)})


def _zones(names: Iterable[str]) -> Iterator[Finding]:
    """Zones that Python and DuckDB do not agree about."""
    for name, at in differing_zones(sorted(names)).items():
        yield Finding(
            "note",
            "time zone",
            f"{name}: tzdata and DuckDB have different rules from about {at:%Y-%m-%d}, so days of "
            "that zone may begin an hour off from then on",
            "Upgrade both packages when newer ones are released.",
        )


def _server(settings: Settings) -> Iterator[Finding]:
    wanted = settings.wandb.projects
    try:
        server = connect_server()
        viewer = server.viewer
    except ConfigurationError as error:
        if wanted:
            yield _broken("key", error)
        else:
            cure = f"{error.hint} Only `velocity sync` needs a key."
            yield Finding("note", "key", error.message, cure)
        return
    except VelocityError as error:
        yield _broken("server", error)
        return
    yield Finding("ok", "key", f"of {viewer}")
    yield Finding("ok", "server", f"answers, and shows its runs at {server.app_url}")
    yield from _own_clock(server)
    if not wanted:
        yield Finding(
            "note",
            "projects",
            "none in the settings",
            "List some under wandb.projects, or name them: velocity sync --project ENTITY/PROJECT",
        )
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
            yield Finding("ok", "projects", f"{name}: {told}")


def _folder(data: Path) -> Iterator[Finding]:
    """Whether others on this machine can open the data folder, as one of an older version."""
    if data.exists() and data.stat().st_mode & 0o077:
        yield Finding(
            "note",
            "folder",
            f"{data} names people, and other accounts of this machine can open it",
            f"Close it: chmod -R go= {shlex.quote(str(data))}",
        )


def _own_clock(server: Server) -> Iterator[Finding]:
    """This machine's clock against the server's; nothing where the server does not say."""
    before = datetime.now(UTC)
    told = server.fetch_clock()
    if told is None:
        return
    ahead = find_clock_ahead(before, told, datetime.now(UTC))
    if ahead:
        fix = "Set this machine's clock, or let it follow a time server (NTP)."
        yield Finding("note", "own clock", describe_clock(ahead), fix)
    else:
        yield Finding("ok", "own clock", "agrees with the server's within a minute")


def _store(data: Path) -> Iterator[Finding]:
    if not (data / "CURRENT").exists():
        # Runs may be in it, or none where the first sync failed.
        held = "no snapshot yet" if has_record(data) else "no data yet"
        cure = (
            "Run `velocity sync`, `velocity ingest` or `velocity import`, or try `velocity demo`."
        )
        yield Finding("note", "store", f"{data} holds {held}", cure)
        return
    try:
        snapshot = latest_snapshot(data)
        trust = reads.trust(snapshot).row(0, named=True)
        kept = len(list((data / "snapshots").glob("*.duckdb")))
        told = (
            f"{data}: snapshot {snapshot.name} ({kept} kept), {trust['runs']:,} runs of "
            f"{plural(trust['scholars'], 'scholar')} in {plural(trust['projects'], 'project')}"
        )
        yield Finding("ok", "store", told)
        yield from _data(snapshot)
    except VelocityError as error:
        yield _broken("store", error)


def _data(snapshot: Snapshot) -> Iterator[Finding]:
    """What the snapshot says of its own data."""
    projects = reads.projects(snapshot).sort("as_of")
    if projects.height:
        oldest = projects.row(0, named=True)
        since = datetime.now(UTC) - oldest["as_of"]
        told = f"complete to {oldest['as_of']:%Y-%m-%d %H:%M} UTC ({age(since)} ago)"
        if since > _OLD:
            name = f"{oldest['entity']}/{oldest['project']}"
            yield Finding("note", "age", f"{told}, the oldest being {name}", "Run `velocity sync`.")
        else:
            yield Finding("ok", "age", told)
    unknown = reads.unattributed(snapshot)
    if unknown.height:
        names = ", ".join(str(name) for name in unknown["username"][:_SHOWN])
        yield Finding(
            "note",
            "people",
            f"{unknown['runs'].sum():,} runs count for nobody, as the roster lacks: {names}",
            "Add them: velocity roster suggest >> roster.toml",
        )
    yield from _keys(reads.key_differences(snapshot))
    yield from _evidence(snapshot)
    yield from _set_aside(reads.rejected(snapshot))
    yield from _failed_syncs(snapshot)


def _keys(differences: pl.DataFrame) -> Iterator[Finding]:
    """Config keys that differ in nearly everything that is launched together."""
    often = differences.filter(
        pl.col("launches") >= _SOME_LAUNCHES, pl.col("differing_share") >= _NEARLY_ALL
    )
    if often.is_empty():
        return
    shown = often.head(_SHOWN)
    told = ", ".join(
        f"{key} (in {differing:,} of {launches:,} launches)"
        for key, differing, launches in shown.select("key", "differing", "launches").iter_rows()
    )
    more = f" and {often.height - _SHOWN} more" if often.height > _SHOWN else ""
    names = dict.fromkeys(key.rsplit(".", 1)[-1] for key in shown["key"])
    yield Finding(
        "note",
        "ideas",
        f"config keys that nearly always differ between runs begun together: {told}{more}",
        "Those that say nothing of the idea, such as paths, belong in same_idea_ignore: "
        + ", ".join(f'"{name}"' for name in names),
    )


def _evidence(snapshot: Snapshot) -> Iterator[Finding]:
    """State words that nobody knows, and faults that many runs bear."""
    if told := told_unknown_states(snapshot):
        yield Finding("note", "states", told, UNKNOWN_STATES_HINT)
    flags = reads.flags(snapshot).filter(
        pl.col("fault") & (pl.col("flag") != "unknown_state") & (pl.col("share") >= _MANY_FLAGGED)
    )
    if flags.height:
        rows = [
            f"{row['flag']}: {plural(row['runs'], 'run')} ({row['share']:.0%}). "
            f"{row['held']}. What counts: {mid_sentence(row['used'])}."
            for row in flags.iter_rows(named=True)
        ]
        yield Finding(
            "note",
            "evidence",
            "facts of many runs contradict each other or are not known",
            "Data health lists the runs; `velocity explain` says what a figure is made of.",
            tuple(rows),
        )


def _set_aside(rejected: pl.DataFrame) -> Iterator[Finding]:
    """Every row that could not become a run, with its reason, up to a screenful."""
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
        f"{rejected.height:,} set aside, which count in no figure",
        "Correct them at their source; the next sync or import tries them again.",
        tuple(rows),
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
            "Run `velocity sync` again; it says what to do if the failure lasts.",
        )
