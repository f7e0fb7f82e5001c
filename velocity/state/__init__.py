"""State beside the store: looks at pages, read results, sign-outs, tokens, sent messages.

A small SQLite file in the data folder, or a Postgres database if several machines share it; it is
never part of a snapshot. Every statement here is one that both understand.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from velocity.state.databases import Where, opened, rewrite, sending

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = [
    "ReadMark",
    "SentMessage",
    "Where",
    "addresses_of",
    "archive",
    "copy",
    "forget",
    "forget_message",
    "forget_posted",
    "has_traces",
    "is_signed_out",
    "keep_token",
    "looks",
    "mark_read",
    "messages",
    "people",
    "read_marks",
    "record_look",
    "record_message",
    "record_posted",
    "sending",
    "settle_message",
    "sign_out",
    "token_owner",
    "unsettled_messages",
]

#: Reruns during one visit are one look.
_SAME_LOOK = timedelta(minutes=30)
_MARKS_KEPT = timedelta(days=365)
_MESSAGES_KEPT = timedelta(days=365)
_EPOCH = datetime.fromtimestamp(0, UTC)
_MICROSECOND = timedelta(microseconds=1)
#: What a copy has: tokens give access, so they are made anew.
_COPIED = ("look", "signed_out", "read_mark", "message", "posted")
#: Rows that name a scholar, and rows that name an address.
_OF_SCHOLAR = (
    "SELECT 1 FROM look WHERE scholar = ? LIMIT 1",
    "SELECT 1 FROM read_mark WHERE scholar = ? LIMIT 1",
    "SELECT 1 FROM message WHERE person = ? AND rule <> 'runway' LIMIT 1",
)
_OF_ADDRESS = (
    "SELECT 1 FROM look WHERE email = ? LIMIT 1",
    "SELECT 1 FROM message WHERE person = ? AND rule = 'runway' LIMIT 1",
    "SELECT 1 FROM signed_out WHERE email = ? LIMIT 1",
    "SELECT 1 FROM mcp_token WHERE email = ? LIMIT 1",
)


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
    with opened(where) as state:
        state.execute(
            "INSERT INTO signed_out VALUES (?, ?) ON CONFLICT (email) "
            "DO UPDATE SET issued_at = excluded.issued_at "
            "WHERE excluded.issued_at > signed_out.issued_at",
            (email, _seconds(issued_at)),
        )


def is_signed_out(where: Where, email: str, issued_at: datetime) -> bool:
    """Returns whether the sign-in of `email` issued at `issued_at` was ended."""
    with opened(where) as state:
        found = state.execute(
            "SELECT 1 FROM signed_out WHERE email = ? AND issued_at >= ?",
            (email, _seconds(issued_at)),
        )
        return found.fetchone() is not None


def keep_token(where: Where, email: str, hashed: str, made_at: datetime) -> None:
    """Records the hash of the token of `email` for the MCP server, instead of an earlier one."""
    with opened(where) as state:
        state.execute(
            "INSERT INTO mcp_token (email, hash, made_at) VALUES (?, ?, ?) "
            "ON CONFLICT (email) DO UPDATE SET hash = excluded.hash, made_at = excluded.made_at",
            (email, hashed, _seconds(made_at)),
        )


def token_owner(where: Where, hashed: str) -> str | None:
    """Returns the address whose token has that hash; None if there is none."""
    with opened(where) as state:
        found = state.execute("SELECT email FROM mcp_token WHERE hash = ?", (hashed,)).fetchone()
    return None if found is None else str(found[0])


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

    Args:
        where: the data folder, or the address of the database.
        scholar: id of the scholar on the page.
        email: address of the viewer.
        name: name of the viewer, which the scholar sees.
        page: title of the page.
        at: when.
        kept_days: looks older than this are removed.
    """
    look = (scholar, email, page)
    with opened(where) as state:
        state.execute(
            "DELETE FROM look WHERE looked_at < ?", (_seconds(at - timedelta(days=kept_days)),)
        )
        state.execute(
            "INSERT INTO look (looked_at, scholar, email, page, name) SELECT ?, ?, ?, ?, ? "
            "WHERE NOT EXISTS (SELECT 1 FROM look "
            "WHERE scholar = ? AND email = ? AND page = ? AND looked_at > ?)",
            (_seconds(at), *look, name, *look, _seconds(at - _SAME_LOOK)),
        )


