"""The rules about a run's clocks and facts, each at its limits, in one store.

Times are minutes after the creation of the run; every run has its own project.
"""

from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import pytest

from tests.builders import apart, store_of, with_writers
from velocity.reading import reads

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


Case = tuple[str, dict[str, Any], dict[str, Any]]


def case(name: str, run: dict[str, Any], flags: str = "", *span: Any, **more: Any) -> Case:
    """A run, and what is expected of it: flags; start, end and active minutes; other columns."""
    start, end, active = (*span, None, None, None)[:3]
    expected = {"flags": set(flags.split())} | more
    if span:
        expected |= {"started_at": moment(start), "ended_at": moment(end)}
    if active is not None:
        expected["active_hours"] = pytest.approx(active / 60)
    return name, run, expected


def word(name: str, state: str, class_: str, flags: str = "") -> Case:
    """A run of nine minutes with a word for its state."""
    return case(name, told(0, watch=9, state=state), flags, **{"class": class_})


_1970 = datetime(1970, 1, 1, 0, 5, tzinfo=UTC)
_ROW_1970 = _1970 + timedelta(minutes=55)
_2015 = datetime(2015, 1, 1, tzinfo=UTC)
_LATER_2015 = _2015 + timedelta(hours=1)
_BEFORE_2015 = _2015 - timedelta(microseconds=1)
PENDING = {"class": "pending", "excluded": "pending"}
FAILED, ALIVE = {"state": "failed"}, {"state": "running"}
RESUMED, FILES = {"resumed": True}, {"source": "files"}
RESTARTED = "runtime_restarted estimated"
LATE = {"excluded": "after_as_of"}
#: What a run that was resumed or called again has in common: it began again after ten hours.
AGAIN = {"heard": 660, "watch": 60}
ROWS = {"start_source": "rows", "queue_hours": None}

