"""Each rule and each boundary of the definitions, one hand-made case at a time."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from tests.oracles import kaplan_meier
from tests.oracles.examples import at, members, run
from tests.oracles.experiments import derive
from tests.oracles.gpu import gpu_charges, gpu_metrics
from tests.oracles.metrics import metrics
from tests.oracles.model import (
    DAY,
    HOUR,
    MINUTE,
    Derived,
    DerivedRun,
    Person,
    Run,
    awake_microseconds,
    measure,
    micros,
)
from tests.oracles.windows import weeks, windows

pytestmark = pytest.mark.sampled(7)


def derived(*runs: Run) -> Derived:
    """What is derived from the runs at 20:00."""
    return derive(runs, at("20:00"))


def alone(given: Run) -> DerivedRun:
    """What is derived of one run at 20:00."""
    return derived(given).runs[given.key]


@pytest.mark.parametrize(
    ("second", "joined"),
    [
        (run("b", at("10:01"), at("11:00")), "script"),
        (run("b", at("10:01") + 1, at("11:00")), "new"),
        (run("b", at("10:00"), at("11:00")), "script"),
        (run("b", at("09:02"), at("11:00")), "together"),
        (run("b", at("09:02") + 1, at("11:00")), "new"),
        (run("b", at("09:30"), at("11:00"), config_hash="c"), "same_config"),
    ],
)
def test_the_limits_of_linking_are_inclusive(second: Run, joined: str):
    first = run("a", at("09:00"), at("10:00"), config_hash="c")
    assert derived(first, second).runs[second.key].joined_by == joined


@pytest.mark.parametrize(
    ("runs", "expected", "outcome"),
    [
        (
            [run("a", at("09:00"), at("10:00"), "killed"), run("b", at("10:00"), at("11:00"))],
            {"a": ["a"], "b": ["b"]},
            "killed",
        ),
        (
            [
                run("a", at("09:00"), at("10:00"), "preempted", config_hash="c"),
                run("b", at("12:00"), at("13:00"), "preempted", config_hash="c"),
                run("c", at("13:00:30"), at("14:00"), config_hash="d"),
                run("d", at("16:00"), at("17:00"), config_hash="c"),
            ],
            {"a": ["a", "b", "d"], "c": ["c"]},
            "partial",
        ),
        (
            [
                run("a", at("09:00"), at("10:00"), tags=("exp:z", "exp:x", "exp:")),
                run("b", at("09:00"), at("10:00"), sweep="x"),
                run("c", at("09:00"), at("10:00"), group_name="x"),
                run("d", at("09:00"), at("10:00")),
                run("e", at("19:00"), at("19:30"), tags=("exp:x",), sweep="x", group_name="x"),
            ],
            {"a": ["a", "e"], "b": ["b"], "c": ["c"], "d": ["d"]},
            "success",
        ),
    ],
    ids=[
        "a killed run does not continue a script",
        "a run continues a pre-empted one at any time, which is not a predecessor",
        "a tag, a sweep and a group with one name are three experiments",
    ],
)
def test_runs_become_experiments(runs, expected, outcome):
    found = derived(*runs)
    assert members(found) == expected
    assert found.experiments["lab/p/a"].outcome == outcome


@pytest.mark.parametrize(
    ("age", "klass", "end_source"),
    [(15 * MINUTE, "running", "open"), (15 * MINUTE + 1, "stale", "stale_heartbeat")],
)
def test_a_running_run_is_presumed_dead_after_fifteen_minutes(age, klass, end_source):
    as_of = at("20:00")
    given_run = run("a", at("09:00"), 0, "running", heartbeat_at=as_of - age, runtime_us=None)
    found = alone(given_run)
    assert (found.state_class, found.end_source) == (klass, end_source)
    assert found.end == (None if klass == "running" else as_of - age)
    assert measure(found.intervals) == (11 * HOUR if klass == "running" else 11 * HOUR - age)


def test_runtime_is_divided_over_the_sessions_of_a_resumed_run():
    starts = (at("12:00"), at("09:00"), at("14:00"))
    found = alone(run("a", at("09:00"), at("15:00"), writer_starts=starts, runtime_us=5 * HOUR))
    spans = (("09:00", "12:00"), ("12:00", "13:00"), ("14:00", "15:00"))
    assert found.sessions == tuple((at(start), at(end)) for start, end in spans)
    assert "estimated" in found.flags
    assert found.end_source == "heartbeat"


@pytest.mark.parametrize(
    ("start", "end", "flagged", "left_out"),
    [
        (at("20:15"), at("21:00"), False, True),
        (at("20:15") + 1, at("21:00"), True, True),
        (at("19:00"), at("20:15"), False, False),
        (at("19:00"), at("20:15") + 1, True, False),
        (at("20:00"), at("20:00"), False, False),
    ],
)
def test_clocks_are_flagged_beyond_fifteen_minutes(start, end, flagged, left_out):
    found = alone(run("a", start, end))
    assert ("clock" in found.flags, found.excluded == "after_as_of") == (flagged, left_out)
    assert left_out or found.end == min(max(start, end), at("20:00"))
    assert (found.experiment is None) == left_out


def test_an_end_before_the_start_is_flagged_and_has_no_length():
    found = alone(run("a", at("19:00"), at("18:59"), "running", runtime_us=None))
    assert (found.sessions, found.end_source) == (((at("19:00"),) * 2,), "stale_heartbeat")
    assert found.flags == {"clock"}


def test_a_flagged_experiment_has_no_loop_but_closes_another_one():
    dead = run("b", at("11:00"), at("10:50"), "running", runtime_us=None)
    loops = derived(run("a", at("09:00"), at("10:00")), dead).loops
    assert loops["lab/p/b"].status == "none"
    assert at("11:00") == loops["lab/p/a"].N


@pytest.mark.parametrize(
    ("wait", "status"), [(5 * DAY, "closed"), (5 * DAY + 1, "abandoned"), (None, "awaiting")]
)
def test_a_loop_closes_within_five_days(wait: int | None, status: str):
    result = at("10:00")
    runs = [run("a", at("09:00"), result)]
    if wait is not None:
        runs.append(run("b", result + wait, result + wait + HOUR))
    loop = derive(runs, result + (5 * DAY if wait is None else 6 * DAY)).loops["lab/p/a"]
    assert loop.status == status
    assert loop.reaction_us == 5 * DAY
    assert loop.reaction_event is (status == "closed")


def test_a_twin_that_begins_at_the_result_is_a_reaction_of_zero():
    first = run("a", at("09:00"), at("09:00"), group_name="g")
    twin = run("b", at("09:00"), at("09:30"), group_name="h")
    assert derived(first, twin).loops["lab/p/a"].reaction_us == 0


@pytest.mark.parametrize(
    ("day", "opens", "closes", "expected"),
    [
        ((2024, 3, 31), 0, 0, 23 * HOUR),  # a day of 23 hours
        ((2024, 10, 27), 0, 1440, 25 * HOUR),
        ((2024, 3, 31), 150, 360, 150 * MINUTE),  # 02:30 does not exist and becomes 03:30
        ((2024, 10, 27), 150, 360, 210 * MINUTE),  # 02:30 occurs twice: the later one
        ((2024, 5, 6), 1320, 360, 8 * HOUR),  # 00-06 and 22-24
    ],
)
def test_awake_hours_follow_the_wall_clock(day, opens, closes, expected):
    person = Person("ada", "Europe/Berlin", opens, closes)
    noon = micros(datetime(*day, 12, tzinfo=UTC))
    ((_, (start, end)),) = windows(noon, noon, "day", "Europe/Berlin")
    assert awake_microseconds(person, start, end) == expected


def test_a_whole_local_week_is_one_week_across_a_clock_change():
    saturday = micros(datetime(2024, 3, 30, tzinfo=UTC))
    ((label, window),) = windows(saturday, saturday, "week", "Europe/Berlin")
    assert label == date(2024, 3, 25)
    assert window[1] - window[0] == 7 * DAY - HOUR
    assert weeks(window, "Europe/Berlin") == 1


def test_a_full_host_charges_each_run_for_its_share():
    gpus = {"host": "h", "gpu_count": 8}
    found = derived(
        run("a", at("09:00"), at("11:00"), gpu_utilisation=0.5, **gpus),
        run("b", at("10:00"), at("12:00"), "failed", **gpus),
        run("c", at("10:00"), at("12:00"), host="h", gpu_utilisation=1.0),
        run("d", at("10:00"), at("12:00"), host="localhost", gpu_count=1, gpu_utilisation=0.75),
        run("e", at("10:00"), at("12:00"), gpu_count_config=2, **gpus),
    )
    charges = {key[2]: charge for key, charge in gpu_charges(found).items()}
    assert charges == {"a": 12 * HOUR, "b": 12 * HOUR, "c": None, "d": 2 * HOUR, "e": 4 * HOUR}
    expected = {
        "gpu_hours": 30.0,
        "gpu_hours_failed": 12.0,
        "productive_share": 0.6,
        "unpriced_run_hours": 2.0,
        "gpu_utilisation": 7.5 / 14,
        "gpu_measured_share": 14 / 30,
    }
    assert expected.items() <= gpu_metrics(found)["ada"].items()


def test_recovery_and_rework_consider_only_ended_runs():
    runs = (
        run("a", at("09:00"), at("10:00"), "failed", config_hash="c"),
        run("b", at("09:30"), at("10:30"), config_hash="c", group_name="g"),
        run("c", at("10:00"), at("12:00"), config_hash="c", group_name="h"),
    )
    found = metrics(derived(*runs))["ada"]
    assert found["rework_share"] == pytest.approx(1 / 3)
    assert (found["recovery_hours_n"], found["recovery_hours_events"]) == (1, 1)
    assert found["recovery_hours_median"] is None


def test_a_median_needs_six_events():
    six = [(HOUR * n, True) for n in range(1, 7)]
    assert kaplan_meier.estimate(six).median == 3 * HOUR
    assert kaplan_meier.estimate([(1, True), (1, False), (2, False)]).median is None
    assert kaplan_meier.estimate([(1, True), (1, False)]).median == 1


def test_each_project_is_cut_at_its_own_as_of():
    mine = run("a", at("09:00"), 0, "running", heartbeat_at=at("12:00"), runtime_us=None)
    other = replace(mine, project="q", run_id="b")
    found = derive([mine, other], {("lab", "p"): at("12:00"), ("lab", "q"): at("12:10")})
    lengths = {key[1]: measure(it.intervals) for key, it in found.runs.items()}
    assert lengths == {"p": 3 * HOUR, "q": 3 * HOUR + 10 * MINUTE}
