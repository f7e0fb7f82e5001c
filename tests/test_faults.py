"""The faults of `make mutants` match the queries: change both together."""

from pathlib import Path

from scripts.faults import FAULTS, TESTS
from scripts.mutants import misplaced

ROOT = Path(__file__).resolve().parent.parent


def test_the_old_text_of_a_fault_is_once_in_its_query():
    assert [it for fault in FAULTS for it in misplaced(fault)] == []


def test_faults_have_unique_names_and_change_something():
    assert len({fault.name for fault in FAULTS}) == len(FAULTS)
    assert all(fault.old != fault.new for fault in FAULTS)


def test_the_likely_tests_of_a_fault_exist():
    for test in {*TESTS, *(it for fault in FAULTS for it in fault.tests)}:
        path, _, name = test.partition("::")
        assert f"def {name.partition('[')[0]}" in (ROOT / path).read_text(encoding="utf-8")