CASES = [
    # Facts that cannot be so.
    case("below zero, heard", told(0, heard=60, watch=-1), "runtime_refuted", 0, 60),
    case("below zero, with a row", told(0, watch=-1, row=50), "runtime_refuted", 0, 50),
    case("below zero alone", told(0, watch=-1), "runtime_refuted unknown_end", 0, 0),
    case("unreadable config", told(0, watch=9, unreadable=["config"]), "unreadable", 0, 9),
    # Words for states, also of other trackers.
    word("first word", "CANCELLED by 1000", "killed"),
    word("any case", " Node_Fail", "crashed"),
    word("foreign", "OUT_OF_MEMORY", "failed"),
    case("alive", told(0, heard=AS_OF, state="R"), **{"class": "running"}),
    case("pending", told(state="PD"), **PENDING),
    word("unheard of", "gone", "unknown", "unknown_state"),
    word("no word", "", "unknown", "unknown_state"),
    # A run that nobody wrote to may never have begun.
    case("never heard of", told(wrote=False), "never_began", **PENDING),
    case("heard of once", told(heard=1, state="crashed", wrote=False), "never_began", **PENDING),
    case("heard of again", told(heard=1 + _SECOND, wrote=False), "", 0, 1 + _SECOND),
    case("with rows", told(history_rows=1, wrote=False), "unknown_end", 0, 0),
    case("not told", told(), "unknown_end", 0, 0),
    # Clocks of writers: the heartbeats of a run, which W&B's clock stamps, show which are wrong.
    case("no clock on the board", told(_1970, heard=60, watch=50), "clock_unset", 0, 50),
    case("before 2015", told(_BEFORE_2015, heard=60, watch=60), "clock_unset", 0, 60),
    case(
        "2015", told(_2015, heard=60, watch=60, offline=True), "uploaded_late", _2015, _LATER_2015
    ),
    case(
        "of ages",
        told(watch=1e11, heard=60, last_metric_at=_ROW_1970, created_at=_BEFORE_2015),
        "runtime_refuted",
        _BEFORE_2015,
        60,
    ),
    case(
        "unset, as its row", told(_1970, heard=60, last_metric_at=_ROW_1970), "clock_unset", 0, 60
    ),
    case("ahead", told(90, heard=60, watch=55), "clock_ahead", 0, 55),
    case("ahead by its row", told(30, heard=60, watch=40, row=76), "clock_ahead", 0, 40),
    case("ahead, resumed", told(500, 530, heard=60, watch=45), "clock_ahead estimated", 0, 60, 45),
    case("ahead by no more than clocks differ", told(75, heard=60, watch=0), "", 75, 75),
    case("behind", told(-480, heard=120, watch=120), "clock_behind", 0, 120),
    case("behind, seen to the last row", told(-480, heard=60, row=-421), "clock_behind", 0, 60),
    case("behind by two minutes more", told(-60, heard=58, watch=60), "clock_behind", 0, 60),
    case("seen for less than it ran", told(-60, heard=57, watch=60), "uploaded_late", -60, 0),
    case("offline", told(-480, heard=120, watch=120, offline=True), "uploaded_late", -480, -360),
    case("behind by no more than clocks differ", told(-15, heard=60, watch=60), "", -15, 45),
    case("seen only for the upload", told(-60, heard=15, watch=15), "uploaded_late", -60, -45),
    # The start.
    case("queued", told(60, heard=120, watch=60), "", 60, 120, queue_hours=1),
    *(
        case(
            f"queued for an unknown time ({name})",
            told(0, heard=60, watch=60, unreadable=[name]),
            "unreadable",
            *(0, 60),
            queue_hours=None,
        )
        for name in ("createdAt", "created_at", "submit", "start")
    ),
    case("no queue", told(-1, heard=60, watch=60), "", -1, 59, queue_hours=None),
    case("stamped", told(stamp=moment(5), watch=60), "", 5, 65, start_source="stamp"),
    case("created", told(watch=60), "", 0, 60, start_source="created"),
    case("early", told(heard=1, watch=60, row=-100), "uploaded_late estimated", -160, -100, **ROWS),
    case("late stamp", told(stamp=moment(-DAY), watch=60), "uploaded_late", -DAY, -1380),
    # The stopwatch: the runtime that a run reports.
    case("lost", told(600, heard=660, watch=500), "writer_lost estimated", 0, 660, 500),
    case("lost, resumed", told(600, **AGAIN, **RESUMED), f"writer_lost {RESTARTED}", 0, 660, 660),
    case("lost, unwatched", told(600, heard=660, **RESUMED), "writer_lost estimated", 0, 660, 660),
    case("longer than it was there", told(0, heard=60, watch=76), "runtime_refuted", 0, 60, 60),
    case("as long as clocks differ", told(0, heard=60, watch=75), "", 0, 75),
    case("too long since creation", told(600, heard=660, watch=676), "runtime_refuted", 600, 660),
    case("queued, not resumed", told(600, **AGAIN), "", 600, 660),
    # Whether a run is alive.
    case("alive by its stopwatch", told(0, watch=AS_OF - 15, **ALIVE), "", 0),
    case("dead by its stopwatch", told(0, watch=AS_OF - 16, **ALIVE), "", 0, AS_OF - 16),
    case("alive by its row", told(0, row=AS_OF, **ALIVE), "", 0),
    case("dead at its start", told(0, **ALIVE), "early_failure", 0, 0),
    case("late, running", told(-DAY, heard=AS_OF, watch=2 * AS_OF, **ALIVE), "uploaded_late", -DAY),
    # Several writers.
    case("several nodes", told(0, 1, 2, heard=60, watch=60), "at_once", 0, 60, 60),
    case("turns", told(0, 2.1, heard=60, watch=60), "estimated", 0, 60, 60),
    case("silent", told(0, 76, heard=60, watch=60), "writer_silent", 0, 60, 60),
    case("at the last moment", told(0, 75, heard=60, watch=60), "unknown_end estimated", 0, 75, 60),
    case("told", told(0, 60, heard=360, watch=30, shared=True), "at_once estimated", 0, 360, 360),
    case("by rows", told(0, 60, heard=360, watch=30, row=350), "at_once estimated", 0, 360, 360),
    case(
        "rows again", told(0, 60, heard=360, watch=30, row=350, **RESUMED), RESTARTED, 0, 360, 360
    ),
    case("again", told(0, 600, **AGAIN), "relaunched", 600, 660, 60),
    case("again, two minutes over", told(0, 600, heard=660, watch=62), "relaunched", 600, 662, 62),
    case("in turn, a second more", told(0, 600, heard=660, watch=62.1), "estimated", 0, 660, 62.1),
    case("rewound", told(0, 600, **AGAIN, rewound=True), RESTARTED, 0, 660, 660),
    case("not told how long", told(0, 600, heard=660), "estimated", 0, 660, 660),
    case("shared out", told(0, 100, 500, heard=560, watch=200), "estimated", 0, 560, 200),
    case("not called again", told(0, 600, **AGAIN, resumed=False), "relaunched", 600, 660),
    # The end.
    case("zero, with life after", told(0, heard=60, watch=0), "runtime_refuted", 0, 60),
    case("zero, with a row after", told(0, watch=0, row=50), "runtime_refuted", 0, 50),
    case("zero, dead within the quarter", told(0, heard=15, watch=0), "", 0, 0),
    case("suspended, heard", told(0, heard=600, watch=120, row=590), "suspended", 0, 600, 120),
    case("suspended, rows", told(0, heard=700, watch=120, row=590), "suspended", 0, 590, 120),
    case("as clocks differ", told(0, heard=140, watch=120, row=135), "", 0, 120, 120),
    case(
        "late", told(-DAY, heard=1, watch=60, row=-600), "uploaded_late suspended", -DAY, -600, 60
    ),
    case(
        "late two", told(-DAY, -700, heard=1, watch=900), "uploaded_late estimated", -DAY, -540, 900
    ),
    case("late, nothing told", told(-DAY, heard=1), "uploaded_late unknown_end", -DAY, -DAY),
    case("cut", told(AS_OF - 60, watch=75), "", AS_OF - 60, AS_OF, 60),
    case("cut, flagged", told(AS_OF - 60, watch=76), "clock", AS_OF - 60, AS_OF, 60),
    case("waits", told(AS_OF + 15, watch=5), **LATE),
    case("waits, flagged", told(AS_OF + 16, watch=5), "clock", **LATE),
    # How long it was active.
    case("nap", told(0, heard=600, watch=2, row=600, **FAILED), "suspended early_failure", 0, 600),
    case("failed late", told(0, heard=600, watch=2.1, row=600, **FAILED), "suspended", 0, 600),
    case("aided", told(0, 100, heard=200, watch=50, shared=True), "at_once estimated", 0, 200, 200),
    # Runs from local files.
    case("local", told(0, watch=9, **FILES, relaunched=True), "relaunched", 0, 9),
    case("local, less before", told(0, watch=69, earlier_runtime_s=3600, **FILES), "", 0, 9),
    case(
        "local clock",
        told(_1970, watch=9, **FILES, created_at=_1970),
        "clock_unset",
        excluded="clock_unset",
    ),
    case(
        "local, by rows",
        told(row=60, watch=50, **FILES, created_at=moment(10)),
        "estimated",
        10,
        60,
        **ROWS,
    ),
    case("local, by stamp", told(row=60, watch=50, **FILES, stamp=moment(9)), "", 9, 59),
    case("local, no queue", told(5, watch=9, **FILES), "", 5, 14, queue_hours=None),
    case("local, beyond what is seen", told(0, heard=0, watch=60, **FILES), "", 0, 60),
]
EVERY = {name: (run, expected) for name, run, expected in CASES}
assert len(EVERY) == len(CASES), "a name is used twice"


