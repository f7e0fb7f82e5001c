"""A backup restores every figure, whatever happens meanwhile; forgotten people stay forgotten."""

import json
import random
import subprocess
import sys
import tarfile
from typing import get_args

import pytest
from polars.testing import assert_frame_equal

import velocity as api
from tests.builders import run
from tests.commands import velocity
from tests.conftest import ROOT
from tests.killed import kill_at, kill_at_line
from tests.programmes import AS_OF, PEOPLE, programme
from tests.stores import built, bytes_of, contents, copied
from velocity import state
from velocity.api.exported import frames
from velocity.errors import StoreBusyError, StoreError
from velocity.reading.reads import By
from velocity.record import exclusions
from velocity.records import run_frame
from velocity.settings import load_settings
from velocity.store import latest_snapshot, open_live
from velocity.store.restored import KEPT_FILES
from velocity.sync import backup as backups
from velocity.sync.backup import back_up
from velocity.sync.forget import forget_person, look_up
from velocity.sync.restore import restore

pytestmark = pytest.mark.sampled(14)


def _back_up(folder, path):
    return back_up(folder / "data", folder / "velocity.toml", path)


def _restore(path, folder, *, replace=False):
    folder.mkdir(exist_ok=True)
    return restore(folder / "data", folder / "velocity.toml", path, replace=replace)


def _forgetful(folder):
    """The programme without person3, who was forgotten, and with a later run."""
    programme(folder)
    _forget(folder, "person3")
    _merge_later(folder / "data")


def _forget(folder, person):
    settings = load_settings(folder / "velocity.toml")
    forget_person(folder / "data", settings, look_up(folder / "data", settings, person))


def _merge_later(data):
    with open_live(data) as store:
        store.record.merge_runs(run_frame([run("later", "09:00", project="later")]))


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """A backup of the programme."""
    path = tmp_path_factory.mktemp("saved") / "monday.backup"
    _back_up(built(programme), path)
    return path


def _tables(data):
    """Every table of the store with its numbers, and of the snapshot."""
    with open_live(data) as store, store.reading_record():
        sql = "SELECT database_name, schema_name, table_name FROM duckdb_tables()"
        found = {
            ".".join(it): store.frame("FROM " + ".".join(f'"{part}"' for part in it))
            for it in store.run(f"{sql} WHERE NOT temporary")
        }
    snapshot = latest_snapshot(data)
    names = snapshot.frame("SELECT table_name FROM duckdb_tables() WHERE NOT temporary")
    found |= {f"published {it}": snapshot.frame(f'FROM "{it}"') for it in names["table_name"]}
    return found


@pytest.fixture
def home(tmp_path):
    """The programme, which may be changed."""
    return copied(programme, tmp_path / "home")


def _projects(data):
    """The projects of the record, each with its number of runs."""
    with open_live(data) as store, store.reading_record():
        return dict(store.run("SELECT project, count(*) FROM raw_run GROUP BY ALL"))


@pytest.mark.thorough
def test_an_empty_machine_gets_every_figure_back(tmp_path):
    source, home = built(programme), tmp_path / "another home"
    home.mkdir()
    path = tmp_path / "all.backup"
    places = ("--data", source / "data", "--config", source / "velocity.toml")
    made = velocity(*places, "backup", path, cwd=home)
    assert made.returncode == 0, made.stderr
    assert path.stat().st_mode & 0o777 == 0o600
    done = velocity("restore", path, cwd=home)
    assert done.returncode == 0, done.stderr
    tables, restored = (_tables(it / "data") for it in (source, home))
    assert tables.keys() == restored.keys()
    assert {"record.main.raw_run", "live.derived.loop", "published weekly"} <= tables.keys()
    for name, frame in tables.items():
        assert_frame_equal(frame, restored[name], check_row_order=False, check_exact=True)
    with api.open(source / "data") as before, api.open(home / "data") as after:
        figures = dict(frames(before)), dict(frames(after))
    assert {f"metrics_{by}_week" for by in get_args(By)} <= figures[0].keys()
    for name, frame in figures[0].items():
        if name != "snapshot":
            assert_frame_equal(frame, figures[1][name], check_exact=True)
    for person in PEOPLE:
        seen = [state.looks(it / "data", person, at=AS_OF, kept_days=90) for it in (source, home)]
        assert_frame_equal(*seen)
        assert state.is_signed_out(home / "data", f"{person}@x.example", AS_OF)
        assert len(state.messages(home / "data", person)) == 1
    for name in ("velocity.toml", "roster.toml"):
        assert (home / name).read_bytes() == (source / name).read_bytes()
        assert (home / name).stat().st_mode & 0o777 == 0o600


