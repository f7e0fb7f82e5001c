"""What a message may be about, by rule: from the reads of the pages and the person's own past."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import polars as pl

from velocity.reading import reads
from velocity.reading.access import EVERYTHING
from velocity.reading.frames import pace_days

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from velocity.reading.access import Scope
    from velocity.settings import Rule
    from velocity.state import ReadMark
    from velocity.store import Snapshot

#: Working hours that a failure waits for, and hours that a rented host is idle, before a message.
DIED_HOURS, IDLE_HOURS = 1.0, 2.0
#: Days of credits below which there is a message to leads.
RUNWAY_DAYS = (3, 7)
_DAY = timedelta(days=1)
_NO_HOST = pl.DataFrame(schema={"host": pl.String})


@dataclass(frozen=True)
class Nudge:
    """A case that one person may get a message about.

    Args:
        person: id of the scholar, or address of the lead.
        rule: the rule that it meets.
        subject: what it is about; there is one message about it.
        facts: its row of the read that the rule rests on.
    """

    person: str
    rule: Rule
    subject: str
    facts: dict[str, Any]


@dataclass(frozen=True)
class Evidence:
    """The rows that the rules for scholars rest on.

    Args:
        decisions: `reads.needs_decision`.
        open_work: `reads.open_work`.
        hosts: `reads.idle_hosts` of one scholar alone; None if there are several.
    """

    decisions: pl.DataFrame
    open_work: pl.DataFrame
    hosts: pl.DataFrame

    @classmethod
    def of(
        cls,
        snapshot: Snapshot,
        *,
        scope: Scope = EVERYTHING,
        read: Sequence[ReadMark] = (),
        hosts: bool = True,
    ) -> Evidence:
        """Returns what is known in a snapshot.

        `hosts`: whether the hosts in the scope are those of one scholar, who can act on them.
        """
        return cls(
            reads.needs_decision(snapshot, read=read, scope=scope),
            reads.open_work(snapshot, scope=scope),
            reads.idle_hosts(snapshot, scope=scope) if hosts else _NO_HOST,
        )

    def of_projects(self, fresh: pl.DataFrame, *, hosts: bool) -> Evidence:
        """Returns only the rows of some projects (entity, project), with or without the hosts."""
        on = ["entity", "project"]
        return Evidence(
            self.decisions.join(fresh, on=on, how="semi", maintain_order="left"),
            self.open_work.join(fresh, on=on, how="semi", maintain_order="left"),
            self.hosts if hosts else _NO_HOST,
        )

    def due(self, scholar: str) -> list[Nudge]:
        """Returns the cases of the scholar, the most pressing of each rule first."""
        return [
            *self._waiting(scholar),
            *self._died(scholar),
            *self._old(scholar),
            *self._idle(scholar),
        ]

    def _waiting(self, scholar: str) -> list[Nudge]:
        rows = self.decisions.filter("needs_decision", scholar=scholar, kind="result")
        return [Nudge(scholar, "result_waiting", _result(row), row) for row in rows.to_dicts()]

    def _died(self, scholar: str) -> list[Nudge]:
        rows = self.decisions.filter(
            ~pl.col("parked") & ~pl.col("away") & ~pl.col("marked_read"),
            pl.col("waited_working_hours") >= DIED_HOURS,
            scholar=scholar,
            kind="failure",
        )
        return [Nudge(scholar, "run_died", _result(row), row) for row in rows.to_dicts()]

    def _old(self, scholar: str) -> list[Nudge]:
        beyond = pl.col("wip_age_hours") / pl.col("usual_hours")
        rows = self.open_work.filter("older_than_usual", scholar=scholar)
        return [
            Nudge(scholar, "older_than_usual", str(row["experiment_id"]), row)
            for row in rows.sort(beyond, descending=True).iter_rows(named=True)
        ]

    def _idle(self, scholar: str) -> list[Nudge]:
        if self.hosts.is_empty():
            return []
        rows = self.hosts.filter("idle_now", pl.col("idle_for_hours") >= IDLE_HOURS)
        return [
            Nudge(scholar, "host_idle", f"{row['entity']} {row['host']} {row['idle_since']}", row)
            for row in rows.iter_rows(named=True)
        ]


def _result(row: dict[str, Any]) -> str:
    return f"{row['experiment_id']} {row['result_at']}"


def runway(snapshot: Snapshot, lead: str, today: date, *, scope: Scope) -> list[Nudge]:
    """Returns the streams whose credits run out soon, as known at the end of the day before.

    Args:
        snapshot: the data.
        lead: address of the lead.
        today: the day from which days are counted.
        scope: what the lead may see.
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
