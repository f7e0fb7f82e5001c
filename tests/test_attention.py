"""Waiting lines and lines that need attention: `stuck` and `line_states` match the oracle."""

from collections import defaultdict
from datetime import timedelta
from typing import NamedTuple

import pytest

from tests.batches import PLACES, Batch, batch_of, moment
from tests.builders import run, store_of
from tests.oracles.model import HOUR, Experiment, Line, local_date
from velocity.reading import reads

#: A line within a stream.
Place = tuple[Line, str | None]
URGENCY = {"result waiting": 1, "failure not recovered": 1, "stale run": 2, "running": 3}


class Need(NamedTuple):
    """Why a line needs attention, since when, and its experiment or run."""

    what: str
    since: int
    key: str


@pytest.fixture(scope="module", params=["short", "long"])
def batch(request) -> Batch:
    """Many short lines, or some long ones."""
    if request.param == "short":
        return batch_of(*PLACES[1], count=60)
    return batch_of(*PLACES[2], count=12, max_runs=120, one_line=True)


@pytest.fixture(scope="module")
def places(batch) -> dict[Place, list[Experiment]]:
    """The experiments of everybody who has separate figures."""
    found: dict[Place, list[Experiment]] = defaultdict(list)
    for experiment in batch.whole.experiments.values():
        if batch.is_attributed(experiment.scholar):
            found[experiment.line, experiment.stream].append(experiment)
    return found


def needs(batch: Batch, experiments: list[Experiment]) -> list[Need]:
    found = []
    for one in experiments:
        if batch.whole.loops[one.id].status == "awaiting" and one.outcome != "failure":
            found.append(Need("result waiting", one.F, one.id))
        if one.recovered is False:
            found.append(Need("failure not recovered", one.F, one.id))
        if one.outcome == "open":
            found.append(Need("running", one.S, one.id))
        found += [
            Need("stale run", run.end, "/".join(run.run.key))
            for run in one.members
            if run.state_class == "stale"
        ]
    return found


def place_of(row: dict) -> Place:
    return (row["scholar"], row["entity"], row["project"]), row["stream"]


@pytest.mark.thorough
@pytest.mark.parametrize("min_hours", [0, 24])
def test_stuck_lines_match_the_oracle(batch, places, min_hours):
    expected: dict[tuple[Place, str], list[Need]] = defaultdict(list)
    for place, experiments in places.items():
        for need in needs(batch, experiments):
            if need.what != "running":
                expected[place, need.what].append(need)
    found = reads.stuck(batch.snapshot, min_hours=min_hours).to_dicts()
    assert [row["since_at"] for row in found] == sorted(row["since_at"] for row in found)
    for row in found:
        place = place_of(row)
        those = expected.pop((place, row["what"]))
        since = min(need.since for need in those)
        hours = (places[place][0].as_of - since) / HOUR
        assert row["waited_hours"] == pytest.approx(hours, rel=1e-9)
        assert row["waited_hours"] > min_hours
        assert (row["since_at"], row["n"]) == (moment(since), len(those))
        assert row["experiment_id"] in {need.key for need in those if need.since == since}
    assert len(found) > 10
    for (place, _), those in expected.items():
        assert places[place][0].as_of - min(need.since for need in those) <= min_hours * HOUR


@pytest.mark.thorough
@pytest.mark.parametrize("days", [None, (1, 3)])
def test_states_of_lines_match_the_oracle(batch, places, days):
    window = (None, None) if days is None else [batch.first_day + timedelta(it) for it in days]
    states = reads.line_states(batch.snapshot, from_day=window[0], to_day=window[1]).to_dicts()
    found = {place_of(row): row for row in states}
    assert len(found) == len(states) > 10

    def inside(instant: int | None) -> bool:
        if instant is None or days is None:
            return instant is not None
        return window[0] <= local_date(instant, batch.rules.timezone) < window[1]

    for place, experiments in places.items():
        reasons = needs(batch, experiments)
        first = min(((URGENCY[it.what], it.since) for it in reasons), default=None)
        started = sum(inside(it.S) for it in experiments)
        concluded = sum(inside(it.F) for it in experiments if it.outcome in {"success", "partial"})
        if not started + concluded and first is None:
            continue
        row = found.pop(place)
        those = [it for it in reasons if (URGENCY[it.what], it.since) == first]
        assert row["state"] in ({it.what for it in those} or {"nothing open"})
        if first is not None:
            hours = (experiments[0].as_of - first[1]) / HOUR
            assert row["waited_hours"] == pytest.approx(hours, rel=1e-9)
            named = next(it for it in experiments if it.id == row["experiment_id"])
            assert Need(row["state"], first[1], "") in {
                it._replace(key="") for it in needs(batch, [named])
            }
        assert (row["experiments_started"], row["experiments_concluded"]) == (started, concluded)
        ended = [
            run.is_failed_compute
            for it in experiments
            for run in it.members
            if run.state_class not in {"running", "pending"} and inside(run.end)
        ]
        assert row["runs_ended"] == len(ended)
        assert row["failure_share"] == (sum(ended) / len(ended) if ended else None)
        assert_last_loops(batch, experiments, row["last_loops_hours"])
    assert not found


def assert_last_loops(batch: Batch, experiments: list[Experiment], found: list[float]) -> None:
    """Assert the ten latest loops; launches at the same instant may be in any order."""
    loops = [batch.whole.loops[it.id] for it in experiments]
    loops = sorted((it for it in loops if it.status != "none"), key=lambda loop: loop.S)
    assert len(found) == min(len(loops), 10)
    if len({loop.S for loop in loops[-11:]}) == len(loops[-11:]):
        hours = [loop.loop_us / HOUR for loop in loops[-10:]]
        assert found == pytest.approx(hours, rel=1e-9)


@pytest.mark.parametrize(
    ("first", "state"), [("a", "result waiting"), ("b", "failure not recovered")]
)
def test_of_two_needs_since_the_same_instant_the_first_launched_is_shown(first, state):
    ends = {"b": "failed", "a": "finished"}
    rows = [
        run(f"{project}-{it}", start, "12:00", state=end, group_name=it, project=project)
        for project in "ab"
        for it, end in ends.items()
        for start in ["09:00" if it == project else "09:01"]
    ]
    states = reads.line_states(store_of(rows, "20:00")).filter(project=first)
    assert states.select("state", "experiment_id").row(0) == (state, f"e/{first}/{first}-{first}")
