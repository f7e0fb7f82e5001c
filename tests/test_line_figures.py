"""Medians of a line: every loop counts, including open loops."""

from __future__ import annotations

import math
from datetime import timedelta

import pytest

from tests.builders import at, run, store_of
from velocity.reading import reads

pytestmark = pytest.mark.thorough


def test_open_loops_lengthen_the_median_of_their_line():
    launches = [2, 3, 5, 8, 12, 17, 23]  # loops of 1 to 6 hours; the last one waits
    rows = [run(f"r{hour}", f"{hour:02}:00", f"{hour:02}:30") for hour in launches]
    rows += [run(f"s{n}", "01:00", "23:40", state="running", sweep=f"s{n}") for n in range(5)]
    snapshot = store_of(rows, "23:45")

    line = reads.lines(snapshot).row(0, named=True)
    scholar = reads.metrics(snapshot, by="scholar").row(0, named=True)

    # Of 12 loops, 5 are open and one is awaiting: survival is one half at the sixth that ended.
    assert (line["loops"], line["loops_closed"]) == (12, 6)
    assert line["loop_hours_median"] == pytest.approx(6.0)
    assert line["loop_hours_median"] == scholar["loop_hours_median"]
    assert line["loop_hours_largest"] == scholar["loop_hours_largest"] == pytest.approx(22.75)


def test_a_line_with_only_an_open_loop_is_a_line():
    snapshot = store_of([run("r", "01:00", "02:00", state="running")], "02:05")
    line = reads.lines(snapshot).row(0, named=True)
    assert (line["loops"], line["loops_closed"], line["loop_hours_median"]) == (1, 0, None)


@pytest.mark.parametrize(("beyond", "gaps", "awake"), [(0, 8, 67), (1, 7, 7)])
def test_a_gap_of_five_days_counts_and_a_longer_one_does_not(beyond, gaps, awake):
    """Launches every hour from 09:00 to 16:00, results after 20 minutes, and one launch later."""
    starts = [at("09:00") + timedelta(hours=hour) for hour in range(8)]
    starts.append(starts[-1] + timedelta(days=5, microseconds=beyond))
    rows = [run(f"r{n}", it, it + timedelta(minutes=20)) for n, it in enumerate(starts)]
    line = reads.lines(store_of(rows, at("00:00", days=20))).row(0, named=True)
    # Half of the results wait for 40 minutes; five days have 60 awake hours.
    expected = 40 / 60 * (gaps / awake) / math.log(2)
    assert line["blind_ratio"] == pytest.approx(expected, rel=1e-9)
