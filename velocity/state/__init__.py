"""State beside the store: looks at pages, read results, sign-outs, tokens, sent messages.

A small SQLite file in the data folder, or a Postgres database if several machines share it; it is
never part of a snapshot. Every statement here is one that both understand.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import NamedTuple

import polars as pl

from velocity.state.databases import Execute, Where, changed, found, opened, rewrite, sending

__all__ = ["Where", "sending"]

#: Reruns during one visit are one look.
_SAME_LOOK = timedelta(minutes=30)
#: Of marks and messages.
_KEPT = timedelta(days=365)
_EPOCH = datetime.fromtimestamp(0, UTC)
_MICROSECOND = timedelta(microseconds=1)
#: What a copy has: tokens give access, so they are made anew.
_COPIED = ("look", "signed_out", "read_mark", "message", "posted")
#: The tables that name a scholar, and those that name an address, with the column.
_OF_SCHOLAR = {"look": "scholar", "read_mark": "scholar", "message": "person"}
_OF_ADDRESS = {"look": "email", "message": "person", "signed_out": "email", "mcp_token": "email"}
#: The one message to a person by a rule about a subject.
_ITSELF = "WHERE person = ? AND rule = ? AND subject = ?"


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


def sign_out(where: Where, email: str, issued_at: datetime) -> None:
    """Ends the sign-in of `email` issued at `issued_at`, and every earlier one."""
    sql = (
        "INSERT INTO signed_out VALUES (?, ?) ON CONFLICT (email) DO UPDATE "
        "SET issued_at = excluded.issued_at WHERE excluded.issued_at > signed_out.issued_at"
    )
    changed(where, sql, email, _seconds(issued_at))


def is_signed_out(where: Where, email: str, issued_at: datetime) -> bool:
    """Returns whether the sign-in of `email` issued at `issued_at` was ended."""
    sql = "SELECT 1 FROM signed_out WHERE email = ? AND issued_at >= ?"
    return bool(found(where, sql, email, _seconds(issued_at)))


def keep_token(where: Where, email: str, hashed: str, made_at: datetime) -> None:
    """Records the hash of the token of `email` for the MCP server, instead of an earlier one."""
    sql = (
        "INSERT INTO mcp_token (email, hash, made_at) VALUES (?, ?, ?) "
        "ON CONFLICT (email) DO UPDATE SET hash = excluded.hash, made_at = excluded.made_at"
    )
    changed(where, sql, email, hashed, _seconds(made_at))


def token_owner(where: Where, hashed: str) -> str | None:
    """Returns the address whose token has that hash; None if there is none."""
    owners = found(where, "SELECT email FROM mcp_token WHERE hash = ?", hashed)
    return str(owners[0][0]) if owners else None


def record_look(
    where: Where,
    *,
    scholar: str,
    email: str,
    name: str,
    page: str,
    at: datetime,
    kept_days: float,
) -> None:
    """Records that `email` looked at a page about the scholar; removes looks that are too old.

    The scholar sees the viewer's name and the title of the page.
    """
    look = (scholar, email, page)
    with opened(where) as execute:
        _expire(execute, "look", at - timedelta(days=kept_days))
        execute(
            "INSERT INTO look (looked_at, scholar, email, page, name) SELECT ?, ?, ?, ?, ? "
            "WHERE NOT EXISTS (SELECT 1 FROM look "
            "WHERE scholar = ? AND email = ? AND page = ? AND looked_at > ?)",
            (_seconds(at), *look, name, *look, _seconds(at - _SAME_LOOK)),
        )


def looks(where: Where, scholar: str, *, at: datetime, kept_days: float) -> pl.DataFrame:
    """Returns the looks at the scholar's pages, latest first: looked_at (UTC), who, page."""
    sql = (
        "SELECT looked_at, name, page FROM look WHERE scholar = ? AND looked_at >= ? "
        "ORDER BY looked_at DESC, name"
    )
    rows = found(where, sql, scholar, _seconds(at - timedelta(days=kept_days)))
    times = ((datetime.fromtimestamp(seconds, UTC), *others) for seconds, *others in rows)
    return pl.DataFrame(
        list(times),
        {"looked_at": pl.Datetime("us", "UTC"), "who": pl.String, "page": pl.String},
        orient="row",
    )


def mark_read(where: Where, scholar: str, mark: ReadMark) -> None:
    """Records that the scholar has read a result; an earlier mark of it is replaced.

    Marks that are too old to hold are removed.
    """
    with opened(where) as execute:
        _expire(execute, "read_mark", mark.read_at - _KEPT)
        execute(
            "INSERT INTO read_mark (scholar, experiment, result_at, read_at) VALUES (?, ?, ?, ?) "
            "ON CONFLICT (experiment, result_at) "
            "DO UPDATE SET scholar = excluded.scholar, read_at = excluded.read_at",
            (scholar, mark.experiment_id, _micros(mark.result_at), _micros(mark.read_at)),
        )


def unmark_read(where: Where, scholar: str, experiment_id: str, result_at: datetime) -> None:
    """Removes the scholar's mark of a result, if there is one."""
    sql = "DELETE FROM read_mark WHERE scholar = ? AND experiment = ? AND result_at = ?"
    changed(where, sql, scholar, experiment_id, _micros(result_at))


def read_marks(where: Where) -> tuple[ReadMark, ...]:
    """Returns every mark, in order of the experiment."""
    sql = "SELECT experiment, result_at, read_at FROM read_mark ORDER BY experiment, result_at"
    return tuple(ReadMark(name, _moment(of), _moment(at)) for name, of, at in found(where, sql))


