"""The demo cohort as data: deterministic, complete, and as large as a real programme."""

import json
import os
import sys
from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from operator import attrgetter

import pytest

from tests.cohort_truth import at, digest, environment, truth
from tests.commands import ran
from tests.conftest import ROOT
from tests.oracles.kaplan_meier import estimate
from tests.oracles.model import HOUR, hours
from velocity.demo.cohort import build_cohort
from velocity.demo.stories import BIRDS, ENTITY, GUEST, SEED, SERVICE_PROJECT, agent_of
from velocity.demo.workdays import Term
from velocity.roster.models import check_roster
from velocity.settings import load_settings

pytestmark = pytest.mark.sampled(6)

NOON = at("2026-05-20T12:00:00")


@pytest.mark.thorough
def test_the_same_seed_and_instant_give_the_same_bytes_in_another_process():
    program = (
        "from tests.cohort_truth import at, digest, truth;"
        f"print(digest(truth(at('{NOON:%Y-%m-%dT%H:%M}')).cohort), end='')"
    )
    other = ran(sys.executable, "-c", program, cwd=ROOT, env=os.environ | {"PYTHONHASHSEED": "5"})
    assert other.stdout == digest(truth(NOON).cohort), other.stderr


@pytest.mark.thorough
def test_another_seed_gives_other_runs():
    ids = {node.name for node in truth(NOON).cohort.runs}
    assert not ids & {node.name for node in build_cohort(SEED + 1, NOON).runs}


@pytest.mark.thorough
def test_runs_follow_permuted_names():
    names = (*BIRDS[7:], *BIRDS[:7])
    renamed = dict(zip(BIRDS, names, strict=True))
    renamed |= {agent_of(old): agent_of(new) for old, new in renamed.items()}
    original, permuted = truth(NOON).cohort, build_cohort(SEED, NOON, names)
    for ours, theirs in zip(original.runs, permuted.runs, strict=True):
        assert theirs.username == renamed.get(ours.username or "", ours.username)
        # The SDK writes the user's address into the config, so it is permuted with the name.
        anonymous = ours.config.replace(f"{ours.username}@", f"{theirs.username}@")
        assert replace(ours, username=theirs.username, config=anonymous) == theirs


def test_there_must_be_one_name_per_seat():
    for names in (BIRDS[:-1], (*BIRDS[:-1], BIRDS[0])):
        with pytest.raises(ValueError, match="24 different names"):
            build_cohort(SEED, NOON, names)


@pytest.mark.thorough
def test_starting_the_demo_later_in_the_week_does_not_change_ended_runs():
    earlier, later = (
        {node.name: node for node in truth(instant).cohort.runs}
        for instant in (NOON, NOON + timedelta(hours=6))
    )
    week_ago = NOON - timedelta(days=7)
    over = [
        name
        for name, node in earlier.items()
        if node.heartbeat_at < week_ago and node.state != "running"
    ]
    assert len(over) > 0.85 * len(earlier)
    assert [earlier[name] for name in over] == [later[name] for name in over]


def test_roster_and_settings_have_no_findings(tmp_path):
    cohort = truth(NOON).cohort
    (tmp_path / "roster.toml").write_text(cohort.roster_toml)
    (tmp_path / "velocity.toml").write_text(cohort.settings_toml)
    assert check_roster(tmp_path / "roster.toml") == []
    settings = load_settings(tmp_path / "velocity.toml")
    assert settings.roster == tmp_path / "roster.toml"
    assert settings.wandb.projects == (f"{ENTITY}/*",)


@pytest.mark.parametrize("as_of", ["2026-05-18T00:00:10", "2026-05-20T12:00:00"])
def test_everything_happens_within_the_term(as_of):
    cohort = truth(at(as_of)).cohort
    first = datetime.fromtimestamp(Term.until(at(as_of)).start, cohort.as_of.tzinfo)
    for node in cohort.runs:
        assert node.heartbeat_at is not None
        assert first - timedelta(days=1) < node.created_at <= node.heartbeat_at <= cohort.as_of
        if node.state == "running" and node.heartbeat_at < cohort.as_of - timedelta(minutes=2):
            assert node.username != GUEST


def test_run_ids_are_unique():
    assert max(Counter(node.name for node in truth(NOON).cohort.runs).values()) == 1


def test_the_programme_is_as_large_as_a_real_one():
    data = truth(NOON)
    weeks = [data.week(index) for index in range(12)]
    assert 8_000 <= len(data.cohort.runs) <= 14_000
    for week in weeks:
        assert 180 <= data.concluded(week) <= 300
    early = data.serial_share(window=(weeks[0][0], weeks[4][0]))
    late = data.serial_share(window=(weeks[4][0], weeks[-1][1]))
    assert 0.6 < late < 0.7 < early < 0.8
    ended = [run for run in data.derived.runs.values() if run.scholar in BIRDS and run.end]
    assert 0.07 < sum(run.is_failed_compute for run in ended) / len(ended) < 0.12


@pytest.mark.thorough
def test_loops_last_hours_and_most_of_a_loop_is_reaction():
    for part, low, high in (("machine", 1.5, 2.5), ("reaction", 3.5, 5.5), ("loop", 8, 12)):
        times = attrgetter(f"{part}_us", f"{part}_event")
        median = estimate([times(it) for it in truth(NOON).loops() if times(it)[0]]).median
        assert low < hours(median) < high, part


def test_every_kind_of_run_occurs():
    data = truth(NOON)
    nodes = data.cohort.runs
    joined = Counter(run.joined_by for run in data.derived.runs.values())
    states = Counter(node.state for node in nodes)
    # A page, a rule or an edge case of the pull depends on each of these.
    for reason in ("sweep", "tag", "together", "same_config", "script", "continuation"):
        assert joined[reason] >= 30, reason
    for state in ("finished", "failed", "crashed", "killed", "preempted", "preempting", "running"):
        assert states[state] >= 5, state
    assert sum(len(environment(node)) > 1 for node in nodes) >= 10
    assert sum(node.job_type == "rank" for node in nodes) >= 100
    assert sum(not json.loads(node.summary_metrics) for node in nodes) >= 30
    hosts = {it["host"]: it["gpu_count"] for node in nodes for it in environment(node).values()}
    assert {1, 2, 4, 8} <= set(hosts.values())
    assert "localhost" in hosts
    queued = [run.queue_us for run in data.derived.runs.values() if run.queue_us]
    assert sum(wait > HOUR // 60 for wait in queued) >= 100


def test_failures_are_often_retried_with_the_same_config():
    data = truth(NOON)
    failed: dict[tuple[str | None, str | None], int] = {}
    again = 0
    for run in sorted(data.derived.runs.values(), key=lambda it: it.start or 0):
        idea = (run.run.username, run.run.config_hash)
        again += run.start is not None and failed.get(idea, run.start) < run.start
        if run.is_failed_compute and run.end is not None:
            failed[idea] = min(failed.get(idea, run.end), run.end)
    assert 0.01 < again / len(data.derived.runs) < 0.1


def test_a_few_runs_belong_to_people_outside_the_roster():
    nodes = truth(NOON).cohort.runs
    service = [node for node in nodes if node.username is None]
    guest = [node for node in nodes if node.username == GUEST]
    assert {node.project for node in service} == {SERVICE_PROJECT}
    assert 80 <= len(service) <= 100
    assert 0.95 < 1 - (len(service) + len(guest)) / len(nodes) < 0.99
