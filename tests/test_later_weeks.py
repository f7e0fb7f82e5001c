"""Past weeks are computed again if only something later changed their figures."""

import pytest

from tests.builders import at, run
from velocity.records import run_frame
from velocity.settings import Settings
from velocity.store import open_live
from velocity.store.derive import derive

pytestmark = pytest.mark.sampled(2)


def figure_of(data, name, week, syncs):
    """Ada's figure of one week after several syncs."""
    with open_live(data) as store:
        for rows in syncs:
            store.record.merge_runs(run_frame(list(rows)))
            store.record.merge_project("e", "p", rejected=(), as_of=at("2026-01-28 00:00"))
            derive(store, Settings(), None)
        sql = f"SELECT {name} FROM derived.weekly WHERE kind = 'scholar' AND week_start = $week"  # noqa: S608
        ((value,),) = store.run(sql, {"week": week})
    return float(value)


def test_the_week_of_a_chain_follows_its_last_launch(tmp_path):
    sunday = "2026-01-11"
    rows = [
        run("a", f"{sunday} 20:00", f"{sunday} 22:00"),
        run("b", f"{sunday} 22:05", f"{sunday} 23:55"),
        run("d", "2026-01-20 09:00", "2026-01-20 10:00"),
    ]
    syncs = [
        [*rows, run("c", "2026-01-12 00:00", f"2026-01-12 {end}")] for end in ("03:00", "01:00")
    ]
    # Two hours, 110 and 60 minutes: all but the longest.
    found = figure_of(tmp_path, "side_by_side_hours", "2026-01-05", syncs)
    assert found == pytest.approx(170 / 60)


def test_hours_after_a_decision_follow_it_into_later_weeks(tmp_path):
    gpu = {"gpu_count": 1, "gpu_type": "X", "host": "h"}
    rows = [
        run("a", "2026-01-05 09:00", "2026-01-05 10:00", **gpu),
        run("b", "2026-01-05 09:00:30", "2026-01-20 09:00", **gpu),
    ]
    next_launch = [run("n", f"2026-01-{day} 10:00", f"2026-01-{day} 11:00") for day in ("09", "19")]
    syncs = [[*rows, it] for it in next_launch]
    name, week = "after_decision_gpu_hours", "2026-01-12"
    assert figure_of(tmp_path / "closed", name, week, syncs[:1]) == pytest.approx(7 * 24)
    # The launch is now more than five days after the result: the loop is not closed.
    assert figure_of(tmp_path / "abandoned", name, week, syncs) == 0