def addresses_of(where: Where, full_name: str) -> frozenset[str]:
    """Returns the addresses that looked at pages under a full name."""
    return _names(where, "SELECT email FROM look WHERE name = ?", full_name)


def has_traces(where: Where, name: str) -> tuple[bool, bool]:
    """Returns whether there are records of a scholar, and of an address, with that name."""
    # Messages about a runway go to addresses, all others to scholars.
    of_address = {**_OF_ADDRESS, "message": "rule = 'runway' AND person"}
    of_scholar = {**_OF_SCHOLAR, "message": "rule <> 'runway' AND person"}
    has_scholar, has_address = (
        any(found(where, f"SELECT 1 FROM {it} WHERE {of} = ? LIMIT 1", name) for it, of in its)  # noqa: S608
        for its in (of_scholar.items(), of_address.items())
    )
    return has_scholar, has_address


def forget(where: Where, *, scholars: Iterable[str], emails: Iterable[str]) -> None:
    """Removes what is recorded about these scholars and addresses."""
    with opened(where) as execute:
        for names, columns in ((scholars, _OF_SCHOLAR), (emails, _OF_ADDRESS)):
            for name, (table, column) in product(names, columns.items()):
                execute(f"DELETE FROM {table} WHERE {column} = ?", (name,))  # noqa: S608
    rewrite(where)


def copy(where: Where, other: Where) -> None:
    """Replaces everything in another state by a copy, except tokens; others may write meanwhile."""
    with opened(where) as execute:
        tables = {it: execute(f"SELECT * FROM {it}").fetchall() for it in _COPIED}  # noqa: S608
    with opened(other) as execute:
        for table, rows in tables.items():
            execute(f"DELETE FROM {table}")  # noqa: S608
            for row in rows:
                values = ", ".join("?" * len(row))
                execute(f"INSERT INTO {table} VALUES ({values})", row)  # noqa: S608


def archive(where: Where, before: datetime) -> None:
    """Removes looks, marks and messages from before an instant."""
    with opened(where) as execute:
        for table in ("look", "read_mark", "message"):
            _expire(execute, table, before)
    rewrite(where)


def people(where: Where) -> tuple[frozenset[str], frozenset[str]]:
    """Returns every scholar and every address that something is recorded about."""
    scholars, emails = (
        _names(where, " UNION ".join(f"SELECT {it} FROM {table}" for table, it in columns.items()))  # noqa: S608
        for columns in (_OF_SCHOLAR, _OF_ADDRESS)
    )
    return scholars, emails


def record_posted(where: Where, week: str, stream: str | None) -> bool:
    """Records that the digest of an ISO week and stream (None: the programme) was posted.

    Returns:
        Whether it was not recorded before.
    """
    sql = "INSERT INTO posted VALUES (?, ?) ON CONFLICT DO NOTHING"
    return changed(where, sql, week, stream or "") == 1


def forget_posted(where: Where, week: str, stream: str | None) -> None:
    """Removes that record: the digest was not posted after all."""
    changed(where, "DELETE FROM posted WHERE week = ? AND stream = ?", week, stream or "")


def record_message(where: Where, message: SentMessage) -> bool:
    """Records a message before it is sent; removes records that are too old.

    Returns:
        Whether there was no message to the person by that rule about that subject.
    """
    with opened(where) as execute:
        _expire(execute, "message", message.sent_at - _KEPT)
        sql = "INSERT INTO message VALUES (?, ?, ?, ?, ?, 0) ON CONFLICT DO NOTHING"
        return bool(execute(sql, (*message[:4], _micros(message.sent_at))).rowcount)


def forget_message(where: Where, message: SentMessage) -> None:
    """Removes that record: the message was not sent after all."""
    changed(where, f"DELETE FROM message {_ITSELF}", *message[:3])  # noqa: S608


def settle_message(where: Where, message: SentMessage) -> None:
    """Records that what became of a message is known, or has been logged."""
    changed(where, f"UPDATE message SET settled = 1 {_ITSELF}", *message[:3])  # noqa: S608


def messages(where: Where, person: str) -> list[SentMessage]:
    """Returns the messages to a person, oldest first."""
    return _messages(where, "person = ?", person)


def unsettled_messages(where: Where) -> list[SentMessage]:
    """Returns the messages of processes that ended before they knew whether they were sent."""
    return _messages(where, "settled = 0")


def _expire(execute: Execute, table: str, before: datetime) -> None:
    column, moment = {
        "look": ("looked_at", _seconds(before)),
        "read_mark": ("read_at", _micros(before)),
        "message": ("sent_at", _micros(before)),
    }[table]
    execute(f"DELETE FROM {table} WHERE {column} < ?", (moment,))  # noqa: S608


def _seconds(moment: datetime) -> int:
    return int(moment.timestamp())


def _micros(moment: datetime) -> int:
    return (moment - _EPOCH) // _MICROSECOND


def _moment(micros: int) -> datetime:
    return _EPOCH + micros * _MICROSECOND


def _messages(where: Where, condition: str, *values: str) -> list[SentMessage]:
    sql = "SELECT person, rule, subject, day, sent_at FROM message WHERE "
    rows = found(where, f"{sql}{condition} ORDER BY sent_at, person, rule, subject", *values)
    return [SentMessage(whom, rule, of, day, _moment(at)) for whom, rule, of, day, at in rows]


def _names(where: Where, sql: str, *values: str) -> frozenset[str]:
    return frozenset(name for (name,) in found(where, sql, *values))
