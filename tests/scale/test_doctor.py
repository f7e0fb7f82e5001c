"""velocity doctor about the Postgres servers that the settings name."""

from contextlib import closing

import psycopg

from tests.scale.servers import closed_port
from velocity import state
from velocity.cli import doctor
from velocity.record.postgres_intake import PostgresIntake


def test_a_server_is_looked_at_and_not_changed(database, tmp_path):
    for about in ("record", "state"):
        found = doctor._database(about, database)
        assert (found.state, found.about) == ("ok", about)
        assert found.told.startswith(f"PostgreSQL at {database} has version 1")
        assert found.told.endswith(f"; velocity_{about} is made when it is needed")
    with psycopg.connect(database) as connection:
        made = "SELECT nspname FROM pg_namespace WHERE nspname LIKE 'velocity%'"
        assert connection.execute(made).fetchall() == []
    with closing(PostgresIntake(tmp_path, database)):
        assert doctor._database("record", database).told.endswith("velocity_record is there")
    state.forget(database, scholars=[], emails=[])
    assert doctor._database("state", database).told.endswith("velocity_state is there")


def test_a_server_that_cannot_be_used_is_broken(database, monkeypatch):
    nowhere = f"postgresql://velocity@127.0.0.1:{closed_port()}/runs"
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("CREATE ROLE guest LOGIN")
    other = database.replace("postgres@", "guest@")
    assert other != database
    unusable = (nowhere, "does not answer"), (other, "may not use or make velocity_record")
    for address, said in unusable:
        found = doctor._database("record", address)
        assert (found.state, said in found.told) == ("broken", True)
    monkeypatch.setattr(doctor, "OLDEST_POSTGRES", 99)
    found = doctor._database("state", database)
    assert (found.state, found.fix) == ("broken", "Use 99 or newer.")
