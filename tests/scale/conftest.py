"""Servers that the tests of a process share."""

import secrets

import psycopg
import pytest

from tests.scale import servers


@pytest.fixture(scope="session")
def s3(tmp_path_factory):
    """Variables with which a bucket named "velocity" is reached."""
    with servers.bucket(tmp_path_factory.mktemp("s3")) as there:
        yield there


@pytest.fixture(scope="session")
def postgres():
    with servers.postgres() as server:
        yield server


@pytest.fixture
def new_database(postgres):
    """Make a database, and return its address."""

    def make() -> str:
        name = f"of_{secrets.token_hex(8)}"
        with psycopg.connect(postgres.get_uri(), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return str(postgres.get_uri(database=name)).replace(":@", "@")  # settings refuse a password

    return make


@pytest.fixture
def database(new_database) -> str:
    """The address of a new database."""
    return str(new_database())


@pytest.fixture
def postgres_files(postgres):
    """Whether some bytes are in a table's file once everything is on the disk."""

    def found(wanted: bytes) -> bool:
        with psycopg.connect(postgres.get_uri(), autocommit=True) as connection:
            connection.execute("CHECKPOINT")
        files = (postgres.pgdata / "base").rglob("*")
        return any(wanted in path.read_bytes() for path in files if path.is_file())

    return found


@pytest.fixture
def place(s3, monkeypatch, request) -> str:
    """A prefix for one test, which this process can reach."""
    for name, value in s3.items():
        monkeypatch.setenv(name, value)
    return f"s3://velocity/{abs(hash(request.node.nodeid)):x}"
