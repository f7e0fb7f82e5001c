"""Restores a backup; people who were forgotten since then stay forgotten."""

import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from velocity import state
from velocity.database.lock import writer_lock
from velocity.errors import StoreError
from velocity.formats import plural
from velocity.paths import make_private
from velocity.queries import load_query
from velocity.record import exclusions
from velocity.record.exclusions import Names
from velocity.roster.models import load_roster
from velocity.settings import Settings, Store, load_settings
from velocity.store import open_live
from velocity.store.derive import derive
from velocity.store.live import move
from velocity.store.publish import publish
from velocity.store.restored import KEPT_FILES, accept, finish_restore
from velocity.sync.backup import ROSTER, SETTINGS, Backup, unpack
from velocity.sync.forget import finish_forgetting

_PREPARED = "restore.partial"
#: The list of forgotten people is not replaced: those of the backup are added to it.
_REPLACED = tuple(it for it in (*KEPT_FILES, "live.duckdb") if it != "forgotten.json")


@dataclass(frozen=True)
class Restored:
    """What was restored."""

    backup: Backup
    written: tuple[Path, ...]  # settings and roster, where there were none
    kept: tuple[Path, ...]  # settings and roster that were there
    forgotten: int  # names that were forgotten after the backup was made
    published: str


def restore(data: Path, config: Path, path: Path, *, replace: bool = False) -> Restored:
    """Restore a backup into a data folder, and publish a snapshot.

    Everything is checked and prepared beside the store, which then changes at once. Settings and a
    roster that exist stay as they are.

    Raises:
        VelocityError: the backup is missing, damaged or newer, there is a store and `replace` is
            not set or its record is on a server, another process is writing it, or the settings or
            the roster have errors.
        OSError: a file cannot be read or written.
    """
    if not path.is_file():
        raise StoreError(f"There is no file {path}.", "Name a file that `velocity backup` wrote.")
    make_private(data)
    prepared = data / _PREPARED
    with writer_lock(data):
        finish_restore(data)
        shutil.rmtree(prepared, ignore_errors=True)
        try:
            backup = unpack(path, prepared)
            settings, targets = _places(prepared, config)
            where = settings.state_of(data)
            if settings.store.record is not None and (data / KEPT_FILES[0]).exists():
                raise _on_server(data)
            if not replace:
                _refuse_to_replace(data, where)
            load_roster(settings.roster)
            forgotten = _forget_again(data, prepared, settings)
            if where != data:
                state.copy(prepared, where)
                (prepared / "state.sqlite").unlink()
            written = tuple(it for it in targets if not it.exists())
            for target in written:
                make_private(target.parent)
                shutil.copyfile(targets[target], target)
                target.chmod(0o600)
            accept(data, prepared)
        finally:
            shutil.rmtree(prepared, ignore_errors=True)
    settings = load_settings(config)
    if settings.store.record is not None:
        move(data, settings, "server")
    with open_live(data, settings) as store:
        derive(store, settings, load_roster(settings.roster))
        published = publish(store, settings.store.snapshots)
    kept = tuple(it for it in targets if it not in written)
    return Restored(backup, written, kept, forgotten, published)


def _on_server(data: Path) -> StoreError:
    return StoreError(
        f"The record of {data} is on a server, whose runs a backup does not replace.",
        "Nothing was changed. Restore into a new folder, with an empty database in store.record.",
    )


def _refuse_to_replace(data: Path, where: state.Where) -> None:
    """Refuse to replace files, or a state elsewhere."""
    held = [_described(data / name) for name in _REPLACED if (data / name).exists()]
    if where != data and any(state.people(where)):
        held.append(str(where))
    if held:
        raise StoreError(
            f"{data} has a store, which would be replaced: {', '.join(held)}.",
            "Nothing was changed. To replace it, use --replace; `velocity backup` keeps it.",
        )


def _described(path: Path) -> str:
    about = path.stat()
    changed = datetime.fromtimestamp(about.st_mtime, UTC)
    return f"{path.name} ({plural(about.st_size, 'byte')}, {changed:%Y-%m-%d %H:%M} UTC)"


def _places(prepared: Path, config: Path) -> tuple[Settings, dict[Path, Path]]:
    """The settings; where they and the roster belong -> where they are prepared."""
    settings = load_settings(config if config.exists() else prepared / SETTINGS)
    roster = settings.roster
    if not config.exists() and roster.is_relative_to(prepared):
        roster = config.parent / roster.relative_to(prepared)
    places = {config: prepared / SETTINGS, roster: prepared / ROSTER}
    targets = {it: source for it, source in places.items() if source.exists()}
    for target in targets:
        inside = target.resolve().is_relative_to(config.parent.resolve())
        if not (inside or target.exists()):
            raise StoreError(
                f"The settings place the roster outside their folder: {target}.",
                f"Put a roster there first; the backup, a tar archive, has it as {ROSTER}. "
                "Nothing was changed.",
            )
    there = roster if roster.exists() else targets.get(roster, roster)
    return settings.model_copy(update={"roster": there}), targets


def _forget_again(data: Path, prepared: Path, settings: Settings) -> int:
    """Remove the people who are forgotten here from restored files; returns how many names."""
    # Nothing that is prepared may reach a bucket or a database that others use.
    settings = settings.model_copy(update={"store": Store()})
    forgotten = exclusions.load(prepared).joined(exclusions.load(data))
    names = _names_of(prepared, settings, forgotten)
    if forgotten.hashes:
        forgotten.begun(names).save(prepared)
    finish_forgetting(prepared, settings)
    return sum(map(len, (names.scholars, names.usernames, names.emails)))


def _names_of(prepared: Path, settings: Settings, forgotten: exclusions.Exclusions) -> Names:
    """The names in restored files that were forgotten."""
    with open_live(prepared, settings) as store, store.reading_record():
        rows = store.run(load_query("store/every_name").body)
    looked_at, addresses = state.people(prepared)
    found = {kind: {name for it, name, _ in rows if it == kind} for kind, _, _ in rows}
    ids = found.get("scholar", set())
    labels = ids | found.get("label", set()) | looked_at
    gone = frozenset(it for it in labels if forgotten.has("scholar", it))
    usernames = frozenset(it for it in found.get("username", ()) if forgotten.has("username", it))
    emails = {name for kind, name, owner in rows if kind == "email" and owner in gone}
    emails |= {it for it in addresses if forgotten.has("email", it)}
    return Names(gone, usernames, gone | (usernames - ids), frozenset(emails))
