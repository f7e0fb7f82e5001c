"""State beside the store: looks at pages, read results, sign-outs, tokens, sent messages.

A small SQLite file in the data folder; it is never part of a snapshot.
"""

from __future__ import annotations

import fcntl
import sqlite3
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from velocity.paths import make_private

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

_FILE = "state.sqlite"
_WAIT_S = 5.0
#: Reruns during one visit are one look.
_SAME_LOOK = timedelta(minutes=30)
_MARKS_KEPT = timedelta(days=365)
_MESSAGES_KEPT = timedelta(days=365)
_EPOCH = datetime.fromtimestamp(0, UTC)
_MICROSECOND = timedelta(microseconds=1)
_SCHEMA = """
CREATE TABLE IF NOT EXISTS look (
  looked_at INTEGER NOT NULL, scholar TEXT NOT NULL, email TEXT NOT NULL, name TEXT NOT NULL,
  page TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS look_of ON look (scholar, looked_at);
CREATE TABLE IF NOT EXISTS signed_out (email TEXT PRIMARY KEY, issued_at INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS mcp_token (
  email TEXT PRIMARY KEY, hash TEXT NOT NULL, made_at INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS read_mark (
  scholar TEXT NOT NULL, experiment TEXT NOT NULL, result_at INTEGER NOT NULL,
  read_at INTEGER NOT NULL, PRIMARY KEY (experiment, result_at)
);
CREATE TABLE IF NOT EXISTS message (
  person TEXT NOT NULL, rule TEXT NOT NULL, subject TEXT NOT NULL, day TEXT NOT NULL,
  sent_at INTEGER NOT NULL, settled INTEGER NOT NULL, PRIMARY KEY (person, rule, subject)
);
CREATE TABLE IF NOT EXISTS posted (
  week TEXT NOT NULL, stream TEXT NOT NULL, PRIMARY KEY (week, stream)
);
"""


class ReadMark(NamedTuple):
    """A result that its scholar has read and is thinking about."""

    experiment_id: str  # ENTITY/PROJECT/ID of its first run
    result_at: datetime  # a later result of the same experiment is another one
    read_at: datetime


class SentMessage(NamedTuple):
    """A message to a person, as it is recorded before it is sent."""

    person: str  # id of a scholar, or address of a lead
    rule: str
    subject: str  # a message about it is sent once
    day: str  # working day of the person, as YYYY-MM-DD
    sent_at: datetime


@contextmanager
def sending(data: Path) -> Iterator[None]:
    """Makes other processes that send something wait, so that they see what this one records."""
    make_private(data)
    with (data / "post.lock").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def sign_out(data: Path, email: str, issued_at: datetime) -> None:
    """Ends the sign-in of `email` issued at `issued_at`, and every earlier one."""
    with _open(data) as state:
        state.execute(
            "INSERT INTO signed_out VALUES (?, ?) ON CONFLICT (email) "
            "DO UPDATE SET issued_at = max(issued_at, excluded.issued_at)",
            (email, _seconds(issued_at)),
        )


def is_signed_out(data: Path, email: str, issued_at: datetime) -> bool:
    """Returns whether the sign-in of `email` issued at `issued_at` was ended."""
    with _open(data) as state:
        found = state.execute(
            "SELECT 1 FROM signed_out WHERE email = ? AND issued_at >= ?",
            (email, _seconds(issued_at)),
        )
        return found.fetchone() is not None


def keep_token(data: Path, email: str, hashed: str, made_at: datetime) -> None:
    """Records the hash of the token of `email` for the MCP server, instead of an earlier one."""
    with _open(data) as state:
        state.execute(
            "INSERT OR REPLACE INTO mcp_token (email, hash, made_at) VALUES (?, ?, ?)",
            (email, hashed, _seconds(made_at)),
        )


def token_owner(data: Path, hashed: str) -> str | None:
    """Returns the address whose token has that hash; None if there is none."""
    with _open(data) as state:
        found = state.execute("SELECT email FROM mcp_token WHERE hash = ?", (hashed,)).fetchone()
    return None if found is None else str(found[0])


