"""The facts of one run, its start and class, from clocks that contradict each other."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

from tests.oracles.model import MINUTE, Machine, Run, micros

#: Class -> possible first words of a state, in lower case.
WORDS = {
    "finished": "finished completed cd succeeded success done terminated published",
    "failed": "failed f timeout to out_of_memory oom deadline dl boot_fail bf error exit",
    "crashed": "crashed node_fail nf lost",
    "killed": "killed cancelled canceled ca aborted stopped revoked",
    "preempted": "preempted preempting pr evicted",
    "running": "running r run completing cg suspended s in_progress active",
    "pending": "pending pd pend queued scheduled requeued rq configuring cf created submitted"
    " special_exit",
}
_CLASS_OF = {word: klass for klass, words in WORDS.items() for word in words.split()}
_CLOCKS_ARE_SET_SINCE = micros(datetime(2015, 1, 1, tzinfo=UTC))


@dataclass
class Facts:
    """The current belief about a run."""

    run: Run
    as_of: int
    slack: int
    together: int
    writers: list[tuple[int, Machine]]
    row: int | None
    watch: int | None
    flags: set[str] = field(default_factory=set)
    start: int = 0
    start_source: str = ""
    late: bool = False
    klass: str = ""
    life: int = 0
    lost: bool = False
    stood_still: bool = False
    suspended: bool = False
    begun: list[int] = field(default_factory=list)  # starts of the writers that count
    queue: int | None = None

    @property
    def alive(self) -> int | None:
        """The last heartbeat, if it is a sign of life."""
        return None if self.late else self.run.heartbeat_at


def believe_the_clock(facts: Facts) -> None:
    created = facts.run.created_at
    first, source = _first(facts)
    doubt = _doubt(facts, first)
    if doubt is not None:
        facts.flags.add(doubt)
        _set_by_the_server(facts, first)
        first, source = created, "created"
    facts.start, facts.start_source = created if first is None else first, source
    if source == "rows":
        facts.flags.add("estimated")
    if facts.start < created - facts.slack:
        facts.late = True
        facts.flags.add("uploaded_late")
    if source == "environment" and facts.start >= created:
        facts.queue = facts.start - created


def _first(facts: Facts) -> tuple[int | None, str]:
    """The client's start, and its source."""
    if facts.writers:
        return facts.writers[0][0], "environment"
    if facts.run.stamp_at is not None:
        return facts.run.stamp_at, "stamp"
    early = facts.row is not None and facts.row < facts.run.created_at - facts.slack
    if facts.row is not None and early and facts.watch is not None:
        return facts.row - facts.watch, "rows"
    return None, "created"


def _doubt(facts: Facts, first: int | None) -> str | None:
    """The flag of a client's clock that the server's clock contradicts."""
    created, heard = facts.run.created_at, facts.run.heartbeat_at
    if first is not None and first < _CLOCKS_ARE_SET_SINCE <= created:
        return "clock_unset"
    if heard is None:
        return None
    known = [it for it in (first, facts.row) if it is not None]
    if any(it > heard + facts.slack for it in known):
        return "clock_ahead"
    if first is None or first >= created - facts.slack or facts.run.offline:
        return None
    needed = max(facts.watch or 0, 0 if facts.row is None else facts.row - first)
    seen_whole = heard - created > facts.slack and heard - created + facts.together >= needed
    return "clock_behind" if seen_whole else None


def _set_by_the_server(facts: Facts, first: int | None) -> None:
    if first is None:
        facts.row = None
        return
    by = facts.run.created_at - first
    facts.writers = [(at + by, machine) for at, machine in facts.writers]
    facts.row = None if facts.row is None else facts.row + by


def hold_the_watch_against_the_heartbeat(facts: Facts) -> None:
    created, slack, watch = facts.run.created_at, facts.slack, facts.watch
    before = facts.start
    if watch is not None and facts.alive is not None and before + watch > facts.alive + slack:
        if created < before - slack and created + watch <= facts.alive + slack:
            facts.lost = True
        else:
            facts.watch = None
            facts.flags.add("runtime_refuted")
    if facts.run.resumed and len(facts.writers) == 1 and created < facts.writers[0][0] - slack:
        facts.lost = True
    if facts.lost:
        facts.flags.add("writer_lost")
        facts.start, facts.start_source, facts.queue = created, "created", None
    bound = facts.alive
    if facts.row is not None and (
        facts.row < facts.start or (bound is not None and facts.row > bound + slack)
    ):
        facts.row = None


def classify(facts: Facts) -> None:
    run = facts.run
    signs = [facts.start, facts.row, None if facts.watch is None else facts.start + facts.watch]
    if facts.alive is not None:
        facts.life = facts.alive
    else:
        facts.life = max(it for it in signs if it is not None)
    word = run.state.split()[0].lower() if run.state.split() else ""
    facts.klass = _CLASS_OF.get(word, "unknown")
    heard = run.heartbeat_at
    silent = heard is None or heard <= run.created_at + MINUTE
    if run.wrote is False and not run.history_rows and silent:
        facts.klass = "pending"
        facts.flags.add("never_began")
    elif facts.klass == "unknown":
        facts.flags.add("unknown_state")
    elif facts.klass == "running":
        latest = facts.life if heard is None else max(facts.life, heard)
        if facts.as_of - latest > facts.slack:
            facts.klass = "stale"