def looks(where: Where, scholar: str, *, at: datetime, kept_days: float) -> pl.DataFrame:
    """Returns the looks at the scholar's pages, latest first: looked_at (UTC), who, page."""
    with opened(where) as state:
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


def mark_read(where: Where, scholar: str, mark: ReadMark) -> None:
    """Records that the scholar has read a result; an earlier mark of it is replaced.

    Marks that are too old to hold are removed.
    """
    with opened(where) as state:
        state.execute(
            "DELETE FROM read_mark WHERE read_at < ?", (_micros(mark.read_at - _MARKS_KEPT),)
        )
        state.execute(
            "INSERT INTO read_mark (scholar, experiment, result_at, read_at) VALUES (?, ?, ?, ?) "
            "ON CONFLICT (experiment, result_at) "
            "DO UPDATE SET scholar = excluded.scholar, read_at = excluded.read_at",
            (scholar, mark.experiment_id, _micros(mark.result_at), _micros(mark.read_at)),
        )


def read_marks(where: Where) -> tuple[ReadMark, ...]:
    """Returns every mark, in order of the experiment."""
    with opened(where) as state:
        rows = state.execute(
            "SELECT experiment, result_at, read_at FROM read_mark ORDER BY experiment, result_at"
        ).fetchall()
    return tuple(ReadMark(name, _moment(result_at), _moment(at)) for name, result_at, at in rows)


def addresses_of(where: Where, full_name: str) -> frozenset[str]:
    """Returns the addresses that looked at pages under a full name."""
    with opened(where) as state:
        rows = state.execute("SELECT DISTINCT email FROM look WHERE name = ?", (full_name,))
        return frozenset(email for (email,) in rows)


def has_traces(where: Where, name: str) -> tuple[bool, bool]:
    """Returns whether there are records of a scholar, and of an address, with that name."""
    with opened(where) as state:
        of_scholar, of_address = (
            any(state.execute(sql, (name,)).fetchone() for sql in each)
            for each in (_OF_SCHOLAR, _OF_ADDRESS)
        )
    return of_scholar, of_address


def forget(where: Where, *, scholars: Iterable[str], emails: Iterable[str]) -> None:
    """Removes what is recorded about these scholars and addresses."""
    with opened(where) as state:
        for it in scholars:
            state.execute("DELETE FROM read_mark WHERE scholar = ?", (it,))
            state.execute("DELETE FROM look WHERE scholar = ?", (it,))
            state.execute("DELETE FROM message WHERE person = ?", (it,))
        for it in emails:
            state.execute("DELETE FROM look WHERE email = ?", (it,))
            state.execute("DELETE FROM signed_out WHERE email = ?", (it,))
            state.execute("DELETE FROM mcp_token WHERE email = ?", (it,))
            state.execute("DELETE FROM message WHERE person = ?", (it,))
    rewrite(where)


def copy(where: Where, other: Where) -> None:
    """Replaces everything in another state by a copy, except tokens; others may write meanwhile."""
    with opened(where) as state:
        tables = {it: state.execute(f"SELECT * FROM {it}").fetchall() for it in _COPIED}  # noqa: S608
    with opened(other) as state:
        for table, rows in tables.items():
            state.execute(f"DELETE FROM {table}")  # noqa: S608
            for row in rows:
                values = ", ".join("?" * len(row))
                state.execute(f"INSERT INTO {table} VALUES ({values})", row)  # noqa: S608


