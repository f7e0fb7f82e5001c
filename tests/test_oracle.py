"""Checks the oracle against the worked example, other libraries, itself, and real run tables."""

import warnings
from collections import Counter
from functools import cache

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from lifelines import KaplanMeierFitter

from tests.comparison import differences, expected_figures
from tests.conftest import NO_SHARED_DATA, SHARED_DATA
from tests.oracles import kaplan_meier
from tests.oracles.examples import WORKED_FIGURES, at, members, worked
from tests.oracles.experiments import derive
from tests.oracles.gpu import gpu_charges
from tests.oracles.metrics import PROGRAMME, metrics, metrics_by
from tests.oracles.model import DAY, HOUR, MINUTE, SECOND, Derived, Run, hours, measure, micros
from tests.oracles.strategies import Case, cases

pytestmark = pytest.mark.sampled(3)

quick = settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow], database=None
)


def test_worked_example_has_the_experiments_and_results_of_the_definitions():
    derived = derive(worked(), at("20:00"))
    assert members(derived) == {"r1": ["r1", "r2"], "r3": ["r3"], "r4": ["r4"], "r5": ["r5", "r6"]}
    reasons = [derived.runs["lab", "p", f"r{number}"].joined_by for number in range(1, 7)]
    assert reasons == ["new", "together", "new", "new", "new", "script"]
    results = {e.id[-2:]: (e.F, e.outcome) for e in derived.experiments.values()}
    assert results == {
        "r1": (at("10:00"), "success"),
        "r3": (at("12:00"), "success"),
        "r4": (at("11:35"), "failure"),
        "r5": (at("13:00"), "success"),
    }
    loops = {
        loop.experiment[-2:]: (loop.status, loop.machine_us, loop.reaction_us)
        for loop in derived.loops.values()
    }
    assert loops["r1"] == ("closed", HOUR, HOUR)
    assert loops["r4"] == ("closed", 5 * MINUTE, 5 * MINUTE)
    assert loops["r3"][0] == loops["r5"][0] == "awaiting"


@pytest.mark.parametrize("by", ["scholar", "programme"])
def test_worked_example_has_the_figures_of_the_definitions(by: str):
    day = (at("00:00"), at("00:00") + DAY)
    derived = derive(worked(), at("20:00"))
    for window in (day, None):
        (found,) = metrics(derived, window, by).values()
        figures = {name: found[name] for name in WORKED_FIGURES}
        assert figures == pytest.approx(WORKED_FIGURES, abs=1e-6)


def test_a_failure_within_two_minutes_is_a_false_start_without_a_loop():
    derived = derive(worked("11:31"), at("20:00"))
    assert derived.experiments["lab/p/r4"].outcome == "false_start"
    assert derived.loops["lab/p/r4"].status == "none"
    assert metrics(derived)["ada"]["false_starts"] == 1

    # The order of the rows changes nothing.
    backwards = derive(reversed(worked()), at("20:00"))
    assert metrics(backwards) == metrics(derive(worked(), at("20:00")))


@pytest.mark.thorough
@quick
@given(st.lists(st.tuples(st.integers(0, 20), st.booleans()), min_size=1, max_size=40))
def test_limits_agree_with_lifelines(pairs: list[tuple[int, bool]]):
    found = kaplan_meier.estimate(pairs)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fitter = KaplanMeierFitter().fit([t for t, _ in pairs], [e for _, e in pairs])
        limits = fitter.confidence_interval_survival_function_
    # Where survival reaches 0 the limits are undefined, not 0.
    limits = limits[fitter.survival_function_.to_numpy()[:, 0] > 1e-12]
    below = [[t for t, limit in limits[it].items() if limit <= 0.5] for it in limits.columns]
    theirs = [next(iter(it), None) for it in below]
    assert [found.low, found.high] == theirs


