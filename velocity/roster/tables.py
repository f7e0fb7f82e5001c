"""The tables that a derivation takes from the roster.

Addresses and roles are not among them: they decide who sees a figure, not what it is, so a change
of theirs must not derive anybody again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from velocity.roster.models import Roster

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Table -> column -> type. Text keys are unique, positions count from 0.
ROSTER_SCHEMA: dict[str, dict[str, pl.DataType | type[pl.DataType]]] = {
    "roster_scholar": {
        "scholar": pl.String,
        "name": pl.String,
        "timezone": pl.String,  # IANA
        "awake_start_min": pl.Int32,  # minutes after local midnight
        "awake_end_min": pl.Int32,  # of the same day, so above 1440 where it is the next
        "disabled": pl.Boolean,
    },
    "roster_username": {"username": pl.String, "scholar": pl.String},
    "roster_stream": {"position": pl.Int32, "stream": pl.String, "name": pl.String},
    "roster_membership": {
        "scholar": pl.String,
        "stream": pl.String,
        "from_date": pl.Date,  # first day; null: since ever
        "to_date": pl.Date,  # first day no longer; null: still
    },
    "roster_rule": {"position": pl.Int32, "stream": pl.String, "pattern": pl.String},
    "credit_rate": {
        "position": pl.Int32,
        "gpu_glob": pl.String,
        "from_date": pl.Date,
        "credits_per_gpu_hour": pl.Float64,
    },
    "credit_grant": {
        "date": pl.Date,
        "kind": pl.String,  # stream | scholar
        "target": pl.String,  # id of the one or the other
        "credits": pl.Float64,
    },
}


def roster_frames(roster: Roster | None) -> dict[str, pl.DataFrame]:
    """Every table of `ROSTER_SCHEMA`, in that order; all are empty where there is no roster."""
    known = roster or Roster()
    rows = {
        "roster_scholar": (
            (it.id, it.name, it.timezone, *it.awake_minutes(), it.disabled) for it in known.scholars
        ),
        "roster_username": ((name, it.id) for it in known.scholars for name in _once(it.usernames)),
        "roster_stream": ((n, it.id, it.name) for n, it in enumerate(known.streams)),
        "roster_membership": known.memberships(),
        "roster_rule": known.stream_rules(),
        "credit_rate": known.rate_rows(),
        "credit_grant": _grants(known),
    }
    return {
        table: pl.DataFrame(list(rows[table]), schema=schema, orient="row")
        for table, schema in ROSTER_SCHEMA.items()
    }


def roster_names(roster: Roster | None) -> pl.DataFrame:
    """`kind` (usernames or emails), `name` and `scholar` (id): the names of each scholar."""
    rows = [
        (kind, name, it.id)
        for it in (roster.scholars if roster is not None else ())
        for kind, names in (("usernames", it.usernames), ("emails", it.emails))
        for name in names
    ]
    schema = {"kind": pl.String, "name": pl.String, "scholar": pl.String}
    return pl.DataFrame(rows, schema=schema, orient="row")


def _grants(roster: Roster) -> Iterator[tuple[Any, ...]]:
    for grant in roster.credits.grants:
        if grant.stream is not None:
            yield grant.date, "stream", grant.stream, grant.amount
        else:
            yield grant.date, "scholar", grant.scholar, grant.amount


def _once(texts: tuple[str, ...]) -> dict[str, None]:
    return dict.fromkeys(texts)  # unlike a set, in the order of the file
