"""Medians of a line: every loop counts, including open loops."""

import math
from datetime import timedelta

import pytest

from tests.builders import at, run, store_of
from velocity.reading import reads

pytestmark = pytest.mark.thorough


#: Launches every hour from 09:00 to 16:00.
HOURLY = [at("09:00") + timedelta(hours=hour) for hour in range(8)]
#: Scholar -> launches, each with a result after 20 minutes; the last one is five days later.
GAPS = {
    "five_days": [*HOURLY, HOURLY[-1] + timedelta(days=5)],
    "longer": [*HOURLY, HOURLY[-1] + timedelta(days=5, microseconds=1)],
}


@pytest.fixture(scope="module")
def snapshot():
    """Lines of different ends."""
    open_, only = {"entity": "open", "username": "open"}, {"entity": "only", "username": "only"}
    launches = [2, 3, 5, 8, 12, 17, 23]  # loops of 1 to 6 hours; the last one waits
    rows = [run(f"r{hour}", f"{hour:02}:00", f"{hour:02}:30", **open_) for hour in launches]
    rows += [
        run(f"s{n}", "01:00", "23:40", state="running", sweep=f"s{n}", **open_) for n in range(5)
    ]
    rows.append(run("r", "01:00", "02:00", state="running", **only))
    rows += [
        run(f"{who}{n}", it, it + timedelta(minutes=20), entity=who, username=who)
        for who, starts in GAPS.items()
        for n, it in enumerate(starts)
    ]
    ends = {"open": at("23:45"), "only": at("02:05")} | dict.fromkeys(GAPS, at("00:00", days=20))
    return store_of(rows, {(who, "p"): end for who, end in ends.items()})


def line_of(snapshot, who):
    return reads.lines(snapshot).filter(scholar=who).row(0, named=True)


def test_open_loops_lengthen_the_median_of_their_line(snapshot):
    line = line_of(snapshot, "open")
    scholar = reads.metrics(snapshot, by="scholar", groups=["open"]).row(0, named=True)

    # Of 12 loops, 5 are open and one is awaiting: survival is one half at the sixth that ended.
    assert (line["loops"], line["loops_closed"]) == (12, 6)
    assert line["loop_hours_median"] == pytest.approx(6.0)
    assert line["loop_hours_median"] == scholar["loop_hours_median"]
    assert line["loop_hours_largest"] == scholar["loop_hours_largest"] == pytest.approx(22.75)

    line = line_of(snapshot, "only")
    assert (line["loops"], line["loops_closed"], line["loop_hours_median"]) == (1, 0, None)


@pytest.mark.parametrize(("who", "gaps", "awake"), [("five_days", 8, 67), ("longer", 7, 7)])
def test_a_gap_of_five_days_counts_and_a_longer_one_does_not(snapshot, who, gaps, awake):
    # Half of the results wait for 40 minutes; five days have 60 awake hours.
    expected = 40 / 60 * (gaps / awake) / math.log(2)
    assert line_of(snapshot, who)["blind_ratio"] == pytest.approx(expected, rel=1e-9)
