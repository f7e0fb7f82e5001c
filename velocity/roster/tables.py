"""The tables that a derivation reads from the roster.

They hold no addresses or roles: these decide who sees a figure, not its value, so a change of them
must not derive anybody again.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

import polars as pl

from velocity.roster.credits import Grant
from velocity.roster.days_off import span_of
from velocity.roster.models import Note, Roster
from velocity.roster.rules import Rule, criteria

_Columns = dict[str, pl.DataType | type[pl.DataType]]

#: Table -> column -> type. Text keys are unique, positions count from 0.
ROSTER_SCHEMA: dict[str, _Columns] = {
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
SHOWN_SCHEMA: dict[str, _Columns] = {
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


def shown_frames(roster: Roster) -> dict[str, pl.DataFrame]:
    """Returns every table of `SHOWN_SCHEMA`, in that order."""
    notes = [(it.date, it.text, *_concerned(it), it.new_phase) for it in roster.notes]
    for holiday in roster.holidays:
        first, end = span_of(holiday)
        days = (first + timedelta(days=number) for number in range((end - first).days))
        notes += [(day, holiday.name, "holiday", "programme", False) for day in days]
    owners = (("stream", roster.streams), ("scholar", roster.scholars))
    aims = (
        (kind, owner.id, aim.measure, aim.direction)
        for kind, entries in owners
        for owner in entries
        for aim in owner.aims
    )
    return _frames(SHOWN_SCHEMA, [_numbered(notes), aims])


def _concerned(entry: Note | Grant) -> tuple[str, str]:
    """Returns the kind of what a note or grant concerns, and its id."""
    if entry.stream:
        return "stream", entry.stream
    return ("scholar", entry.scholar) if entry.scholar else ("programme", "programme")


def roster_frames(roster: Roster) -> dict[str, pl.DataFrame]:
    """Returns every table of `ROSTER_SCHEMA`, in that order."""
    scholars, streams, credit = roster.scholars, roster.streams, roster.credits
    rows = [
        (
            (it.id, it.name, it.timezone, *it.awake_minutes(), it.workday_digits(), it.disabled)
            for it in scholars
        ),
        ((name, it.id) for it in scholars for name in dict.fromkeys(it.usernames)),
        _numbered((it.id, it.name) for it in streams),
        ((it.scholar, own.id, it.from_date, it.to_date) for own in streams for it in own.members),
        (
            *((own.id, it.from_date, it.to_date) for own in scholars for it in own.away),
            *((None, *span_of(it)) for it in roster.holidays),
        ),
        _numbered((it.id, glob) for it in streams for glob in it.projects),
        _numbered(_run_rules(roster)),
        _numbered((it.gpu, it.from_date, it.credits_per_gpu_hour) for it in credit.rates),
        _numbered((it.model, it.from_date, *it.dollars()) for it in credit.token_rates),
        ((it.date, *_concerned(it), it.amount) for it in credit.grants),
    ]
    return _frames(ROSTER_SCHEMA, rows)


def _run_rules(roster: Roster) -> Iterator[tuple[str | None, ...]]:
    """Yields the rules of automation, exclusions and shared accounts, each as in the file."""
    lists: list[tuple[str, str | None, Sequence[Rule]]] = [
        ("automation", None, roster.automation),
        ("excluded", None, roster.excluded),
        *(("shared", it.username, it.rules) for it in roster.shared_account),
    ]
    for purpose, account, rules in lists:
        for rule in rules:
            (key,) = criteria(rule)
            scholar, value = (getattr(rule, it, None) for it in ("scholar", "value"))
            wanted = getattr(rule, key), None if value is None else json.dumps(value)
            yield purpose, scholar, account, key, *wanted


def _numbered(rows: Iterable[tuple[Any, ...]]) -> Iterator[tuple[Any, ...]]:
    return ((number, *row) for number, row in enumerate(rows))


def _frames(
    schemas: Mapping[str, _Columns], rows: Iterable[Iterable[tuple[Any, ...]]]
) -> dict[str, pl.DataFrame]:
    return {
        table: pl.DataFrame(list(its), schema, orient="row")
        for (table, schema), its in zip(schemas.items(), rows, strict=True)
    }


def roster_names(roster: Roster) -> pl.DataFrame:
    """Returns the names of each scholar: kind (usernames or emails), name, scholar (id).

    The account of a scholar's automation is one of the scholar's usernames, too.
    """
    rows = [
        (kind, name, it.id)
        for it in roster.scholars
        for kind, names in (("usernames", it.usernames), ("emails", it.emails))
        for name in names
    ]
    own = {name for kind, name, _ in rows if kind == "usernames"}
    agents = {it.username: it.scholar for it in roster.automation if it.username and it.scholar}
    rows += [("usernames", name, it) for name, it in agents.items() if name not in own]
    schema = {"kind": pl.String, "name": pl.String, "scholar": pl.String}
    return pl.DataFrame(rows, schema=schema, orient="row")