def record_look(
    data: Path,
    *,
    scholar: str,
    email: str,
    name: str,
    page: str,
    at: datetime,
    kept_days: float,
) -> None:
    """Records that `email` looked at a page about the scholar; removes looks that are too old.

    Args:
        data: data folder.
        scholar: id of the scholar on the page.
        email: address of the viewer.
        name: name of the viewer, which the scholar sees.
        page: title of the page.
        at: when.
        kept_days: looks older than this are removed.
    """
    look = (scholar, email, page)
    with _open(data) as state:
        state.execute(
            "DELETE FROM look WHERE looked_at < ?", (_seconds(at - timedelta(days=kept_days)),)
        )
        state.execute(
            "INSERT INTO look (looked_at, scholar, email, page, name) SELECT ?, ?, ?, ?, ? "
            "WHERE NOT EXISTS (SELECT 1 FROM look "
            "WHERE scholar = ? AND email = ? AND page = ? AND looked_at > ?)",
            (_seconds(at), *look, name, *look, _seconds(at - _SAME_LOOK)),
        )


def looks(data: Path, scholar: str, *, at: datetime, kept_days: float) -> pl.DataFrame:
    """Returns the looks at the scholar's pages, latest first: looked_at (UTC), who, page."""
    with _open(data) as state:
        rows = state.execute(
            "SELECT looked_at, name, page FROM look WHERE scholar = ? AND looked_at >= ? "
            "ORDER BY looked_at DESC, name",
            (scholar, _seconds(at - timedelta(days=kept_days))),
        ).fetchall()
    return pl.DataFrame(
        [(datetime.fromtimestamp(seconds, UTC), name, page) for seconds, name, page in rows],
        schema={"looked_at": pl.Datetime("us", "UTC"), "who": pl.String, "page": pl.String},
        orient="row",
    )


def mark_read(data: Path, scholar: str, mark: ReadMark) -> None:
    """Records that the scholar has read a result; an earlier mark of it is replaced.

    Marks that are too old to hold are removed.
    """
    with _open(data) as state:
        state.execute(
            "DELETE FROM read_mark WHERE read_at < ?", (_micros(mark.read_at - _MARKS_KEPT),)
        )
        state.execute(
            "INSERT OR REPLACE INTO read_mark (scholar, experiment, result_at, read_at) "
            "VALUES (?, ?, ?, ?)",
            (scholar, mark.experiment_id, _micros(mark.result_at), _micros(mark.read_at)),
        )


def unmark_read(data: Path, experiment_id: str, result_at: datetime) -> None:
    """Removes the mark of a result, if it has one."""
    with _open(data) as state:
        state.execute(
            "DELETE FROM read_mark WHERE experiment = ? AND result_at = ?",
            (experiment_id, _micros(result_at)),
        )


def read_marks(data: Path) -> tuple[ReadMark, ...]:
    """Returns every mark, in order of the experiment."""
    with _open(data) as state:
        rows = state.execute(
            "SELECT experiment, result_at, read_at FROM read_mark ORDER BY experiment, result_at"
        ).fetchall()
    return tuple(ReadMark(name, _moment(result_at), _moment(at)) for name, result_at, at in rows)


def addresses_of(data: Path, full_name: str) -> frozenset[str]:
    """Returns the addresses that looked at pages under a full name."""
    with _open(data) as state:
        rows = state.execute("SELECT DISTINCT email FROM look WHERE name = ?", (full_name,))
        return frozenset(email for (email,) in rows)


def has_traces(data: Path, name: str) -> tuple[bool, bool]:
    """Returns whether there are records of a scholar, and of an address, with that name."""
    with _open(data) as state:
        of_scholar, of_address = state.execute(
            "SELECT EXISTS (SELECT 1 FROM look WHERE scholar = $name) "
            "OR EXISTS (SELECT 1 FROM read_mark WHERE scholar = $name) "
            "OR EXISTS (SELECT 1 FROM message WHERE person = $name AND rule <> 'runway'), "
            "EXISTS (SELECT 1 FROM look WHERE email = $name) "
            "OR EXISTS (SELECT 1 FROM message WHERE person = $name AND rule = 'runway') "
            "OR EXISTS (SELECT 1 FROM signed_out WHERE email = $name) "
            "OR EXISTS (SELECT 1 FROM mcp_token WHERE email = $name)",
            {"name": name},
        ).fetchone()
        return bool(of_scholar), bool(of_address)