@pytest.mark.thorough
@quick
@given(cases())
def test_parts_add_up_to_wholes(case: Case):
    derived = derive(case.runs, case.as_of, people=case.people)
    for loop in derived.loops.values():
        if loop.reaction_us is not None:
            assert loop.loop_us == loop.machine_us + loop.reaction_us
            assert 0 <= loop.working_us <= loop.awake_us <= loop.reaction_us
    programme = metrics(derived, by="programme").get(PROGRAMME)
    people = metrics(derived)
    additive = ("busy_hours", "run_hours", "serial_hours", "runs_started", "loops_closed")
    for key in additive if programme else ():
        assert sum(found[key] for found in people.values()) == pytest.approx(programme[key])
    counted = sum(measure(found.intervals) for found in derived.runs.values() if found.counts)
    assert not programme or programme["run_hours"] == pytest.approx(hours(counted))
    charges = gpu_charges(derived)
    assert all(charge is None or charge >= 0 for charge in charges.values())


@pytest.mark.thorough
@quick
@given(cases(), st.sampled_from(["day", "week", "month"]))
def test_windows_add_up_to_all_data(case: Case, period: str):
    derived = derive(case.runs, case.as_of, people=case.people)
    everything = metrics(derived)
    sums: Counter[tuple[str, str]] = Counter()
    keys = ("busy_hours", "run_hours", "parallel_hours", "runs_started", "runs_finished")
    keys += ("experiments_started", "experiments_concluded", "false_starts", "loops_awaiting")
    for (scholar, _), found in metrics_by(derived, period).items():
        for key in keys:
            sums[scholar, key] += found[key]
    for scholar, found in everything.items():
        for key in keys:
            assert sums[scholar, key] == pytest.approx(found[key], abs=1e-9), key


@pytest.mark.thorough
def test_the_strategy_draws_every_kind_of_run_experiment_and_loop():
    seen: set[str] = set()

    @settings(quick, max_examples=250, derandomize=True)
    @given(cases())
    def collect(case: Case) -> None:
        derived = derive(case.runs, case.as_of, people=case.people)
        for found in derived.runs.values():
            seen.update((found.state_class, str(found.end_source), str(found.joined_by)))
            seen.update(found.flags)
            seen.add(found.excluded or "kept")
        seen.update(f"outcome {e.outcome}" for e in derived.experiments.values())
        seen.update(f"loop {loop.status}" for loop in derived.loops.values())
        seen.update("overlap" for e in derived.experiments.values() if e.overlap)

    collect()
    expected = {
        *("finished", "failed", "crashed", "killed", "preempted", "running", "stale", "pending"),
        *("unknown", "runtime", "heartbeat", "last_metric", "open", "stale_heartbeat"),
        *("new", "tag", "sweep", "continuation", "together", "same_config", "script"),
        *("clock", "estimated", "unknown_end", "after_as_of", "overlap"),
        *(f"outcome {o}" for o in ("success", "partial", "open", "false_start", "failure")),
        *("outcome killed", "outcome other"),
        *(f"loop {s}" for s in ("closed", "abandoned", "awaiting", "open", "none")),
    }
    assert expected - seen == set()


@cache
def reference(table: str) -> Derived:
    rows = pl.read_parquet(SHARED_DATA / f"{table}.runs.parquet").iter_rows(named=True)
    runs = [
        Run(
            row["entity"],
            row["project"],
            row["run_id"],
            row["username"],
            row["state"],
            micros(row["created_at"]),
            started_at=micros(row["started_at"]),
            heartbeat_at=micros(row["heartbeat_at"]),
            runtime_us=round(row["runtime_s"] * SECOND),
        )
        for row in rows
    ]
    instants = (i for r in runs for i in (r.created_at, r.started_at, r.heartbeat_at))
    return derive(runs, max(instant for instant in instants if instant is not None))


@pytest.mark.thorough
@pytest.mark.skipif(not SHARED_DATA.is_dir(), reason=NO_SHARED_DATA)
@pytest.mark.parametrize("table", ["pozidriv", "nasa"])
@pytest.mark.parametrize("period", ["all", "week"])
def test_every_reference_cell_is_matched(table: str, period: str, tell):
    derived = reference(table)
    everything = metrics(derived) if period == "all" else metrics_by(derived, "week")
    expected = expected_figures(SHARED_DATA / f"{table}.{period}.expected.csv")
    found = {key: everything[key[0] if period == "all" else key] for key in expected}
    wrong = [*differences(expected, found, rel_tol=0, abs_tol=1e-6)]
    compared = sum(map(len, expected.values()))
    tell(f"{table}, {period}: oracle, {compared:,} cells compared, {len(wrong)} wrong")
    assert compared > 600
    assert not wrong
