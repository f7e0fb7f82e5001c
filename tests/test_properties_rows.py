"""Runs, sessions, experiments and loops in SQL match the oracle, row by row."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.batches import OTHER_RULES, PLACES, Batch, batch_of
from tests.comparison import agree, rows_by
from tests.oracle_rows import (
    expected_experiments,
    expected_loops,
    expected_runs,
    expected_sessions,
)
from tests.sampling import one_in
from velocity.reading import reads

if TYPE_CHECKING:
    from datetime import datetime

_SESSIONS = """
SELECT entity, project, run_id, number, session.start_us, session.end_us
FROM session JOIN run USING (run_key) JOIN project USING (project_key)
"""


def assert_rows_are_the_oracles(batch: Batch) -> None:
    snapshot = batch.snapshot
    runs = rows_by(reads.runs(snapshot), "entity", "project", "run_id")
    for row in runs.values():
        row["flags"] = set(row["flags"].split())
    agree(expected_runs(batch), runs)
    sessions = rows_by(snapshot.frame(_SESSIONS), "entity", "project", "run_id", "number")
    agree(expected_sessions(batch), sessions)
    experiments = rows_by(reads.experiments(snapshot), "experiment_id")
    agree(expected_experiments(batch), experiments)
    agree(expected_loops(batch), rows_by(reads.loops(snapshot), "experiment_id"))


@pytest.mark.parametrize(("zone", "base"), one_in(len(PLACES), PLACES))
def test_rows_match_the_oracle(zone: str, base: datetime) -> None:
    assert_rows_are_the_oracles(batch_of(zone, base))


@pytest.mark.thorough
def test_rows_without_a_roster_match_the_oracle() -> None:
    assert_rows_are_the_oracles(batch_of(*PLACES[0], has_roster=False))


@pytest.mark.thorough
def test_rows_with_other_settings_match_the_oracle() -> None:
    assert_rows_are_the_oracles(batch_of(*PLACES[0], rules=OTHER_RULES))
