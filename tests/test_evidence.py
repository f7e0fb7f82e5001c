"""The rules about a run's clocks and facts, each at its limits, in one store.

Times are minutes after the creation of the run; every run has its own project.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import pytest

from tests.builders import apart, store_of, with_writers
from velocity.reading import reads
from velocity.store import Snapshot

pytestmark = pytest.mark.sampled(8)

CREATED = datetime(2026, 5, 4, 8, tzinfo=UTC)
AS_OF = 10_000
HOUR, DAY = 60, 1440
_SECOND = 1 / 60


def moment(minutes: float | datetime | None) -> datetime | None:
    if minutes is None or isinstance(minutes, datetime):
        return minutes
    return CREATED + timedelta(minutes=minutes)


def told(
    *starts: float | datetime,
    heard: float | None = None,
    watch: float | None = None,
    row: float | None = None,
    **more: Any,
) -> dict[str, Any]:
    """Facts of a run: starts of its writers, last heartbeat, stopwatch, last row."""
    return {
        "state": "finished",
        "source": "api",
        "created_at": CREATED,
        "writer_starts": [moment(start) for start in starts],
        "heartbeat_at": moment(heard),
        "runtime_s": None if watch is None else watch * 60,
        "last_metric_at": moment(row),
        **more,
    }


@dataclass(frozen=True)
class Given:
    """A run and its expected facts; None: not checked."""

    name: str
    run: dict[str, Any]
    flags: str = ""
    start: float | datetime | None = None
    end: float | datetime | None = None
    active: float | None = None
    more: tuple[tuple[str, Any], ...] = ()


def nobody(**more: Any) -> dict[str, Any]:
    return told(wrote=False, **more)


_1970 = datetime(1970, 1, 1, 0, 5, tzinfo=UTC)
_2015 = datetime(2015, 1, 1, tzinfo=UTC)
PENDING = (("class", "pending"), ("excluded", "pending"))

READ = (
    Given("a stopwatch below zero, heard", told(0, heard=60, watch=-1), "runtime_refuted", 0, 60),
    Given(
        "a stopwatch below zero, with a row", told(0, watch=-1, row=50), "runtime_refuted", 0, 50
    ),
    Given("a stopwatch below zero alone", told(0, watch=-1), "runtime_refuted unknown_end", 0, 0),
    Given(
        "a field that cannot be read", told(0, watch=9, unreadable=["config"]), "unreadable", 0, 9
    ),
)
WORDS = (
    Given("first word", told(0, watch=9, state="CANCELLED by 1000"), more=(("class", "killed"),)),
    Given("any case", told(0, watch=9, state=" Node_Fail"), more=(("class", "crashed"),)),
    Given("foreign", told(0, watch=9, state="OUT_OF_MEMORY"), more=(("class", "failed"),)),
    Given("alive", told(0, heard=AS_OF, state="R"), more=(("class", "running"),)),
    Given("waits", told(state="PD"), more=PENDING),
    Given(
        "unheard of", told(0, watch=9, state="gone"), "unknown_state", more=(("class", "unknown"),)
    ),
    Given("no word", told(0, watch=9, state=""), "unknown_state", more=(("class", "unknown"),)),
)
NEVER_BEGAN = (
    Given("never heard of", nobody(), "never_began", more=PENDING),
    Given("heard of once", nobody(heard=1, state="crashed"), "never_began", more=PENDING),
    Given("heard of again", nobody(heard=1 + _SECOND), "", 0, 1 + _SECOND),
    Given("with rows", nobody(history_rows=1), "unknown_end", 0, 0),
    Given("not told", told(), "unknown_end", 0, 0),
)
CLOCK = (
    Given("no clock on the board", told(_1970, heard=60, watch=50), "clock_unset", 0, 50),
    Given(
        "a moment before 2015",
        told(_2015 - timedelta(microseconds=1), heard=60, watch=60),
        "clock_unset",
        0,
        60,
    ),
    Given(
        "2015",
        told(_2015, heard=60, watch=60, offline=True),
        "uploaded_late",
        _2015,
        _2015 + timedelta(hours=1),
    ),
    Given(
        "unset, its row moves along",
        told(_1970, heard=60, last_metric_at=_1970 + timedelta(minutes=55)),
        "clock_unset",
        0,
        60,
    ),
    Given("ahead", told(90, heard=60, watch=55), "clock_ahead", 0, 55),
    Given("ahead by its row", told(30, heard=60, watch=40, row=76), "clock_ahead", 0, 40),
    Given("ahead, resumed", told(500, 530, heard=60, watch=45), "clock_ahead estimated", 0, 60, 45),
    Given("ahead by no more than clocks differ", told(75, heard=60, watch=0), "", 75, 75),
    Given("behind", told(-480, heard=120, watch=120), "clock_behind", 0, 120),
    Given("behind, seen to the last row", told(-480, heard=60, row=-421), "clock_behind", 0, 60),
    Given("behind by two minutes more", told(-60, heard=58, watch=60), "clock_behind", 0, 60),
    Given("seen for less than it ran", told(-60, heard=57, watch=60), "uploaded_late", -60, 0),
    Given("offline", told(-480, heard=120, watch=120, offline=True), "uploaded_late", -480, -360),
    Given("behind by no more than clocks differ", told(-15, heard=60, watch=60), "", -15, 45),
    Given("seen only for the upload", told(-60, heard=15, watch=15), "uploaded_late", -60, -45),
)
START = (
    Given("queued", told(60, heard=120, watch=60), "", 60, 120, more=(("queue_hours", 1),)),
    Given("no queue", told(-1, heard=60, watch=60), "", -1, 59, more=(("queue_hours", None),)),
    Given("stamped", told(stamp=moment(5), watch=60), "", 5, 65, more=(("start_source", "stamp"),)),
    Given("created", told(watch=60), "", 0, 60, more=(("start_source", "created"),)),
    Given(
        "rows before the creation",
        told(heard=1, watch=60, row=-100),
        "uploaded_late estimated",
        -160,
        -100,
        more=(("start_source", "rows"), ("queue_hours", None)),
    ),
    Given(
        "uploaded late, stamped", told(stamp=moment(-DAY), watch=60), "uploaded_late", -DAY, -1380
    ),
)
STOPWATCH = (
    Given("lost", told(600, heard=660, watch=500), "writer_lost estimated", 0, 660, 500),
    Given(
        "lost, as it is resumed",
        told(600, heard=660, watch=60, resumed=True),
        "writer_lost runtime_restarted estimated",
        0,
        660,
        660,
    ),
    Given(
        "lost, without a stopwatch",
        told(600, heard=660, resumed=True),
        "writer_lost estimated",
        0,
        660,
        660,
    ),
    Given("longer than it was there", told(0, heard=60, watch=76), "runtime_refuted", 0, 60, 60),
    Given("as long as clocks differ", told(0, heard=60, watch=75), "", 0, 75),
    Given(
        "too long since the creation", told(600, heard=660, watch=676), "runtime_refuted", 600, 660
    ),
    Given("queued, not resumed", told(600, heard=660, watch=60), "", 600, 660),
)
LIFE = (
    Given("alive by its stopwatch", told(0, watch=AS_OF - 15, state="running"), "", 0, None),
    Given("dead by its stopwatch", told(0, watch=AS_OF - 16, state="running"), "", 0, AS_OF - 16),
    Given("alive by its row", told(0, row=AS_OF, state="running"), "", 0, None),
    Given("dead at its start", told(0, state="running"), "early_failure", 0, 0),
    Given(
        "uploaded while it runs",
        told(-DAY, heard=AS_OF, watch=2 * AS_OF, state="running"),
        "uploaded_late",
        -DAY,
        None,
    ),
)
LAUNCHES = (
    Given("several nodes", told(0, 1, 2, heard=60, watch=60), "at_once", 0, 60, 60),
    Given("turns", told(0, 2.1, heard=60, watch=60), "estimated", 0, 60, 60),
    Given("silent", told(0, 76, heard=60, watch=60), "writer_silent", 0, 60, 60),
    Given(
        "at the last moment", told(0, 75, heard=60, watch=60), "unknown_end estimated", 0, 75, 60
    ),
    Given("told", told(0, 60, heard=360, watch=30, shared=True), "at_once estimated", 0, 360, 360),
    Given("by rows", told(0, 60, heard=360, watch=30, row=350), "at_once estimated", 0, 360, 360),
    Given(
        "rows of a resumed run",
        told(0, 60, heard=360, watch=30, row=350, resumed=True),
        "runtime_restarted estimated",
        0,
        360,
        360,
    ),
    Given("again", told(0, 600, heard=660, watch=60), "relaunched", 600, 660, 60),
    Given("again, two minutes over", told(0, 600, heard=660, watch=62), "relaunched", 600, 662, 62),
    Given(
        "in turn, by a second more", told(0, 600, heard=660, watch=62.1), "estimated", 0, 660, 62.1
    ),
    Given(
        "rewound",
        told(0, 600, heard=660, watch=60, rewound=True),
        "runtime_restarted estimated",
        0,
        660,
        660,
    ),
    Given("not told how long", told(0, 600, heard=660), "estimated", 0, 660, 660),
    Given("shared out", told(0, 100, 500, heard=560, watch=200), "estimated", 0, 560, 200),
    Given(
        "not called again", told(0, 600, heard=660, watch=60, resumed=False), "relaunched", 600, 660
    ),
)
END = (
    Given("zero, with life after", told(0, heard=60, watch=0), "runtime_refuted", 0, 60),
    Given("zero, with a row after", told(0, watch=0, row=50), "runtime_refuted", 0, 50),
    Given("zero, dead within the quarter", told(0, heard=15, watch=0), "", 0, 0),
    Given("suspended, heard", told(0, heard=600, watch=120, row=590), "suspended", 0, 600, 120),
    Given("suspended, rows", told(0, heard=700, watch=120, row=590), "suspended", 0, 590, 120),
    Given("as clocks differ", told(0, heard=140, watch=120, row=135), "", 0, 120, 120),
    Given("suspended, late", told(-DAY, heard=1, watch=60, row=-600), "uploaded_late suspended",
          -DAY, -600, 60),
    Given("late, of several", told(-DAY, -700, heard=1, watch=900), "uploaded_late estimated", -DAY,
          -540, 900),
    Given("late, nothing told", told(-DAY, heard=1), "uploaded_late unknown_end", -DAY, -DAY),
    Given("cut", told(AS_OF - 60, watch=75), "", AS_OF - 60, AS_OF, 60),
    Given("cut, flagged", told(AS_OF - 60, watch=76), "clock", AS_OF - 60, AS_OF, 60),
    Given("waits", told(AS_OF + 15, watch=5), "", more=(("excluded", "after_as_of"),)),
    Given("waits, flagged", told(AS_OF + 16, watch=5), "clock",
          more=(("excluded", "after_as_of"),)),
)  # fmt: skip
FAILED = {"state": "failed"}
ACTIVE = (
    Given(
        "slept", told(0, heard=600, watch=2, row=600, **FAILED), "suspended early_failure", 0, 600
    ),
    Given("failed late", told(0, heard=600, watch=2.1, row=600, **FAILED), "suspended", 0, 600),
    Given(
        "helped", told(0, 100, heard=200, watch=50, shared=True), "at_once estimated", 0, 200, 200
    ),
)
LOCAL = (
    Given("local", told(0, watch=9, source="files", relaunched=True), "relaunched", 0, 9),
    Given("local, less what was before", told(0, watch=69, earlier_runtime_s=3600, source="files"),
          "", 0, 9),
    Given("local clock", told(_1970, watch=9, source="files", created_at=_1970), "clock_unset",
          more=(("excluded", "clock_unset"),)),
    Given("local, beyond what is seen", told(0, heard=0, watch=60, source="files"), "", 0, 60),
)  # fmt: skip
RULES = {
    "read": READ,
    "state word": WORDS,
    "began": NEVER_BEGAN,
    "clock": CLOCK,
    "start": START,
    "stopwatch": STOPWATCH,
    "life": LIFE,
    "launches": LAUNCHES,
    "end": END,
    "active": ACTIVE,
    "local": LOCAL,
}
EVERY = [(rule, given) for rule, some in RULES.items() for given in some]


def row_of(project: str, run: dict[str, Any]) -> dict[str, Any]:
    key = {"entity": "lab", "project": project, "run_id": project, "username": "ada"}
    return with_writers(key | run)


def on(*machines: tuple[str | None, int | None]) -> dict[str, Any]:
    return {"machines": [(host, "H100", count) for host, count in machines]}


CHARGED: list[tuple[dict[str, Any], tuple[float, float]]] = [
    # Several nodes count once each; two writers on one host are one machine, the larger.
    (told(0, 1, 2, heard=60, watch=60, **on(("a", 8), ("b", 8), ("b", 4))), (16, 0)),
    # Each writer without a host name is on a separate machine.
    (told(0, 1, heard=60, watch=60, **on((None, 8), ("localhost", 8))), (16, 0)),
    # A machine without a GPU count is ignored beside one that has a count.
    (told(0, 1, heard=60, watch=60, **on(("a", 8), ("b", None))), (8, 0)),
    (told(0, 1, heard=60, watch=60, **on(("a", None), ("b", None))), (0, 1)),
    # Each session is charged on its own machine.
    (told(0, 600, heard=660, watch=360, resumed=True, **on(("a", 8), ("b", 1))), (41, 0)),
    (told(0, 600, heard=660, watch=360, resumed=True, **on(("a", None), ("b", 1))), (1, 5)),
    # The lost first session was on the machine of the writer that is known.
    (told(600, heard=660, watch=360, **on(("a", 8))), (48, 0)),
    # A suspended machine computes as long as the stopwatch ran.
    (told(0, heard=600, watch=60, row=600, **on(("a", 8))), (8, 0)),
    (told(0, heard=600, watch=60, row=600, **on(("a", None))), (0, 1)),
    # Helpers compute as long as the stopwatch they left; without one, not at all.
    (told(0, 60, heard=600, watch=30, shared=True, **on(("a", 8), ("b", 2))), (81, 0)),
    (told(0, 60, heard=600, shared=True, **on(("a", 8), ("b", 2))), (80, 0)),
    # Only the last launch of a reused id counts; a silent writer's machine never does.
    (told(0, 600, heard=660, watch=60, **on(("a", 8), ("b", 2))), (2, 0)),
    (told(0, 100, heard=60, watch=60, **on(("a", 8), ("b", 2))), (8, 0)),
    # The machine of a writer without a start belongs to the run.
    (told(watch=60, writers=[{"start": None, "host": "a", "gpu_count": 4}]), (4, 0)),
]
SESSIONS = [
    told(0, 1, 2, heard=60, watch=60, **on(("a", 8), ("b", 8), (None, 4))),
    told(0, 60, heard=600, watch=30, shared=True, **on(("a", 8), ("b", 2))),
    told(0, 600, heard=660, watch=360, resumed=True, **on(("a", None), ("b", 1))),
    told(600, heard=660, watch=360, **on(("a", 8))),
    told(0, heard=60, watch=60),
]
#: Two runs of 8 GPUs on a host with 8; one was suspended for half of its time.
SUSPENDED = [told(0, heard=60, watch=it, row=60, **on(("a", 8))) for it in (30, 60)]
MOVED = told(0, 600, heard=660, watch=360, resumed=True, **on(("a", 8), ("b", 1)))


def same(project: str, *starts: float, **more: Any) -> dict[str, Any]:
    return row_of(project, told(*starts, heard=60, watch=60, **more)) | {"run_id": "one"}


#: Runs with the same id, in the order of their merge, and the projects whose run counts.
SAME = [
    ([same("p", 0), same("q", 2)], {"q"}),
    ([same("p", 0), same("q", 2 + _SECOND)], {"p", "q"}),
    # W&B has priority over local files, in any order.
    ([same("p", 0), same("q", 0, source="files")], {"p"}),
    ([same("p", 0, source="table"), same("q", 0, source="files")], {"p"}),
]


def session(start: float, watch: float | None = None, seen: float | None = None) -> dict[str, Any]:
    at, last = moment(start), moment(seen)
    runtime = None if watch is None else watch * 60
    return {"start": at, "runtime_s": runtime, "heartbeat_at": last, "last_metric_at": last}


#: Sessions of a local run, and when they begin and end.
LOCAL_SESSIONS = [
    ([session(0, 60), session(100, 20)], [(0, 60), (100, 120)]),
    ([session(0, 150), session(100, 20)], [(0, 100), (100, 120)]),
    ([session(0, None, 50), session(100, 20)], [(0, 50), (100, 120)]),
    ([session(0, 10, 50), session(100, None, 130)], [(0, 50), (100, 130)]),
]


def of(case: str, *runs: dict[str, Any]) -> list[dict[str, Any]]:
    """The runs in an entity and of a scholar that have the name of the case."""
    return apart(case, [row_of("p", {"run_id": f"{n}"} | run) for n, run in enumerate(runs)])


@cache
def snapshot() -> Snapshot:
    """One store of all cases, each in a project or an entity of its own."""
    rows = [row_of(f"{rule}: {given.name}", given.run) for rule, given in EVERY]
    for number, (run, _) in enumerate(CHARGED):
        rows += of(f"charged {number}", run)
    for number, run in enumerate(SESSIONS):
        rows += of(f"sessions {number}", run)
    rows += [*of("suspended", *SUSPENDED), *of("moved", MOVED)]
    for number, (copies, _) in enumerate(SAME):
        rows += of(f"same {number}", *copies)
    for number, (known, _) in enumerate(LOCAL_SESSIONS):
        local = told(heard=known[-1]["heartbeat_at"], source="files", writers=known)
        rows += of(f"local {number}", local)
    return store_of(rows, {(row["entity"], row["project"]): moment(AS_OF) for row in rows})


@cache
def found() -> dict[str, dict[str, Any]]:
    runs = reads.runs(snapshot(), scholars=["ada"])
    return {row["project"]: row for row in runs.iter_rows(named=True)}


@pytest.mark.parametrize(
    ("rule", "given"), EVERY, ids=[f"{rule}: {given.name}" for rule, given in EVERY]
)
def test_each_rule_decides(rule: str, given: Given):
    row = found()[f"{rule}: {given.name}"]
    assert set(row["flags"].split()) - {"unmapped"} == set(given.flags.split())
    for column, value in given.more:
        assert row[column] == value
    if given.start is not None:
        assert row["started_at"] == moment(given.start)
        assert row["ended_at"] == moment(given.end)
    if given.active is not None:
        assert row["active_hours"] == pytest.approx(given.active / 60)


@cache
def hours() -> dict[str, tuple[float, float]]:
    """GPU-hours, and hours on machines with unknown GPUs, of each scholar."""
    figures = reads.metrics(snapshot(), by="scholar")
    chosen = figures.select("scholar", "gpu_hours", "unpriced_run_hours").rows()
    return {scholar: (known, unknown) for scholar, known, unknown in chosen}


@pytest.mark.parametrize("number", range(len(CHARGED)))
def test_each_session_is_charged_for_its_own_machines(number):
    assert hours()[f"charged {number}"] == pytest.approx(CHARGED[number][1])


def test_the_time_of_a_session_counts_once_for_any_number_of_machines():
    residual = reads.littles_law_residual(snapshot(), by="scholar")
    hours_of = dict(residual.select("scholar", "littles_law_residual_hours").rows())
    assert [hours_of[f"sessions {number}"] for number in range(len(SESSIONS))] == [0] * 5


def test_a_suspended_run_gets_less_of_a_full_host():
    assert hours()["suspended"] == pytest.approx((8, 0))


def test_the_shown_machine_is_that_of_the_last_session():
    (row,) = reads.runs(snapshot(), scholars=["moved"]).to_dicts()
    assert (row["host"], row["gpu_count"]) == ("b", 1)


@pytest.mark.parametrize("number", range(len(SAME)))
def test_one_run_in_two_projects_counts_once(number):
    runs = reads.runs(snapshot(), scholars=[f"same {number}"])
    twice = runs.filter(runs["excluded"] == "same_run")
    assert all("same_run" in flags for flags in twice["flags"])
    assert set(runs.filter(runs["excluded"].is_null())["project"]) == SAME[number][1]


@pytest.mark.parametrize("number", range(len(LOCAL_SESSIONS)))
def test_a_local_session_ends_by_its_own_facts_and_before_the_next_one(number):
    frame = snapshot().frame(
        "SELECT start_us, end_us FROM session JOIN run_label USING (run_key) "
        "WHERE username = $username ORDER BY number",
        {"username": f"local {number}"},
    )
    begun = CREATED.timestamp() * 1e6
    ends = [((start - begun) / 6e7, (end - begun) / 6e7) for start, end in frame.rows()]
    assert ends == LOCAL_SESSIONS[number][1]
