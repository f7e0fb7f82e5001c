"""The tables that a derivation reads from the roster.

They hold no addresses or roles: these decide who sees a figure, not its value, so a change of them
must not derive anybody again.
"""

from __future__ import annotations

import json

import polars as pl

from velocity.roster.models import Note, Roster

#: Table -> column -> type. Text keys are unique, positions count from 0.
ROSTER_SCHEMA: dict[str, dict[str, pl.DataType | type[pl.DataType]]] = {
    "roster_scholar": {
        "scholar": pl.String,
        "name": pl.String,
        "timezone": pl.String,  # IANA
        "awake_start_min": pl.Int32,  # minutes after local midnight
        "awake_end_min": pl.Int32,  # after the same midnight, so above 1440 on the next day
        "workdays": pl.String,  # ISO weekdays, such as "12345"; null: the usual days
        "disabled": pl.Boolean,
    },
    "roster_username": {"username": pl.String, "scholar": pl.String},
    "roster_stream": {"position": pl.Int32, "stream": pl.String, "name": pl.String},
    "roster_membership": {
        "scholar": pl.String,
        "stream": pl.String,
        "from_date": pl.Date,  # first day; null: always
        "to_date": pl.Date,  # the day after the last; null: still a member
    },
    "roster_day_off": {
        "scholar": pl.String,  # null: everybody
        "from_date": pl.Date,  # first day
        "to_date": pl.Date,  # the day after the last
    },
    "roster_rule": {"position": pl.Int32, "stream": pl.String, "pattern": pl.String},
    "roster_run_rule": {
        "position": pl.Int32,
        "purpose": pl.String,  # automation | excluded | shared
        "scholar": pl.String,  # id; null: the owner of the run's username
        "account": pl.String,  # the username whose runs it may match; null: any
        "criterion": pl.String,  # username | tag | project | job_type | config
        "wanted": pl.String,  # what that has to be: text, a glob, or a config key
        "value": pl.String,  # of the config key, as JSON
    },
    "credit_rate": {
        "position": pl.Int32,
        "gpu_glob": pl.String,
        "from_date": pl.Date,
        "credits_per_gpu_hour": pl.Float64,
    },
    "credit_token_rate": {
        "position": pl.Int32,
        "model_glob": pl.String,
        "from_date": pl.Date,
        **dict.fromkeys(("input", "output", "cache_read", "cache_write"), pl.Float64),
    },
    "credit_grant": {
        "date": pl.Date,
        "kind": pl.String,  # stream | scholar
        "target": pl.String,  # id of the stream or scholar
        "credits": pl.Float64,
    },
}

#: Tables that only reads use: a change of them must not derive anybody again.
SHOWN_SCHEMA: dict[str, dict[str, pl.DataType | type[pl.DataType]]] = {
    "roster_note": {
        "position": pl.Int32,
        "day": pl.Date,
        "text": pl.String,
        "about": pl.String,  # programme | stream | scholar; or holiday, one row per day
        "target": pl.String,  # id of the stream or scholar, or "programme"
        "new_phase": pl.Boolean,
    },
    "roster_aim": {
        "kind": pl.String,  # stream | scholar
        "group_id": pl.String,
        "measure": pl.String,  # metric id
        "direction": pl.String,  # up | down
    },
}


def shown_frames(roster: Roster | None) -> dict[str, pl.DataFrame]:
    """Returns every table of `SHOWN_SCHEMA`, in that order; all are empty without a roster."""
    known = roster or Roster()
    owners = (("stream", known.streams), ("scholar", known.scholars))
    rows = {
        "roster_note": (
            (n, *it)
            for n, it in enumerate(
                [
                    *((it.date, it.text, *_concerned(it), it.new_phase) for it in known.notes),
                    *((*it, "holiday", "programme", False) for it in known.holiday_days()),
                ]
            )
        ),
        "roster_aim": (
            (kind, owner.id, aim.measure, aim.direction)
            for kind, entries in owners
            for owner in entries
            for aim in owner.aims
        ),
    }
    return {
        table: pl.DataFrame(list(rows[table]), schema=schema, orient="row")
        for table, schema in SHOWN_SCHEMA.items()
    }


def _concerned(note: Note) -> tuple[str, str]:
    """Returns the kind of what a note concerns, and its id."""
    if note.stream:
        return "stream", note.stream
    return ("scholar", note.scholar) if note.scholar else ("programme", "programme")


def roster_frames(roster: Roster | None) -> dict[str, pl.DataFrame]:
    """Returns every table of `ROSTER_SCHEMA`, in that order; all are empty without a roster."""
    known = roster or Roster()
    rows = {
        "roster_scholar": (
            (it.id, it.name, it.timezone, *it.awake_minutes(), it.workday_digits(), it.disabled)
            for it in known.scholars
        ),
        "roster_username": (
            (name, it.id) for it in known.scholars for name in dict.fromkeys(it.usernames)
        ),
        "roster_stream": ((n, it.id, it.name) for n, it in enumerate(known.streams)),
        "roster_membership": known.memberships(),
        "roster_day_off": known.days_off(),
        "roster_rule": known.stream_rules(),
        "roster_run_rule": (
            (n, *it[:5], None if it.value is None else json.dumps(it.value))
            for n, it in enumerate(known.run_rules())
        ),
        "credit_rate": known.rate_rows(),
        "credit_token_rate": known.token_rate_rows(),
        "credit_grant": (
            (it.date, "stream" if it.stream else "scholar", it.stream or it.scholar, it.amount)
            for it in known.credits.grants
        ),
    }
    return {
        table: pl.DataFrame(list(rows[table]), schema=schema, orient="row")
        for table, schema in ROSTER_SCHEMA.items()
    }


def roster_names(roster: Roster | None) -> pl.DataFrame:
    """Returns the names of each scholar: kind (usernames or emails), name, scholar (id).

    The account of a scholar's automation is one of the scholar's usernames, too.
    """
    known = roster or Roster()
    rows = [
        (kind, name, it.id)
        for it in known.scholars
        for kind, names in (("usernames", it.usernames), ("emails", it.emails))
        for name in names
    ]
    own = {name for kind, name, _ in rows if kind == "usernames"}
    agents = {it.username: it.scholar for it in known.automation if it.username and it.scholar}
    rows += [("usernames", name, it) for name, it in agents.items() if name not in own]
    schema = {"kind": pl.String, "name": pl.String, "scholar": pl.String}
    return pl.DataFrame(rows, schema=schema, orient="row")
