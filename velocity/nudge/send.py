"""Sends to each person the messages that are due: in their working hours, at most once a day.

A message is recorded before it is sent, so that it is sent at most once.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl

from velocity import state
from velocity.delivery import Address, LostResponseError
from velocity.errors import StoreError, VelocityError
from velocity.nudge.addresses import addresses, tell_operator
from velocity.nudge.rules import Evidence, Nudge, picked, runway
from velocity.reading import reads
from velocity.reading.access import Scope, current_roster, viewer_of
from velocity.reading.today import TODAY_DAYS, Today
from velocity.record import exclusions
from velocity.roster.models import Roster, Scholar
from velocity.sentences import nudges as words
from velocity.settings import Settings
from velocity.state import SentMessage, Where
from velocity.store import Snapshot, latest_snapshot
from velocity.sync.watch import Log

#: Few: what certainly did not arrive is sent after the next sync.
_WAITS_S = (2.0,)
#: The list of the morning is not sent later than this after the working hours begin.
_MORNING = timedelta(hours=3)
#: Working hours of leads: times of the programme's zone, Monday to Friday.
_LEADS_FROM, _LEADS_TO, _LEADS_DAYS = time(9), time(21), range(1, 6)


@dataclass(frozen=True)
class Due:
    """A message that may be sent now."""

    person: str  # id of the scholar, or address of the lead
    rule: str  # a rule, or "morning" or "evening"
    subject: str  # a message about it is sent once
    day: date  # the person's working day
    message: words.Message


@dataclass(frozen=True)
class Round:
    """What is known at an instant."""

    data: Path  # the data folder, whose state says what was sent before
    settings: Settings  # which rules are on
    roster: Roster  # who asked for messages, without those who were forgotten
    snapshot: Snapshot
    now: datetime

    def due(self) -> Iterator[Due]:
        """Yields the messages of everybody, without those that were sent before."""
        for scholar in self.roster.scholars:
            if scholar.messages and not scholar.disabled:
                yield from self._of_scholar(scholar)
        for lead in self.roster.nudged_leads:
            yield from self._of_lead(lead)

    def _of_scholar(self, scholar: Scholar) -> Iterator[Due]:
        # Nobody else's rows are read: a message cannot name another person.
        scope = Scope(scholars=(scholar.id,), hours=(scholar.id,))
        hours = reads.at_work(self.snapshot, at=self.now, scope=scope).filter("at_work")
        if hours.is_empty():
            return
        window = hours.row(0, named=True)
        # Only projects whose data is new enough.
        projects = reads.projects(self.snapshot, scope=scope)
        fresh = projects.filter(pl.col("as_of") >= self.now - self._freshness)
        marks = state.read_marks(self._state)
        decisions = reads.needs_decision(self.snapshot, read=marks, scope=scope)
        open_work = reads.open_work(self.snapshot, scope=scope)
        hosts = reads.idle_hosts(self.snapshot, scope=scope)
        on = ["entity", "project"]
        evidence = Evidence(
            decisions.join(fresh, on=on, how="semi", maintain_order="left"),
            open_work.join(fresh, on=on, how="semi", maintain_order="left"),
            hosts if self._is_fresh else hosts.clear(),
        )
        if self._is_fresh:
            yield from self._of_the_day(scholar, scope, window, evidence)
        if "nudges" in scholar.messages:
            for nudge in self._allowed(evidence.due(scholar.id), scholar.id, window["workday"]):
                message = self._words(nudge, scope, scholar.timezone)
                yield Due(scholar.id, nudge.rule, nudge.subject, window["workday"], message)

    def _of_lead(self, lead: str) -> Iterator[Due]:
        local = self.now.astimezone(ZoneInfo(self.settings.programme.timezone))
        viewer = viewer_of(
            self.roster, lead, leads_see_individuals=self.settings.access.leads_see_individuals
        )
        works = local.isoweekday() in _LEADS_DAYS and _LEADS_FROM <= local.time() < _LEADS_TO
        if viewer is None or "lead" not in viewer.roles or not works or not self._is_fresh:
            return
        today = local.date()
        found = runway(self.snapshot, lead, today, scope=viewer.scope)
        for nudge in self._allowed(found, lead, today):
            message = words.runway(nudge.facts, self.settings.messages.dashboard)
            yield Due(lead, nudge.rule, nudge.subject, today, message)

    def _allowed(self, found: Iterable[Nudge], person: str, day: date) -> Iterator[Nudge]:
        """The cases that the person may hear about today."""
        told = [(it.rule, it.subject, it.day) for it in state.messages(self._state, person)]
        return picked(found, told, day, self.settings.messages.rules)

    def _words(self, nudge: Nudge, scope: Scope, zone: str) -> words.Message:
        row = nudge.facts
        if nudge.rule == "host_idle":
            row = row | {"url": self.settings.messages.dashboard}
        elif nudge.rule == "older_than_usual":
            loops = reads.loops(self.snapshot, scholar=nudge.person, scope=scope)
            named = loops.filter(experiment_id=row["experiment_id"]).select("label", "url")
            unknown = {"label": row["experiment_id"].rpartition("/")[2], "url": None}
            row = row | next(named.iter_rows(named=True), unknown)
        return words.message(nudge.rule, row, zone)

    def _of_the_day(
        self, scholar: Scholar, scope: Scope, window: dict[str, Any], evidence: Evidence
    ) -> Iterator[Due]:
        day: date = window["workday"]
        sent = {(it.rule, it.day) for it in state.messages(self._state, scholar.id)}
        early = self.now - window["from_at"] < _MORNING
        wanted = {
            rule
            for rule in scholar.messages
            if rule != "nudges" and (rule, str(day)) not in sent and (rule != "morning" or early)
        }
        if not wanted:
            return
        as_of, _, zone = reads.edge(self.snapshot).row(0)
        since = (as_of - timedelta(days=TODAY_DAYS + 2)).date()
        loops = reads.loops(self.snapshot, scholar=scholar.id, from_day=since, scope=scope)
        who = reads.scholars(self.snapshot, scope=scope).filter(scholar=scholar.id)
        today = Today.of(
            loops, evidence.decisions, as_of=as_of, zone=zone, who=who.row(0, named=True)
        )
        dashboard = self.settings.messages.dashboard
        if "morning" in wanted and not words.is_empty(today):
            message = words.morning(today, evidence.open_work, dashboard, scholar.timezone)
            yield Due(scholar.id, "morning", str(day), day, message)
        if "evening" in wanted and today.evening and not today.running:
            yield Due(scholar.id, "evening", str(day), day, words.evening(today, dashboard))

    @property
    def _state(self) -> Where:
        return self.settings.state_of(self.data)

    @property
    def _freshness(self) -> timedelta:
        return timedelta(minutes=self.settings.messages.fresh_minutes)

    @property
    def _is_fresh(self) -> bool:
        """Whether the data of all projects is new enough."""
        as_of = reads.edge(self.snapshot)["as_of"][0]
        return as_of is not None and self.now - as_of <= self._freshness


def send_due(data: Path, settings: Settings, log: Log, *, now: datetime) -> int:
    """Sends every message that is due, and returns how many were sent.

    Raises:
        VelocityError: the roster or the addresses cannot be read.
    """
    roster = exclusions.load(data).keep_roster(current_roster(settings))
    if roster is None:
        return 0
    known = addresses()
    where = settings.state_of(data)
    with state.sending(where):
        # Messages that an earlier process recorded and may not have sent.
        for lost in state.unsettled_messages(where):
            recorded = lost.sent_at.isoformat(timespec="seconds")
            log.tell("warning", "message_may_be_lost", **_told(lost), recorded_at=recorded)
            state.settle_message(where, lost)
        try:
            snapshot = latest_snapshot(data)
        except StoreError:
            return 0  # nothing has been synced yet
        now_known = Round(data, settings, roster, snapshot, now)
        return sum(_send(where, due, known, log, now) for due in now_known.due())


def _send(where: Where, due: Due, known: Mapping[str, Address], log: Log, now: datetime) -> bool:
    record = SentMessage(due.person, due.rule, due.subject, str(due.day), now)
    address = known.get(due.person)
    if address is None:
        log.tell("warning", "message_without_address", **_told(record))
        return False
    if not state.record_message(where, record):
        return False
    try:
        address.deliver(due.message.text, title=due.message.title, waits=_WAITS_S)
    except LostResponseError:
        log.tell("warning", "message_may_be_lost", **_told(record))
    except VelocityError as error:
        state.forget_message(where, record)
        log.tell("error", "message_failed", **_told(record), reason=error.message)
        text = "A message to somebody could not be sent. The log of velocity says why."
        tell_operator(where, log, "message_failed", str(now.date()), text, now=now)
        return False
    else:
        log.tell("info", "message_sent", **_told(record))
    state.settle_message(where, record)
    return True


def _told(message: SentMessage) -> dict[str, str]:
    return {"person": message.person, "rule": message.rule}
