"""A line's own medians: every loop counts, the ones still in flight too."""

from __future__ import annotations

import pytest

from tests.builders import run, store_of
from velocity import reads


def test_open_loops_lengthen_the_median_of_their_line():
    launches = [2, 3, 5, 8, 12, 17, 23]  # loops of 1 to 6 hours, and the last one waits
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


def test_a_line_with_nothing_but_an_open_loop_is_a_line():
    snapshot = store_of([run("r", "01:00", "02:00", state="running")], "02:05")
    line = reads.lines(snapshot).row(0, named=True)
    assert (line["loops"], line["loops_closed"], line["loop_hours_median"]) == (1, 0, None)
