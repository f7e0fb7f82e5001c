"""Walks through the past, hour by hour, with only what was known then, and counts messages."""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from statistics import median
from typing import Any, NamedTuple, get_args
from zoneinfo import ZoneInfo

import polars as pl

from velocity.nudge.rules import IDLE_HOURS, Evidence, Nudge, picked, runway
from velocity.reading import reads
from velocity.reading.access import EVERYTHING, Scope
from velocity.reading.known import AtInstant
from velocity.sentences.answer import LINE
from velocity.settings import Rule
from velocity.store import Snapshot

_HOUR = timedelta(hours=1)
#: What was due before the first day does not count: its messages would have been sent then.
_WARM_UP = timedelta(days=3)
#: What is resolved this soon needs no message.
_ANYWAY = timedelta(hours=2)
_LEAD = "(lead)"
_LEADS_HOUR = time(9)
_FLOATS = ("a_week", "resolved_anyway_share", "hours_to_resolution_median")
_MOST_A_WEEK, _MOST_ANYWAY = 2.0, 0.4


class Sent(NamedTuple):
    """A message that there would have been."""

    at: datetime
    day: date  # the person's working day
    nudge: Nudge


def replay(
    snapshot: Snapshot, first: date, end: date, *, on_day: Callable[[date], None]
) -> pl.DataFrame:
    """Returns one row per rule, as if everybody had asked for messages and all rules were on.

    The days are from `first` to the one before `end`, in the programme's time zone; `on_day` is
    called with each when it begins. The columns are rule, messages, a_week (messages per active
    person and week; for `runway`, per week), resolved_anyway_share (within 2 hours, although
    nobody got a message), hours_to_resolution_median, and on_by_default.
    """
    sent = list(_walk(snapshot, first, end, on_day))
    ends = _ends(snapshot)
    # The sum over the weeks of the scholars who launched in them.
    weekly = reads.metrics(
        snapshot, by="scholar", period="week", from_day=first, to_day=end, parts=["volume"]
    )
    person_weeks = weekly.filter(pl.col("experiments_started") > 0).height
    rows = []
    for rule in get_args(Rule):
        mine = [it for it in sent if it.nudge.rule == rule]
        known = [wait for it in mine if (wait := _after(ends, it)) is not None]
        among = (end - first).days / 7 if rule == "runway" else person_weeks
        a_week = len(mine) / among if among else None
        # What was never resolved was not resolved within two hours either.
        anyway = sum(it <= _ANYWAY for it in known) / len(mine) if mine else None
        rows.append(
            {
                "rule": rule,
                "messages": len(mine),
                "a_week": a_week,
                "resolved_anyway_share": anyway,
                "hours_to_resolution_median": median(it / _HOUR for it in known) if known else None,
                "on_by_default": a_week is not None
                and anyway is not None
                and a_week <= _MOST_A_WEEK
                and anyway <= _MOST_ANYWAY,
            }
        )
    return pl.DataFrame(rows, schema_overrides=dict.fromkeys(_FLOATS, pl.Float64))


def _walk(
    snapshot: Snapshot, first: date, end: date, on_day: Callable[[date], None]
) -> Iterator[Sent]:
    zone = ZoneInfo(str(reads.edge(snapshot)["timezone"][0]))
    told: dict[str, list[Sent]] = {}
    at = datetime.combine(first - _WARM_UP, time(), zone).astimezone(UTC)
    while (local := at.astimezone(zone)).date() < end:
        if local.hour == 0:
            on_day(local.date())
        working = reads.at_work(snapshot, at=at).filter("at_work")
        found: list[tuple[date, list[Nudge]]] = []
        if working.height:
            then = AtInstant(snapshot, at)
            decisions, open_work = reads.needs_decision(then), reads.open_work(then)
            for scholar, day in working.select("scholar", "workday").rows():
                evidence = Evidence(decisions, open_work, _hosts(then, scholar))
                found.append((day, evidence.due(scholar)))
        if local.time() == _LEADS_HOUR and local.isoweekday() <= 5:  # noqa: PLR2004
            found.append((local.date(), runway(snapshot, _LEAD, local.date(), scope=EVERYTHING)))
        for day, nudges in found:
            if nudges:
                before = told.setdefault(nudges[0].person, [])
                past = [(it.nudge.rule, it.nudge.subject, str(it.day)) for it in before]
                sent = [Sent(at, day, it) for it in picked(nudges, past, day, get_args(Rule))]
                before += sent
                if local.date() >= first:
                    yield from sent
        at += _HOUR


def _hosts(then: Snapshot, scholar: str) -> pl.DataFrame:
    every: pl.DataFrame = then.kept.get("idle", lambda: reads.idle_hosts(then))
    idle = every.filter("idle_now", pl.col("idle_for_hours") >= IDLE_HOURS)
    if idle.is_empty():
        return idle
    return reads.idle_hosts(then, scope=Scope(scholars=(scholar,), hours=(scholar,)))


#: Rule -> the columns of its case; others are about a line.
_CASES = {
    "runway": ["stream"],
    "older_than_usual": ["experiment_id"],
    "host_idle": ["entity", "host"],
}


def _ends(snapshot: Snapshot) -> dict[tuple[object, ...], list[Any]]:
    """Case -> when such were resolved: launches by line and host, ends of experiments, grants."""
    experiments, runs = reads.experiments(snapshot), reads.runs(snapshot).drop_nulls("host")
    grants = reads.balance(snapshot, by="stream").filter(pl.col("granted") > 0)
    return {
        (rule, *key): rows[at].sort().to_list()
        for rule, frame, at in (
            ("", experiments, "started_at"),
            ("older_than_usual", experiments.drop_nulls("ended_at"), "ended_at"),
            ("host_idle", runs, "started_at"),
            ("runway", grants.rename({"group_id": "stream"}), "day"),
        )
        for key, rows in frame.group_by(_CASES.get(rule, LINE))
    }


def _after(ends: Mapping[tuple[object, ...], list[Any]], sent: Sent) -> timedelta | None:
    """How long after a message its case was resolved; None if it never was."""
    rule = sent.nudge.rule if sent.nudge.rule in _CASES else ""
    case = (rule, *(sent.nudge.facts[it] for it in _CASES.get(rule, LINE)))
    since = sent.day if rule == "runway" else sent.at
    # An experiment ends once; of the others, the first after the message counts.
    once = rule == "older_than_usual"
    return next((it - since for it in ends.get(case, ()) if once or it > since), None)
