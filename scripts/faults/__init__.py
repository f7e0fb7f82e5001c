"""Faults to put into the queries one at a time: each must make a test fail."""

from __future__ import annotations

from scripts.faults import (
    access,
    actors,
    compute,
    evidence,
    experiments,
    figures,
    jobs,
    loops,
    medians,
    nudges,
    one_setting,
    reads,
    runs,
    store,
    tokens,
    waiting,
    weeks,
)
from scripts.faults.fault import (
    AZORES,
    CREDITS,
    EDGES,
    EXAMPLE,
    FIGURES,
    INCREMENTAL,
    LONG,
    NARROW,
    OUTSIDE,
    ROWS,
    USUAL,
    Fault,
)

__all__ = ["FAULTS", "TESTS", "Fault"]

#: Tests that run with every fault, in this order, after its likely tests have passed.
TESTS = (
    EDGES,
    EXAMPLE,
    ROWS,
    FIGURES,
    AZORES,
    OUTSIDE,
    CREDITS,
    USUAL,
    LONG,
    NARROW,
    INCREMENTAL,
)

FAULTS = (
    *evidence.FAULTS,
    *runs.FAULTS,
    *experiments.FAULTS,
    *loops.FAULTS,
    *medians.FAULTS,
    *one_setting.FAULTS,
    *compute.FAULTS,
    *jobs.FAULTS,
    *tokens.FAULTS,
    *access.FAULTS,
    *store.FAULTS,
    *reads.FAULTS,
    *waiting.FAULTS,
    *figures.FAULTS,
    *weeks.FAULTS,
    *actors.FAULTS,
    *nudges.FAULTS,
)