def test_a_backup_has_no_secrets(tmp_path, monkeypatch):
    for name in ("WANDB_API_KEY", "VELOCITY_WEBHOOK_URL", "VELOCITY_OPERATOR_URL"):
        monkeypatch.setenv(name, "https://secret.example/zebrafinch")
    _back_up(built(programme), tmp_path / "x")
    assert b"zebrafinch" not in (tmp_path / "x").read_bytes()
    assert b"hash-of-a-token" not in (tmp_path / "x").read_bytes()


def test_a_backup_made_during_writes_has_whole_transactions(home, tmp_path):
    """Each transaction writes 50 runs; some of them are larger than the log may become."""
    writing = """
import sys
from pathlib import Path
from tests.builders import run
from velocity.records import run_frame
from velocity.store import open_live
with open_live(Path(sys.argv[1])) as store:
    print("open", flush=True)
    for batch in range(100_000):
        rows = [run(f"b{batch}-{it}", "09:00", "10:00", project=f"q{batch}") for it in range(50)]
        store.record.merge_runs(run_frame(rows))
        if batch % 7 == 0:
            store.record.rewrite()
        if batch % 3 == 0:
            store.record.connection.run("CHECKPOINT record")
"""
    with subprocess.Popen(
        [sys.executable, "-c", writing, home / "data"], cwd=ROOT, stdout=subprocess.PIPE
    ) as writer:
        try:
            assert writer.stdout.readline() == b"open\n"
            with pytest.raises(StoreBusyError), open_live(home / "data"):
                pass
            sizes = []
            for number in range(4):
                _back_up(home, tmp_path / f"{number}")
                backups.unpack(tmp_path / f"{number}", tmp_path / f"r{number}")
                batches = _projects(tmp_path / f"r{number}")
                del batches["vision"]
                assert {*batches.values()} <= {50}
                sizes.append(len(batches))
            assert writer.poll() is None
        finally:
            writer.kill()
    assert sizes == sorted(sizes)
    assert sizes[-1] > sizes[0]


@pytest.mark.parametrize("seed", range(12))
def test_a_damaged_backup_changes_nothing(seed, saved, home, tmp_path):
    draw = random.Random(seed)  # noqa: S311 - no secret
    content = bytearray(saved.read_bytes())
    if seed % 3 == 0:
        content = content[: draw.randrange(len(content))]
    else:
        # The first part has the contents, and later parts the files.
        place = draw.randrange(512, 1536 if seed % 3 == 1 else len(content) - 20_480)
        content[place] ^= 1 << draw.randrange(8)
    path = tmp_path / "damaged"
    path.write_bytes(content)
    before = contents(home, "lock")
    try:
        done = _restore(path, home, replace=True)
    except StoreError as error:
        refused = error.message
    else:
        # The padding between two files means nothing.
        assert done.backup.bytes == len(content)
        return
    assert "is not a whole backup" in refused
    assert "\n" not in refused
    assert contents(home, "lock") == before


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x03\x04" + b"x" * 2000])
def test_another_file_is_not_restored_or_overwritten(content, tmp_path):
    path = tmp_path / "other"
    path.write_bytes(content)
    with pytest.raises(StoreError, match="is not a whole backup"):
        _restore(path, tmp_path / "home")
    assert not any(contents(tmp_path / "home", "lock").values())
    with pytest.raises(StoreError, match="exists and is not a backup"):
        _back_up(built(programme), path)
    assert path.read_bytes() == content


def _changed(saved, path, change):
    """A copy of a backup with other contents, correctly signed."""
    with tarfile.open(saved) as archive:
        archive.extractall(path.parent / "files", filter="data")
    files = path.parent / "files"
    about = json.loads((files / "contents.json").read_text())["about"]
    (files / "contents.json").unlink()
    with pytest.MonkeyPatch.context() as patch:
        change(patch, about)
        backups._pack(files, path, AS_OF)


def test_a_backup_by_a_newer_version_is_refused(saved, tmp_path):
    known = backups._schemas()
    for change in (
        lambda patch, _: patch.setattr(backups, "_FORMAT", 2),
        lambda patch, _: patch.setattr(backups, "_schemas", lambda: [*known, "record/schema/x"]),
    ):
        _changed(saved, tmp_path / "newer", change)
        with pytest.raises(StoreError, match="newer version of velocity") as refused:
            _restore(tmp_path / "newer", tmp_path / "home")
        assert "Nothing was changed" in refused.value.hint
        (tmp_path / "newer").unlink()


