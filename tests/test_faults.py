"""The faults of `make mutants` fit the queries: a change of one needs a change of the other."""

from __future__ import annotations

from pathlib import Path

from scripts.faults import FAULTS, TESTS
from scripts.mutants import misplaced

ROOT = Path(__file__).resolve().parent.parent


def test_what_a_fault_replaces_stands_once_in_its_query():
    assert [it for fault in FAULTS for it in misplaced(fault)] == []


def test_faults_have_names_of_their_own_and_change_something():
    assert len({fault.name for fault in FAULTS}) == len(FAULTS)
    assert all(fault.old != fault.new for fault in FAULTS)


def test_what_a_fault_is_shown_to_is_there():
    for test in {*TESTS, *(it for fault in FAULTS for it in fault.tests)}:
        path, _, name = test.partition("::")
        assert f"def {name.partition('[')[0]}" in (ROOT / path).read_text(encoding="utf-8")
