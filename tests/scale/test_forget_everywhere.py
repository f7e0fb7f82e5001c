"""velocity forget leaves no bytes of a person in the bucket, on replicas or in Postgres."""

from datetime import UTC, datetime

import pytest

from tests.builders import run, store_of
from tests.roster_texts import ADA
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
MACHINES = ("publisher", "replica")
_ROSTER = f"""{ADA}
[[scholars]]
id = "{PERSON}-id"
name = "Name {PERSON}"
emails = ["{PERSON}@example.org"]
usernames = ["{PERSON}"]
"""


@pytest.fixture
def settings(tmp_path, place, database):
    roster = tmp_path / "roster.toml"
    roster.write_text(_ROSTER, encoding="utf-8")
    return Settings(roster=roster, store=Store.model_construct(snapshots=place, state=database))


def _naming(folder, s3, place):
    """Whether files of the publisher, files of the replica and the bucket name the person."""
    bucket = client(s3, place)
    objects = [bucket.get(entry["path"]) for batch in bucket.list() for entry in batch]
    files = [[it for it in (folder / name).rglob("*") if it.is_file()] for name in MACHINES]
    contents = [[it.read_bytes() for it in of_one] for of_one in files]
    contents.append([it.bytes().to_bytes() for it in objects])
    return [PERSON.encode() in b"".join(of_one) for of_one in contents]


@pytest.mark.thorough
def test_no_bytes_of_a_person_stay_anywhere(tmp_path, settings, place, s3, postgres_files):
    publisher, name = tmp_path / MACHINES[0], PERSON.encode()
    rows = [run("r1", "09:00", "10:00", username=PERSON), run("r2", "09:00", "10:00")]
    store_of(rows, "20:00", settings=settings, roster=load_roster(settings.roster), data=publisher)
    with open_live(publisher) as store:
        for _ in range(2):
            publish(store, place)
    replica = Replica(tmp_path / MACHINES[1], Bucket(place))
    replica.pull()
    look = {"scholar": f"{PERSON}-id", "email": "ada@example.org", "name": "Ada", "page": "Streams"}
    state.record_look(settings.state_of(publisher), **look, at=datetime.now(UTC), kept_days=90)
    assert _naming(tmp_path, s3, place) == [True] * 3
    assert postgres_files(name)
    forget_person(publisher, settings, look_up(publisher, settings, PERSON))
    replica.pull()
    assert _naming(tmp_path, s3, place) == [False] * 3
    assert not postgres_files(name)
