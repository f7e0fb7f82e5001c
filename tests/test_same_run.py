"""A run read under two keys counts once: the row read last, but W&B before directories."""

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.builders import at, run, without_runs
from tests.stores import copied
from velocity.records import run_frame
from velocity.settings import Settings
from velocity.store.derive import derive
from velocity.store.live import open_live

pytestmark = pytest.mark.sampled(3)

LOCAL = {"entity": "local", "project": "uncategorized", "source": "files", "username": None}
MOVED = {"project": "q", "source": "api"}
PULLED = {"source": "api"}

ON_DISK, OF_W_AND_B, ELSEWHERE = (run("r", "09:00", "10:00", **it) for it in (LOCAL, PULLED, MOVED))
FIRST = run("r", "09:00", "09:10", **LOCAL)
AGAIN = run("r@2026-01-05T13:00:00Z", "13:00", "14:00", **LOCAL)
ONE, TWO = "local/uncategorized/r", "local/uncategorized/r@2026-01-05T13:00:00Z"
#: W&B's run of both, and a run with a clock that is 3 hours ahead.
TURNS = run("r", "09:00", "14:00", **PULLED, writer_starts=[at("09:00"), at("13:00")])
TURNS |= {"resumed": True, "runtime_s": 70 * 60.0}
AHEAD = run("r", "12:00", "10:00", **PULLED, created_at="09:00", runtime_s=3600.0)
START = at("13:00:00.123456")
PRECISE = run("r@2026-01-05T13:00:00.123456Z", START, "14:00", **LOCAL)
SOON_ID = "r@2026-01-05T09:01:00Z"
SOON = run(SOON_ID, "09:01", "10:00", **LOCAL)
#: Case -> the rows that each sync brings, and the runs that count after it.
CASES = {
    **{
        f"a run of W&B from {start} replaces its directory": [
            ([ON_DISK], {ONE}),
            ([run("r", start, "10:00", **PULLED)], {"e/p/r"}),
        ]
        for start in ("09:00", "09:02", "08:58")
    },
    "a directory read after W&B": [([OF_W_AND_B], {"e/p/r"}), ([ON_DISK], {"e/p/r"})],
    "the last row of a moved run": [
        ([OF_W_AND_B], {"e/p/r"}),
        ([ELSEWHERE], {"e/q/r"}),
        ([OF_W_AND_B | {"notes": "edited"}], {"e/p/r"}),
    ],
    "gone": [([ON_DISK], {ONE}), ([OF_W_AND_B], {"e/p/r"}), ([], {ONE})],
    "another start": [([OF_W_AND_B, run("r", "09:03", "10:00", **MOVED)], {"e/p/r", "e/q/r"})],
    "another id": [([OF_W_AND_B, run("s", "09:00", "10:00", **MOVED)], {"e/p/r", "e/q/s"})],
    "an id with an @ of its own": [
        ([OF_W_AND_B, run("r@home", "09:00", "10:00", **MOVED)], {"e/p/r", "e/q/r@home"})
    ],
    "a launch separated locally is the run of W&B": [
        ([FIRST, AGAIN | {"relaunched": True}], {ONE, TWO}),
        ([run("r", "13:00", "14:00", **PULLED, created_at="09:00")], {"e/p/r", ONE}),
    ],
    "a launch with a fraction of a second": [
        ([PRECISE, run("r", START, "14:00", **PULLED)], {"e/p/r"})
    ],
    "launches in quick succession in one project": [
        ([run("r", "09:00", "09:00:30", **LOCAL), SOON], {ONE, f"local/uncategorized/{SOON_ID}"})
    ],
    # The directory of the earlier launch is gone, and the later one was read again without it.
    "both names": [
        ([FIRST, AGAIN], {ONE, TWO}),
        ([run("r", "13:00", "14:00", **LOCAL)], {ONE, TWO}),
    ],
    "sessions of one run, separated locally": [
        ([TURNS], {"e/p/r"}),
        ([FIRST, AGAIN | {"relaunched": True}], {"e/p/r"}),
    ],
    "the second session alone": [([run("r", "13:00", "14:00", **LOCAL), TURNS], {"e/p/r"})],
    "a clock that is wrong": [
        ([run("r", "12:00", "13:00", **LOCAL)], {ONE}),
        ([AHEAD], {"e/p/r"}),
    ],
    "three rows": [([ON_DISK, OF_W_AND_B, ELSEWHERE], {"e/q/r"})],
}


@cache
def history():
    """After each sync, why each run of "case:entity/project/run" is excluded (None: it counts)."""
    found = []
    with TemporaryDirectory() as folder, open_live(copied(without_runs, Path(folder))) as store:
        for number in range(3):
            rows = [
                row | {"entity": f"{case}:{row['entity']}", "run_id": f"{case}|{row['run_id']}"}
                for case, syncs in CASES.items()
                for row in (syncs[number][0] if number < len(syncs) else ())
            ]
            runs = run_frame(rows)
            store.record.merge_runs(runs)
            if number == 2:
                store.record.mark_deleted("gone:e", "p", ["gone|r"], at=at("22:00"))
            for entity, project in runs.select("entity", "project").unique().iter_rows():
                store.record.merge_project(entity, project, rejected=(), as_of=at("23:00"))
            derive(store, Settings(), None)
            sql = (
                "SELECT concat_ws('/', entity, project, split_part(run_id, '|', 2)), excluded "
                "FROM derived.run JOIN project USING (project_key)"
            )
            with store.reading_record():
                found.append(dict(store.run(sql)))
    return found


@pytest.mark.parametrize("case", CASES)
def test_one_run_counts_once_and_different_runs_each_count(case):
    found = [
        {key.removeprefix(f"{case}:"): why for key, why in it.items() if key.startswith(f"{case}:")}
        for it in history()
    ]
    assert {why for it in found for why in it.values()} <= {None, "same_run"}
    counted = [{key for key, why in it.items() if why is None} for it in found]
    expected = [runs for _, runs in CASES[case]]
    # Later syncs bring nothing more about the run.
    assert counted == expected + expected[-1:] * (3 - len(expected))