def test_a_store_is_replaced_only_on_request_and_settings_never(saved, home):
    (home / "roster.toml").write_text("# mine\n")
    _merge_later(home / "data")
    before = contents(home, "lock")
    done = velocity("restore", saved, cwd=home)
    assert done.returncode == 1
    for name in ("record.duckdb", "derived.duckdb", "config.salt", "state.sqlite"):
        assert (name in done.stderr.decode()) is (home / "data" / name).exists()
    assert contents(home, "lock") == before
    done = velocity("restore", saved, "--replace", cwd=home)
    assert done.returncode == 0, done.stderr
    assert b"Kept velocity.toml and roster.toml" in done.stderr
    assert (home / "roster.toml").read_text() == "# mine\n"
    assert _projects(home / "data").keys() == {"vision"}


def test_settings_may_not_place_a_roster_anywhere(saved, tmp_path):
    text = f'roster = "{tmp_path}/elsewhere.toml"\n'
    place = tmp_path / "files" / "velocity.toml"
    _changed(saved, tmp_path / "odd", lambda *_: place.write_text(text))
    with pytest.raises(StoreError, match="outside their folder"):
        _restore(tmp_path / "odd", tmp_path / "home")
    assert not (tmp_path / "elsewhere.toml").exists()


@pytest.mark.thorough
def test_people_forgotten_since_the_backup_stay_forgotten(saved, tmp_path):
    home = copied(_forgetful, tmp_path / "home")
    (home / "roster.toml").write_text("")
    done = _restore(saved, home, replace=True)
    assert done.forgotten == 3
    left = bytes_of(home)
    assert b"person3" not in left
    assert b"person2" in left
    # Their address was hashed as well, so that views by them do not come back.
    assert exclusions.load(home / "data").has("email", "person3@x.example")


@pytest.mark.thorough
def test_the_list_of_another_store_is_not_mixed_in(saved, tmp_path):
    homes = [copied(it, tmp_path / it.__name__) for it in (_forgetful, programme)]
    _forget(homes[1], PEOPLE[0])
    _back_up(homes[0], tmp_path / "one.backup")
    before = contents(homes[1], "lock")
    with pytest.raises(StoreError, match="of another store"):
        _restore(tmp_path / "one.backup", homes[1], replace=True)
    assert contents(homes[1], "lock") == before
    assert _restore(saved, homes[1], replace=True).forgotten == 3


@pytest.mark.fault
@pytest.mark.parametrize("step", ["copy_record", "_pack", "make_durable"])
def test_a_killed_backup_leaves_the_earlier_one(step, saved, tmp_path):
    path = tmp_path / "daily"
    path.write_bytes(saved.read_bytes())
    source = built(programme)
    call = (back_up, source / "data", source / "velocity.toml", path)
    kill_at(f"velocity.sync.backup:{step}", *call)
    assert path.read_bytes() == saved.read_bytes()
    _back_up(source, path)
    assert [it.name for it in tmp_path.iterdir()] == ["daily"]


@pytest.mark.fault
def test_a_backup_killed_at_any_line_leaves_a_whole_one(saved, home, tmp_path):
    path = tmp_path / "backups" / "daily"
    path.parent.mkdir()
    before, draw = contents(home, "lock"), random.Random(11)  # noqa: S311 - no secret
    call = (back_up, home / "data", home / "velocity.toml", path)
    lines = kill_at_line(None, *call)
    for number in range(16):
        path.write_bytes(saved.read_bytes())
        # Half of them while the file is packed and put in place; each half from early to late.
        first = max(1, lines - 150) if number % 2 else 1
        part = (number // 2 + draw.random()) / 8
        kill_at_line(first + int(part * (lines - first)), *call)
        if path.read_bytes() != saved.read_bytes():
            backups.unpack(path, tmp_path / f"{number}")
    _back_up(home, path)
    assert [it.name for it in path.parent.iterdir()] == ["daily"]
    assert contents(home, "lock") == before


@pytest.mark.fault
def test_a_killed_restore_is_all_or_nothing(saved, tmp_path):
    """Killed at one step after the other; each restore begins with what the last one left."""
    home = copied(_forgetful, tmp_path / "home")
    data, config = home / "data", home / "velocity.toml"
    for step, restored in (
        ("velocity.sync.restore:_forget_again", False),
        ("velocity.sync.forget:derive", False),
        ("velocity.sync.restore:accept", False),
        ("velocity.store.restored:finish_restore", True),
        ("velocity.store.restored:write_ahead_log", True),
        ("velocity.sync.restore:publish", True),
    ):
        kill_at(step, restore, data, config, saved, replace=True)
        assert _projects(data).keys() == ({"vision"} if restored else {"vision", "later"})
        for name in KEPT_FILES[:2]:
            assert b"person3" not in (data / name).read_bytes()
        _merge_later(data)
    assert _restore(saved, home, replace=True).published == latest_snapshot(data).name
    assert not [it.name for it in data.iterdir() if it.name in {"restored", "restore.partial"}]
    for name in KEPT_FILES[:2]:
        assert b"person3" not in (data / name).read_bytes()