def archive(where: Where, before: datetime) -> None:
    """Removes looks, marks and messages from before an instant."""
    with opened(where) as state:
        state.execute("DELETE FROM look WHERE looked_at < ?", (_seconds(before),))
        state.execute("DELETE FROM read_mark WHERE read_at < ?", (_micros(before),))
        state.execute("DELETE FROM message WHERE sent_at < ?", (_micros(before),))
    rewrite(where)


def people(where: Where) -> tuple[frozenset[str], frozenset[str]]:
    """Returns every scholar and every address that something is recorded about."""
    with opened(where) as state:
        scholars = state.execute(
            "SELECT scholar FROM look UNION SELECT scholar FROM read_mark "
            "UNION SELECT person FROM message"
        ).fetchall()
        emails = state.execute(
            "SELECT email FROM look UNION SELECT email FROM signed_out "
            "UNION SELECT email FROM mcp_token UNION SELECT person FROM message"
        ).fetchall()
    return frozenset(it for (it,) in scholars), frozenset(it for (it,) in emails)


def record_posted(where: Where, week: str, stream: str | None) -> bool:
    """Records that the digest of an ISO week and stream (None: the programme) was posted.

    Returns:
        Whether it was not recorded before.
    """
    with opened(where) as state:
        done = state.execute(
            "INSERT INTO posted VALUES (?, ?) ON CONFLICT DO NOTHING", (week, stream or "")
        )
        return done.rowcount == 1


def forget_posted(where: Where, week: str, stream: str | None) -> None:
    """Removes that record: the digest was not posted after all."""
    with opened(where) as state:
        state.execute("DELETE FROM posted WHERE week = ? AND stream = ?", (week, stream or ""))


def record_message(where: Where, message: SentMessage) -> bool:
    """Records a message before it is sent; removes records that are too old.

    Returns:
        Whether there was no message to the person by that rule about that subject.
    """
    with opened(where) as state:
        state.execute(
            "DELETE FROM message WHERE sent_at < ?", (_micros(message.sent_at - _MESSAGES_KEPT),)
        )
        values = (*message[:4], _micros(message.sent_at))
        done = state.execute(
            "INSERT INTO message VALUES (?, ?, ?, ?, ?, 0) ON CONFLICT DO NOTHING", values
        )
        return done.rowcount == 1


def forget_message(where: Where, message: SentMessage) -> None:
    """Removes that record: the message was not sent after all."""
    with opened(where) as state:
        state.execute(
            "DELETE FROM message WHERE person = ? AND rule = ? AND subject = ?", message[:3]
        )


def settle_message(where: Where, message: SentMessage) -> None:
    """Records that what became of a message is known, or has been logged."""
    with opened(where) as state:
        state.execute(
            "UPDATE message SET settled = 1 WHERE person = ? AND rule = ? AND subject = ?",
            message[:3],
        )


def messages(where: Where, person: str) -> list[SentMessage]:
    """Returns the messages to a person, oldest first."""
    with opened(where) as state:
        rows = state.execute(
            "SELECT person, rule, subject, day, sent_at FROM message WHERE person = ? "
            "ORDER BY sent_at, rule, subject",
            (person,),
        ).fetchall()
    return [_sent(*row) for row in rows]


def unsettled_messages(where: Where) -> list[SentMessage]:
    """Returns the messages of processes that ended before they knew whether they were sent."""
    with opened(where) as state:
        rows = state.execute(
            "SELECT person, rule, subject, day, sent_at FROM message WHERE settled = 0 "
            "ORDER BY sent_at, person, rule"
        ).fetchall()
    return [_sent(*row) for row in rows]


def _seconds(moment: datetime) -> int:
    return int(moment.timestamp())


def _micros(moment: datetime) -> int:
    return (moment - _EPOCH) // _MICROSECOND


def _moment(micros: int) -> datetime:
    return _EPOCH + micros * _MICROSECOND


def _sent(person: str, rule: str, subject: str, day: str, micros: int) -> SentMessage:
    return SentMessage(person, rule, subject, day, _moment(micros))
