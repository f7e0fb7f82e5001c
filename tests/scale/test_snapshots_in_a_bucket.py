"""Snapshots in a real bucket: who publishes, who pulls, and what an interruption leaves."""

import re
import shutil
import subprocess
import sys
from threading import Event

import pytest

from tests.builders import one_run, run, store_of
from tests.scale.servers import client, closed_port
from tests.stores import copied
from velocity.errors import ConfigurationError, StoreError
from velocity.reading import reads
from velocity.settings import Store, load_settings
from velocity.store import bucket as bucket_module, latest_snapshot, open_live, replica
from velocity.store.bucket import Bucket
from velocity.store.publish import publish, remove_other_snapshots
from velocity.store.replica import Replica

OTHER_VERSION = "f" * 64

#: Pulls half of a snapshot and waits.
_HALF = """
import sys
from pathlib import Path
from velocity.store.bucket import Bucket
from velocity.store.replica import Replica
whole = Bucket._chunks
def half(self, path):
    chunk = b"".join(whole(self, path))
    yield chunk[: len(chunk) // 2]
    print("half", flush=True)
    sys.stdin.read()
Bucket._chunks = half
Replica(Path(sys.argv[1]), Bucket(sys.argv[2])).pull()
"""


@pytest.fixture
def publisher(tmp_path):
    return copied(one_run, tmp_path / "publisher")


@pytest.fixture
def faster(tmp_path):
    """The data folder of another publisher."""
    return copied(one_run, tmp_path / "faster")


@pytest.fixture
def data(tmp_path):
    """The data folder of a replica."""
    return tmp_path / "replica"


