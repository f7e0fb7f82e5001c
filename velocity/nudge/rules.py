"""What a message may be about, by rule, from the reads of the pages; and how much one hears."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import polars as pl

from velocity.reading import reads
from velocity.reading.access import Scope
from velocity.reading.frames import pace_days
from velocity.settings import Rule
from velocity.store import Snapshot

#: Working hours that a failure waits for, and hours that a rented host is idle, before a message.
DIED_HOURS, IDLE_HOURS = 1.0, 2.0
#: Days of credits below which there is a message to leads.
RUNWAY_DAYS = (3, 7)
#: Not counted: there is a message about every failure.
_ALWAYS = "run_died"
_FOR_LEADS = "runway"
MOST_A_WEEK = 2
_DAY, _WEEK = timedelta(days=1), timedelta(days=7)


@dataclass(frozen=True)
class Nudge:
    """A case that one person may get a message about."""

    person: str  # id of the scholar, or address of the lead
    rule: Rule  # that it meets
    subject: str  # what it is about; there is one message about it
    facts: dict[str, Any]  # its row of the read that the rule rests on


@dataclass(frozen=True)
class Evidence:
    """The rows that the rules for scholars rest on."""

    decisions: pl.DataFrame  # `reads.needs_decision`
    open_work: pl.DataFrame  # `reads.open_work`
    hosts: pl.DataFrame  # `reads.idle_hosts` of one scholar alone, who can act on them

    def due(self, scholar: str) -> list[Nudge]:
        """Returns the cases of the scholar, the most pressing of each rule first."""
        waiting = self.decisions.filter("needs_decision", scholar=scholar, kind="result")
        died = self.decisions.filter(
            ~pl.col("parked") & ~pl.col("away") & ~pl.col("marked_read"),
            pl.col("waited_working_hours") >= DIED_HOURS,
            scholar=scholar,
            kind="failure",
        )
        beyond = pl.col("wip_age_hours") / pl.col("usual_hours")
        rows = self.open_work.filter("older_than_usual", scholar=scholar)
        old = rows.sort(beyond, descending=True)
        idle = self.hosts.filter("idle_now", pl.col("idle_for_hours") >= IDLE_HOURS)
        of_rules: tuple[tuple[Rule, pl.DataFrame, str], ...] = (
            ("result_waiting", waiting, "{experiment_id} {result_at}"),
            ("run_died", died, "{experiment_id} {result_at}"),
            ("older_than_usual", old, "{experiment_id}"),
            ("host_idle", idle, "{entity} {host} {idle_since}"),
        )
        return [
            Nudge(scholar, rule, subject.format_map(row), row)
            for rule, found, subject in of_rules
            for row in found.to_dicts()
        ]


def runway(snapshot: Snapshot, lead: str, today: date, *, scope: Scope) -> list[Nudge]:
    """Returns the streams whose credits run out soon, as known at the end of the day before.

    `lead` is the address of a lead with that scope; days are counted from `today`.
    """
    last = today - _DAY
    ends = reads.ledger(snapshot, by="stream", at_day=last, scope=scope)
    first = reads.trust(snapshot, scope=scope)["first_day"][0]
    rows = (
        reads.streams(snapshot, scope=scope)
        .join(ends, left_on="stream", right_on="group_id", maintain_order="left")
        .with_columns(
            days_left=(pl.col("exhausted_on") - today).dt.total_days(),
            pace_days=pl.lit(pace_days(first, last)),
        )
        .filter(pl.col("days_left") < max(RUNWAY_DAYS))
        .sort("days_left", maintain_order=True)
    )
    # A new grant makes it a new case.
    return [
        Nudge(lead, "runway", f"{row['stream']} {_limit(row)} {row['credits_granted']:.6g}", row)
        for row in rows.to_dicts()
    ]


def _limit(row: dict[str, Any]) -> int:
    return next(it for it in RUNWAY_DAYS if row["days_left"] < it)


def picked(
    found: Iterable[Nudge],
    told: Collection[tuple[str, str, str]],
    day: date,
    rules: Collection[str],
) -> Iterator[Nudge]:
    """Yields every failure, and one other case if the person did not hear of too many.

    That is none that day, and fewer than `MOST_A_WEEK` in the seven days up to it. Leads hear of
    each stream, regardless of the week.

    `found` are cases of one person, the most pressing first; `told` are the rule, subject and
    working day (YYYY-MM-DD) of earlier messages; `day` is the working day, `rules` are on.
    """
    before = {(rule, subject) for rule, subject, _ in told}
    days = [date.fromisoformat(on) for rule, _, on in told if rule in rules and rule != _ALWAYS]
    free = day not in days
    rested = sum(it > day - _WEEK for it in days) < MOST_A_WEEK
    for nudge in found:
        if nudge.rule not in rules or (nudge.rule, nudge.subject) in before:
            continue
        if nudge.rule == _ALWAYS:
            yield nudge
        elif free and (rested or nudge.rule == _FOR_LEADS):
            free = False
            yield nudge