def row_of(project: str, run: dict[str, Any]) -> dict[str, Any]:
    key = {"entity": "lab", "project": project, "run_id": project, "username": "ada"}
    return with_writers(key | run)


def on(*machines: tuple[str | None, int | None]) -> dict[str, Any]:
    return {"machines": [(host, "H100", count) for host, count in machines]}


NODES = [("a", 8), ("b", 8), ("a", 8), ("c", 8)]
CHARGED: list[tuple[dict[str, Any], tuple[float, float]]] = [
    # Several nodes count once each; two writers on one host are one machine, the larger.
    (told(0, 1, 2, heard=60, watch=60, **on(("a", 8), ("b", 8), ("b", 4))), (16, 0)),
    # Each writer without a host name is on a separate machine.
    (told(0, 1, heard=60, watch=60, **on((None, 8), ("localhost", 8))), (16, 0)),
    # A machine without a GPU count is ignored beside one that has a count.
    (told(0, 1, heard=60, watch=60, **on(("a", 8), ("b", None))), (8, 0)),
    (told(0, 1, heard=60, watch=60, **on(("a", None), ("b", None))), (0, 1)),
    # Each session is charged on its own machine.
    (told(0, 600, heard=660, watch=360, **RESUMED, **on(("a", 8), ("b", 1))), (41, 0)),
    (told(0, 600, heard=660, watch=360, **RESUMED, **on(("a", None), ("b", 1))), (1, 5)),
    # A job of two nodes that was resumed on one of them and on another.
    (told(0, 1, 600, 601, heard=660, watch=360, **RESUMED, **on(*NODES)), (96, 0)),
    # A job that was resumed on a machine with a clock that is an hour behind.
    (told(0, 540, heard=660, watch=360, **RESUMED, **on(("a", 8), ("b", 4))), (40, 0)),
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
    told(0, 600, heard=660, watch=360, **RESUMED, **on(("a", None), ("b", 1))),
    told(600, heard=660, watch=360, **on(("a", 8))),
    told(0, heard=60, watch=60),
]
#: Two runs of 8 GPUs on a host with 8; one was suspended for half of its time.
SUSPENDED = [told(0, heard=60, watch=it, row=60, **on(("a", 8))) for it in (30, 60)]
#: Two writers on a host with 8 GPUs, and a later run that was given 16 there.
LARGER = [
    told(0, 1, heard=60, watch=60, **on(("b", 8), ("b", 4))),
    told(600, heard=660, watch=60, **on(("b", 16))),
]
MOVED = told(0, 600, heard=660, watch=360, **RESUMED, **on(("a", 8), ("b", 1)))