@pytest.fixture
def other_version():
    """Makes buckets those of another version, until `undo()`."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bucket_module, "queries_fingerprint", lambda: OTHER_VERSION)
        yield patch


def _publish(data, place):
    with open_live(data) as store:
        return publish(store, place)


def _objects(s3, place):
    return sorted(entry["path"] for batch in client(s3, place).list() for entry in batch)


def _files(data):
    return sorted(path.name for path in (data / "snapshots").iterdir())


def _pull(data, place):
    Replica(data, Bucket(place)).pull()


@pytest.fixture
def name(publisher, place):
    """The snapshot that the publisher has published."""
    return _publish(publisher, place)


def test_a_replica_shows_what_was_published(publisher, data, place, name, monkeypatch):
    bucket = Bucket(place)
    first = Replica(data, bucket)
    first.pull()
    assert latest_snapshot(data).name == latest_snapshot(publisher).name == name
    assert reads.runs(latest_snapshot(data)).height == 1
    assert _files(data) == [f"{name}.duckdb"]
    assert data.stat().st_mode & 0o077 == 0
    # It asks for nothing that it has, nor does the publisher, which can be a replica too.
    monkeypatch.setattr(Bucket, "pull", None)  # a call would fail
    assert bucket.find(bucket.find().e_tag) is None
    for follower in (first, Replica(data, bucket), Replica(publisher, bucket)):
        follower.pull()
    assert latest_snapshot(publisher).name == name


def test_three_snapshots_stay_in_the_bucket_and_on_replicas(publisher, data, place, s3):
    names = []
    with open_live(publisher) as store:
        for _ in range(4):
            names.append(publish(store, place))
            _pull(data, place)
    version = bucket_module.queries_fingerprint()[:16]
    there = [f"CURRENT-{version}", *(f"{version}/{name}.duckdb" for name in names[1:])]
    assert _objects(s3, place) == sorted(there)
    assert _files(data) == [f"{name}.duckdb" for name in names[1:]]


def test_one_of_two_publishers_wins(publisher, faster, data, place, monkeypatch):
    create, names = Bucket._create, []

    def interrupted(self, path, file):
        create(self, path, file)
        monkeypatch.setattr(Bucket, "_create", create)
        names.append(_publish(faster, place))

    monkeypatch.setattr(Bucket, "_create", interrupted)
    before = latest_snapshot(publisher).name
    with pytest.raises(StoreError, match=r"^Another machine publishes to s3://") as told:
        _publish(publisher, place)
    assert "delete the object CURRENT-" in told.value.hint
    assert latest_snapshot(publisher).name == before
    _pull(data, place)
    assert latest_snapshot(data).name == names[0]


def test_a_damaged_snapshot_is_refused_and_the_previous_one_stays(publisher, name, data, place, s3):
    follower = Replica(data, Bucket(place))
    follower.pull()
    second = _publish(publisher, place)
    (there,) = [it for it in _objects(s3, place) if second in it]
    whole = client(s3, place).get(there).bytes().to_bytes()
    for wrong in (whole[:-1] + bytes([whole[-1] ^ 1]), whole[:-1], whole + b"\0"):
        client(s3, place).put(there, wrong)
        with pytest.raises(StoreError, match=rf"The snapshot {second} from s3://\S+ is damaged"):
            follower.pull()
        assert _files(data) == [f"{name}.duckdb"]
        assert latest_snapshot(data).name == name
    client(s3, place).put(there, whole)
    follower.pull()
    assert latest_snapshot(data).name == second


@pytest.mark.fault
def test_a_replica_killed_in_the_middle_of_a_pull_never_opens_a_part(name, data, place):
    command = [sys.executable, "-c", _HALF, data, place]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as killed:
        assert killed.stdout.readline() == b"half\n"
        killed.kill()
    assert _files(data) == ["pulled.partial"]
    with pytest.raises(StoreError, match="There is no data"):
        latest_snapshot(data)
    _pull(data, place)
    assert _files(data) == [f"{name}.duckdb"]
    assert reads.runs(latest_snapshot(data)).height == 1


@pytest.mark.fault
def test_replicas_serve_while_the_bucket_is_down(publisher, data, place, monkeypatch, caplog):
    name = _publish(publisher, place)
    _pull(data, place)
    with monkeypatch.context() as down:
        down.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{closed_port()}")
        down.setattr(bucket_module, "_RETRIES", {"max_retries": 0})
        down.setattr(replica, "EVERY_S", 0)
        stop, attempts = Event(), []

        class Counted(Replica):
            def pull(self):
                attempts.append(1)
                if len(attempts) == 3:
                    stop.set()
                super().pull()

        Counted(data, Bucket(place)).follow(stop)
        said = "cannot be read: the server did not answer"
        assert caplog.messages == [f"{place} {said} as expected."]
        with pytest.raises(StoreError, match=said):
            _publish(publisher, place)
    for folder in (data, publisher):
        assert latest_snapshot(folder).name == name


def test_to_forget_removes_older_snapshots_everywhere(publisher, data, place, s3, other_version):
    old = Bucket(place)
    other_version.undo()
    older_data = data.with_name("older")
    follower, older = Replica(data, Bucket(place)), Replica(older_data, old)
    name = _publish(publisher, place)
    path = publisher / "snapshots" / f"{name}.duckdb"
    old.put(shutil.copy(path, publisher.with_name("0-abc.duckdb")), "older")
    follower.pull()
    older.pull()
    assert (_files(data), _files(older_data)) == ([f"{name}.duckdb"], ["0-abc.duckdb"])
    client(s3, place).put("notes/of-somebody-else.txt", b"kept")
    last = _publish(publisher, place)
    follower.pull()
    assert len(_files(data)) == 2
    remove_other_snapshots(publisher, last, place)
    version = bucket_module.queries_fingerprint()[:16]
    pointers = [f"CURRENT-{version}", f"CURRENT-{OTHER_VERSION[:16]}"]
    there = [f"{version}/{last}.duckdb", *pointers, "notes/of-somebody-else.txt"]
    assert _objects(s3, place) == sorted(there)
    follower.pull()
    older.pull()
    assert _files(data) == [f"{last}.duckdb"]
    assert _files(older_data) == []
    with pytest.raises(StoreError, match="There is no data"):
        latest_snapshot(older_data)


def test_a_machine_takes_over_once_the_pointer_is_gone(publisher, name, faster, place, s3):
    with pytest.raises(StoreError, match="Another machine"):
        _publish(faster, place)
    assert Bucket(place).find().pointer.name == name
    client(s3, place).delete(f"CURRENT-{bucket_module.queries_fingerprint()[:16]}")
    _publish(faster, place)
    with pytest.raises(StoreError, match="Another machine"):
        remove_other_snapshots(publisher, name, place)


def test_a_wrong_key_is_named_and_not_shown(publisher, place, monkeypatch):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "zq-wrong")
    with pytest.raises(StoreError, match="permission denied") as told:
        _publish(publisher, place)
    assert "zq-wrong" not in told.value.message


@pytest.mark.usefixtures("name")
def test_a_pointer_cannot_name_a_file_elsewhere(data, place, s3):
    (pointer,) = [it for it in _objects(s3, place) if it.startswith("CURRENT-")]
    text = client(s3, place).get(pointer).bytes().to_bytes()
    client(s3, place).put(pointer, re.sub(rb'"name":"[^"]+"', b'"name":"../../x"', text))
    with pytest.raises(StoreError, match="is damaged"):
        _pull(data, place)


@pytest.mark.parametrize("address", ["s3://key:secret@bucket/x", "https://bucket", "s3://b/../x"])
def test_the_setting_is_an_address_without_a_key(tmp_path, address):
    path = tmp_path / "velocity.toml"
    path.write_text(f'[store]\nsnapshots = "{address}"\n')
    with pytest.raises(ConfigurationError, match="without a key"):
        load_settings(path)


def test_without_the_setting_snapshots_are_counted_as_ever(publisher):
    assert Store().snapshots is None
    store_of([run("r2", "11:00", "12:00")], "21:00", data=publisher)
    assert _files(publisher) == ["00000001.duckdb", "00000002.duckdb"]