def forget(data: Path, *, scholars: Iterable[str], emails: Iterable[str]) -> None:
    """Removes what is recorded about these scholars and addresses."""
    scholars = list(scholars)
    with _open(data) as state:
        state.executemany("DELETE FROM read_mark WHERE scholar = ?", [(it,) for it in scholars])
        state.executemany("DELETE FROM look WHERE scholar = ?", [(it,) for it in scholars])
        state.executemany("DELETE FROM message WHERE person = ?", [(it,) for it in scholars])
        for email in emails:
            state.execute("DELETE FROM look WHERE email = ?", (email,))
            state.execute("DELETE FROM signed_out WHERE email = ?", (email,))
            state.execute("DELETE FROM mcp_token WHERE email = ?", (email,))
            state.execute("DELETE FROM message WHERE person = ?", (email,))
        state.commit()
        state.execute("VACUUM")


def record_posted(data: Path, week: str, stream: str | None) -> bool:
    """Records that the digest of an ISO week and stream (None: the programme) was posted.

    Returns:
        Whether it was not recorded before.
    """
    with _open(data) as state:
        done = state.execute("INSERT OR IGNORE INTO posted VALUES (?, ?)", (week, stream or ""))
        return done.rowcount == 1


def forget_posted(data: Path, week: str, stream: str | None) -> None:
    """Removes that record: the digest was not posted after all."""
    with _open(data) as state:
        state.execute("DELETE FROM posted WHERE week = ? AND stream = ?", (week, stream or ""))


def record_message(data: Path, message: SentMessage) -> bool:
    """Records a message before it is sent; removes records that are too old.

    Returns:
        Whether there was no message to the person by that rule about that subject.
    """
    with _open(data) as state:
        state.execute(
            "DELETE FROM message WHERE sent_at < ?", (_micros(message.sent_at - _MESSAGES_KEPT),)
        )
        values = (*message[:4], _micros(message.sent_at))
        done = state.execute("INSERT OR IGNORE INTO message VALUES (?, ?, ?, ?, ?, 0)", values)
        return done.rowcount == 1


def forget_message(data: Path, message: SentMessage) -> None:
    """Removes that record: the message was not sent after all."""
    with _open(data) as state:
        state.execute(
            "DELETE FROM message WHERE person = ? AND rule = ? AND subject = ?", message[:3]
        )


def settle_message(data: Path, message: SentMessage) -> None:
    """Records that what became of a message is known, or has been logged."""
    with _open(data) as state:
        state.execute(
            "UPDATE message SET settled = 1 WHERE person = ? AND rule = ? AND subject = ?",
            message[:3],
        )


def messages(data: Path, person: str) -> list[SentMessage]:
    """Returns the messages to a person, oldest first."""
    with _open(data) as state:
        rows = state.execute(
            "SELECT person, rule, subject, day, sent_at FROM message WHERE person = ? "
            "ORDER BY sent_at, rule, subject",
            (person,),
        ).fetchall()
    return [_sent(*row) for row in rows]


def unsettled_messages(data: Path) -> list[SentMessage]:
    """Returns the messages of processes that ended before they knew whether they were sent."""
    with _open(data) as state:
        rows = state.execute(
            "SELECT person, rule, subject, day, sent_at FROM message WHERE settled = 0 "
            "ORDER BY sent_at, person, rule"
        ).fetchall()
    return [_sent(*row) for row in rows]


@contextmanager
def _open(data: Path) -> Iterator[sqlite3.Connection]:
    """Opens the file, creating it if needed, for one transaction; others wait."""
    make_private(data)
    with closing(sqlite3.connect(data / _FILE, timeout=_WAIT_S)) as connection:
        connection.executescript(_SCHEMA)
        with connection:
            yield connection


def _seconds(moment: datetime) -> int:
    return int(moment.timestamp())


def _micros(moment: datetime) -> int:
    return (moment - _EPOCH) // _MICROSECOND


def _moment(micros: int) -> datetime:
    return _EPOCH + micros * _MICROSECOND


def _sent(person: str, rule: str, subject: str, day: str, micros: int) -> SentMessage:
    return SentMessage(person, rule, subject, day, _moment(micros))
