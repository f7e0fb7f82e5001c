"""A disk that fills up during a sync gives one clear error, and nothing is lost."""

import errno
import os
import resource
import shutil
import subprocess
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from tests.forked import Commands
from tests.histories import assert_equals_a_clean_pull
from tests.worlds import environment_of, node, runs_served
from velocity.errors import StoreError
from velocity.reading import reads
from velocity.store import latest_snapshot, live

STAGES = {"pull", "merge", "derive", "publish"}
DISK = 64 << 20
#: Free bytes, from none to enough for a sync, and the stage at which these are used up too. A pull
#: that fits leaves enough to derive, because its log is freed first.
ROOMS = [
    *((step << 15, "") for step in (0, 4, 32)),
    (1024 << 15, "derive"),
    *((step << 15, "") for step in (64, 128, 256, 512, 1024)),
]
FIRST, LATER = 100, 1_500

#: Runs the following command on a private disk.
_OWN_DISK = 'mount -t tmpfs -o size="$0" tmpfs "$1" && shift && exec "$@"'


def own_disk(folder):
    """Words before a command that mount a disk at `folder`; empty if the system forbids it."""
    words = ("unshare", "-rm", "sh", "-c", _OWN_DISK, str(DISK), str(folder))
    try:
        subprocess.run([*words, "true"], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        return ()
    return words


def free_on(disk):
    free = os.statvfs(disk)
    return free.f_bavail * free.f_frsize


def leave_on(disk):
    def leave(room):
        filler = disk / "filler"
        filler.unlink(missing_ok=True)
        with filler.open("wb") as file:
            # A sync that runs meanwhile takes some of what was free a moment ago.
            while (size := free_on(disk) - room) > 0:
                try:
                    os.posix_fallocate(file.fileno(), 0, size)
                except OSError as error:
                    if error.errno != errno.ENOSPC:
                        raise
                else:
                    break

    return leave


def limit_files_of(pid, data):
    """Without a private disk: limit file sizes to 0, or to the largest file plus the room.

    A limit in the middle of a file would cut a write into two parts, unlike a full disk.
    """

    def leave(room):
        largest = max(path.stat().st_size for path in data.glob("*.duckdb"))
        limit = largest + room if room else 0
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))

    return leave


def test_a_store_without_permission_is_not_called_damaged(monkeypatch, tmp_path):
    def refused(*_):
        raise duckdb.IOException('Cannot open file "record.duckdb": Permission denied')

    monkeypatch.setattr(live, "LiveStore", refused)
    with pytest.raises(StoreError, match="Permission denied") as caught, live.open_live(tmp_path):
        pass
    assert "check the permissions" in caught.value.hint


@pytest.mark.fault
def test_a_full_disk_ends_a_sync_with_an_error_and_without_loss(monkeypatch, tmp_path, tell):
    disk = tmp_path / "disk"
    disk.mkdir()
    ended_in = Counter()
    with runs_served(monkeypatch, FIRST) as server:
        env = environment_of(server, tmp_path, VELOCITY_DATA=str(disk / "data"))
        before = own_disk(disk)
        with Commands(tmp_path, env, *before) as commands:
            seen = Path(f"/proc/{commands.pid}/root{disk}") if before else disk
            first = commands.start("sync", "--project", "lab/*")
            assert list(first.lines())
            assert first.code == 0
            leave = leave_on(seen) if before else limit_files_of(commands.pid, seen / "data")
            for number in range(FIRST, LATER):
                server.world.put(node(number, heartbeat_at=datetime.now(UTC)))
            for room, until in ROOMS:
                leave(room)
                command = commands.start("sync", "--project", "lab/*")
                said = []
                for line in command.lines():
                    if until and line.startswith(until):
                        leave(0)
                    said.append(line)
                if command.code == 0:
                    break
                assert command.code == 1, said
                told = next(line for line in said if line.startswith("Error"))
                assert "No space left on device" in told or "File too large" in told, said
                assert "Free some disk space" in "\n".join(said)
                assert "Traceback" not in "\n".join(said)
                begun = [stage for line in said if (stage := line.split(" ")[0]) in STAGES]
                ended_in[begun[-1] if begun else "open"] += 1
                assert runs_shown(copy_of(seen, tmp_path / "copy")) == FIRST
            assert command.code == 0
            tell(f"a full disk by stage: {dict(ended_in)}, {'own disk' if before else 'limit'}")
            assert ended_in
            if before:  # merges do not have a separate line
                assert ended_in.keys() & {"pull", "merge"}
                # A sync may have derived all before the disk is filled behind it.
                assert ended_in.keys() & {"derive", "publish"}
            kept = copy_of(seen, tmp_path / "kept")
        assert runs_shown(kept) == LATER
        assert_equals_a_clean_pull(kept, tmp_path / "clean")


def copy_of(disk, place):
    """Copy the data folder from a disk that a path alone does not reach."""
    shutil.rmtree(place, ignore_errors=True)
    return shutil.copytree(disk / "data", place)


def runs_shown(folder):
    return reads.runs(latest_snapshot(folder)).height
