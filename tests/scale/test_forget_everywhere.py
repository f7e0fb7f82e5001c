"""velocity forget leaves no bytes of a person in the bucket, on replicas or in Postgres."""

from datetime import UTC, datetime

import pytest

from tests.builders import run, store_of
from tests.scale.servers import client
from velocity import state
from velocity.roster.models import load_roster
from velocity.settings import Settings, Store
from velocity.store import open_live
from velocity.store.bucket import Bucket
from velocity.store.publish import publish
from velocity.store.replica import Replica
from velocity.sync.forget import forget_person, look_up

PERSON = "zebrafinch"
_ROSTER = f"""
[[scholars]]
id = "{PERSON}-id"
name = "Name {PERSON}"
emails = ["{PERSON}@example.org"]
usernames = ["{PERSON}"]

[[scholars]]
id = "ada"
name = "Ada"
usernames = ["ada"]
"""


@pytest.fixture
def settings(tmp_path, place, database):
    roster = tmp_path / "roster.toml"
    roster.write_text(_ROSTER, encoding="utf-8")
    return Settings(roster=roster, store=Store.model_construct(snapshots=place, state=database))


def _bytes(folder):
    return b"".join(it.read_bytes() for it in folder.rglob("*") if it.is_file())


def _in_bucket(s3, place):
    bucket = client(s3, place)
    paths = [entry["path"] for batch in bucket.list() for entry in batch]
    return b"".join(bucket.get(path).bytes().to_bytes() for path in paths)


@pytest.mark.thorough
def test_no_bytes_of_a_person_stay_anywhere(tmp_path, settings, place, s3, postgres_files):
    publisher, name = tmp_path / "publisher", PERSON.encode()
    rows = [run("r1", "09:00", "10:00", username=PERSON), run("r2", "09:00", "10:00")]
    store_of(rows, "20:00", settings=settings, roster=load_roster(settings.roster), data=publisher)
    with open_live(publisher) as store:
        for _ in range(2):
            publish(store, place)
    replica = Replica(tmp_path / "replica", Bucket(place))
    replica.pull()
    state.record_look(
        settings.state_of(publisher),
        scholar=f"{PERSON}-id",
        email="ada@example.org",
        name="Ada",
        page="Streams",
        at=datetime.now(UTC),
        kept_days=90,
    )
    there = (_bytes(publisher), _bytes(tmp_path / "replica"), _in_bucket(s3, place))
    assert [name in it for it in there] == [True] * 3
    assert postgres_files(name)
    forget_person(publisher, settings, look_up(publisher, settings, PERSON))
    replica.pull()
    there = (_bytes(publisher), _bytes(tmp_path / "replica"), _in_bucket(s3, place))
    assert [name in it for it in there] == [False] * 3
    assert not postgres_files(name)