def same(project: str, *starts: float, **more: Any) -> dict[str, Any]:
    return row_of(project, told(*starts, heard=60, watch=60, **more)) | {"run_id": "one"}


#: Runs with the same id, in the order of their merge, and the projects whose run counts.
SAME = [
    ([same("p", 0), same("q", 2)], {"q"}),
    ([same("p", 0), same("q", 2 + _SECOND)], {"p", "q"}),
    # W&B has priority over local files, in any order.
    ([same("p", 0), same("q", 0, **FILES)], {"p"}),
    ([same("p", 0, source="table"), same("q", 0, **FILES)], {"p"}),
    # A copy that never began does not count.
    ([same("p", 0), same("q", wrote=False, heartbeat_at=CREATED)], {"p"}),
]


def session(start: float, watch: float | None = None, seen: float | None = None) -> dict[str, Any]:
    at, last = moment(start), moment(seen)
    runtime = None if watch is None else watch * 60
    return {"start": at, "runtime_s": runtime, "heartbeat_at": last, "last_metric_at": last}


#: The state and the sessions of a local run, and when they begin and end.
LOCAL_SESSIONS = [
    ("finished", [session(0, 60), session(100, 20)], [(0, 60), (100, 120)]),
    ("finished", [session(0, 150), session(100, 20)], [(0, 100), (100, 120)]),
    ("finished", [session(0, None, 50), session(100, 20)], [(0, 50), (100, 120)]),
    ("finished", [session(0, 10, 50), session(100, None, 130)], [(0, 50), (100, 130)]),
    ("running", [session(0, 60), session(100, None, AS_OF)], [(0, 60), (100, AS_OF)]),
]


def of(case: str, *runs: dict[str, Any]) -> list[dict[str, Any]]:
    """The runs in an entity and of a scholar that have the name of the case."""
    return apart(case, [row_of("p", {"run_id": f"{n}"} | run) for n, run in enumerate(runs)])


@cache
def snapshot():
    """One store of all cases, each in a project or an entity of its own."""
    rows = [row_of(name, run) for name, (run, _) in EVERY.items()]
    for number, (run, _) in enumerate(CHARGED):
        rows += of(f"charged {number}", run)
    for number, run in enumerate(SESSIONS):
        rows += of(f"sessions {number}", run)
    rows += [*of("suspended", *SUSPENDED), *of("larger", *LARGER), *of("moved", MOVED)]
    for number, (copies, _) in enumerate(SAME):
        rows += of(f"same {number}", *copies)
    for number, (state, known, _) in enumerate(LOCAL_SESSIONS):
        local = told(heard=known[-1]["heartbeat_at"], state=state, **FILES, writers=known)
        rows += of(f"local {number}", local)
    return store_of(rows, {(row["entity"], row["project"]): moment(AS_OF) for row in rows})


@cache
def found() -> dict[str, dict[str, Any]]:
    runs = reads.runs(snapshot(), scholars=["ada"])
    return {row["project"]: row for row in runs.iter_rows(named=True)}


@pytest.mark.parametrize("name", EVERY)
def test_each_rule_decides(name: str):
    row = found()[name]
    row |= {"flags": set(row["flags"].split()) - {"unmapped"}}
    expected = EVERY[name][1]
    assert {column: row[column] for column in expected} == expected


@cache
def hours() -> dict[str, tuple[float, float]]:
    """GPU-hours, and hours on machines with unknown GPUs, of each scholar."""
    figures = reads.metrics(snapshot(), by="scholar")
    chosen = figures.select("scholar", "gpu_hours", "unpriced_run_hours").rows()
    return {scholar: (known, unknown) for scholar, known, unknown in chosen}


@pytest.mark.parametrize("number", range(len(CHARGED)))
def test_each_session_is_charged_for_its_own_machines(number):
    assert hours()[f"charged {number}"] == pytest.approx(CHARGED[number][1])
    # A suspended run gets less of a full host.
    assert hours()["suspended"] == pytest.approx((8, 0))
    # A host that has more GPUs than a run's writers does not hide that they are one machine.
    assert hours()["larger"] == pytest.approx((8 + 16, 0))


def test_the_time_of_a_session_counts_once_for_any_number_of_machines():
    residual = reads.littles_law_residual(snapshot(), by="scholar")
    hours_of = dict(residual.select("scholar", "littles_law_residual_hours").rows())
    assert [hours_of[f"sessions {number}"] for number in range(len(SESSIONS))] == [0] * 5


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
    sql = "SELECT start_us, end_us FROM session JOIN run_label USING (run_key) WHERE username = $it"
    frame = snapshot().frame(f"{sql} ORDER BY number", {"it": f"local {number}"})
    begun = CREATED.timestamp() * 1e6
    ends = [((start - begun) / 6e7, (end - begun) / 6e7) for start, end in frame.rows()]
    assert ends == LOCAL_SESSIONS[number][2]
