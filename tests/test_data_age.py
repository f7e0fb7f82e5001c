"""Data is called old when two usual syncs are missing."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.app_pages import open_page, words
from tests.builders import run, store_of
from tests.sampling import one_in
from velocity.reading import reads
from velocity.store import latest_snapshot, open_live
from velocity.store.publish import publish


def synced(data, gaps_minutes, *, age: timedelta = timedelta(0)):
    """The snapshot of a store synced with these gaps, the last time `age` ago."""
    last = datetime.now(UTC) - age
    started = [last]
    for gap in reversed(gaps_minutes):
        started.append(started[-1] - timedelta(minutes=gap))
    data.mkdir()
    store_of([run("r1", "09:00", "10:00")], "20:00", data=data)
    with open_live(data) as store:
        store.record.merge_project("e", "p", rejected=(), as_of=last)
        for at in started:
            told = {"command": "sync", "entity": "e", "project": "p", "requests": 1}
            none = [f"runs_{it}" for it in ("new", "changed", "unchanged", "deleted", "rejected")]
            times = {"started_at": at, "finished_at": at}
            store.record.merge_log(told | times | dict.fromkeys(none, 0))
        publish(store)


@pytest.mark.parametrize(
    ("gaps_minutes", "hours"),
    one_in(
        5,
        [([10, 10, 10], 1 / 6), ([10, 12, 300], 0.2), ([1440, 1440], 24), ([10], None), ([], None)],
    ),
)
def test_the_usual_gap_between_syncs_is_the_median(tmp_path, gaps_minutes, hours):
    synced(tmp_path / "store", gaps_minutes)
    found = reads.trust(latest_snapshot(tmp_path / "store"))["sync_every_hours"][0]
    assert found == (None if hours is None else pytest.approx(hours))


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("gaps_minutes", "age_minutes", "said"),
    one_in(
        6,
        [
            ([10, 10, 10], 15, "15 min ago"),
            ([10, 10, 10], 25, "Data is 25 min old"),
            ([1, 1, 1], 15, "15 min ago"),
            ([1440, 1440], 30 * 60, "30 h ago"),
            ([], 90, "1 h ago"),
            ([], 150, "Data is 2 h old"),
        ],
    ),
)
def test_a_page_says_that_data_is_old(tmp_path, monkeypatch, gaps_minutes, age_minutes, said):
    data = tmp_path / "store"
    synced(data, gaps_minutes, age=timedelta(minutes=age_minutes))
    assert f" · {said}" in words(open_page("runs", data, monkeypatch))
