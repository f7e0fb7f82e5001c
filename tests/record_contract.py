"""What every record does, wherever it keeps its rows.

A test file that imports these tests says with the fixture `settings_of` or `opened` where that is.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta

import polars as pl
import pytest

from tests.builders import at, run
from tests.derived_tables import assert_tables_agree, derived_tables
from velocity.record import PullState
from velocity.record.exclusions import Names
from velocity.records import Rejected, run_frame
from velocity.settings import Settings
from velocity.store import LiveStore, open_live
from velocity.store.derive import derive

Opened = Callable[..., AbstractContextManager[LiveStore]]
ON_TIME = [run("r1", "09:00", "10:00")]
LATE = [run("late", "12:00", "13:00")]


class StoppedError(Exception):
    """Raised instead of a kill."""


@pytest.fixture
def opened(tmp_path, settings_of) -> Opened:
    """Open the store of a name: every name has a record of its own."""
    return lambda name="one": open_live(tmp_path / name, settings_of(name))


@pytest.fixture
def store(opened):
    with opened() as live:
        yield live


def rows(store, sql):
    """The rows of a SELECT over the record, sorted."""
    return frame(store, sql).rows()


def frame(store, sql):
    store.record.catch_up()
    with store.reading_record():
        found = store.frame(sql)
    return found.sort(found.columns[0])


def bring(store, runs, as_of="2026-01-13 08:00"):
    store.record.merge_runs(run_frame(runs))
    store.record.merge_project("e", "p", rejected=(), as_of=at(as_of))


def derived(store):
    return derive(store, Settings(), None).scholars


def restated(store):
    columns = "derivation, kind, group_id, week_start, measure, value_before, value_after"
    return rows(store, f"SELECT {columns} FROM restatement ORDER BY ALL")  # noqa: S608 - ours


def states(store):
    return [state for _, state in rows(store, "SELECT run_id, state FROM raw_run")]


def held(store):
    return dict(rows(store, "SELECT run_id, relaunched FROM raw_run"))


def launch(start, **columns):
    return run_frame([run("r", start, **{"source": "files", "resumed": False} | columns)])


def test_changes_that_were_not_derived_are_derived_next(opened):
    with opened("one") as store:
        bring(store, ON_TIME)
        derived(store)
        assert derived(store) == 0
        bring(store, LATE)
    # The command may have been stopped right after its merge.
    with opened("one") as store:
        assert derived(store) == 1
        assert derived(store) == 0
        found = derived_tables(store)
    with opened("other") as store:
        bring(store, [*ON_TIME, *LATE])
        derived(store)
        assert_tables_agree(found, derived_tables(store))


@pytest.mark.thorough
def test_a_restatement_is_kept_once_if_a_derivation_stops_anywhere(opened, monkeypatch):
    changes = {"record": LATE, "store": [run("r1", "09:00", "10:00", state="failed")]}
    found = []
    for name in ("whole", "stopped"):
        with opened(name) as store:
            bring(store, ON_TIME, "2026-01-12 08:00")
            derived(store)
            for where, change in changes.items():
                bring(store, change)
                if name == "stopped":
                    with monkeypatch.context() as patched:
                        _stop(patched, store, where)
                        with pytest.raises(StoppedError):
                            derived(store)
                derived(store)
            found.append(restated(store))
    assert found[0] == found[1] != []


def _stop(patched, store, where):
    """Stop before the record has the restatements, or before the store lets go of them."""
    run_sql = LiveStore.run

    def stops(self, *words):
        if where == "store" and words[0] != "DELETE FROM restated":
            return run_sql(self, *words)
        raise StoppedError

    of = {"record": (type(store.record), "keep_restatements"), "store": (LiveStore, "run")}
    patched.setattr(*of[where], stops)


@pytest.mark.thorough
def test_derived_tables_can_be_rebuilt_from_the_record(opened, tmp_path):
    with opened() as store:
        bring(store, ON_TIME, "2026-01-12 08:00")
        derived(store)
        bring(store, LATE)
        derived(store)
        found, told = derived_tables(store), restated(store)
    (tmp_path / "one" / "derived.duckdb").unlink()
    with opened() as store:
        assert derived(store) == 1
        assert_tables_agree(derived_tables(store), found)
        assert restated(store) == told != []


def test_the_record_cannot_be_written_while_it_is_derived(store):
    bring(store, ON_TIME)
    store.record.catch_up()
    with store.reading_record(), pytest.raises(Exception, match="read-only mode"):
        store.run("DELETE FROM raw_run")
    assert store.record.count_runs(["ada"]) == {"ada": 1}


def test_every_value_of_a_run_is_kept(store):
    """Also those that other databases refuse."""
    whole = run(
        "r1",
        "09:00",
        "10:00",
        host='h"1\\',
        gpu_type="A, B",
        gpu_count=8,
        job_id="7",
        tags=["a,b", '"', "", "{}", "NULL"],
        notes="one\n\\.\n\ttwo",
        display_name="",
        same_as=["x"],
        unreadable=["y"],
        earlier_runtime_s=float("nan"),
        gpu_utilisation=1 / 3,
        history_rows=2**62,
        submitted_at="08:00:00.000001",
        config='{"a\\u0000b": {"c": ["\\u0000", 1e300]}, "d": null}',
        relaunched=True,
        commit="\u00e9\U0001f600",
        usage=[{"model": 'm"1', "input": 2**50, "cache_read": 0, "dollars": 1 / 3}],
        attempt_of="t",
    )
    assert store.record.merge_runs(run_frame([whole])).new == 1
    assert store.record.merge_runs(run_frame([whole])).unchanged == 1
    kept = run_frame(frame(store, "FROM raw_run").to_dicts()).drop("config", "trust")
    assert kept.equals(run_frame([whole]).drop("config", "trust"), null_equal=True)
    assert rows(store, "SELECT len(config_hashes) FROM raw_run") == [(2,)]


def test_rows_that_could_not_be_read_are_replaced_project_by_project(store):
    for reason in ("one", "two"):
        rejected = [Rejected("e", "p", None, reason), Rejected("e", "p", "r9", reason)]
        store.record.merge_project("e", "p", rejected=rejected, as_of=at("12:00"))
    store.record.merge_project("e", "q", rejected=[], as_of=None)
    assert set(rows(store, "SELECT reason FROM rejected")) == {("two",)}
    assert store.record.list_to_read_again("e", "p", "rejected") == ["r9"]
    assert rows(store, "SELECT project FROM project") == [("p",)]


def test_only_a_pull_moves_a_pulled_project(store):
    def kept(**more):
        store.record.merge_project("e", "p", rejected=(), **more)
        return store.record.read_pull_state("e", "p")

    pull = PullState(pulled_from=at("12:00"), filter_trusted=True, uncollected=3)
    assert kept(as_of=at("13:00"), app_url="https://w/") == PullState()
    assert kept(as_of=at("12:30"), pull=pull) == pull
    assert kept(as_of=at("15:00")) == pull
    assert rows(store, "SELECT as_of, app_url FROM project") == [(at("12:30"), "https://w")]
    assert store.record.list_pulled("e") == ["p"]


def test_runs_to_look_at_again_are_found(store):
    record = store.record
    runs = [run(f"r{it}", f"{10 + it}:00", f"{11 + it}:00", source="api") for it in range(5)]
    runs.append(run("going", "09:00", "09:30", state="running", source="api", tags=["a"]))
    record.merge_runs(run_frame([*runs, run("table", "09:00")]))
    assert record.list_to_read_again("e", "p", "unfinished") == ["going"]
    assert record.count_collected("e", "p") == 6
    assert record.list_missing("e", "p", pl.Series(["r0", "r1", None])) == [
        "going",
        "r2",
        "r3",
        "r4",
    ]
    assert set(record.known_window("e", "p")) == {"r2", "r3", "r4"}
    # The record has a likely creation time where that of the listing cannot be read.
    listing = [
        runs[0] | {"created_at": None},
        *runs[1:3],
        runs[3] | {"notes": "new"},
        runs[5] | {"tags": ["b"]},
        run("r9", "09:00"),
    ]
    assert record.list_differing("e", "p", run_frame(listing)) == ["going", "r3", "r9"]
    record.mark_deleted("e", "p", ["r0", "r1"], at=at("20:00"))
    assert record.count_collected("e", "p") == 4
    assert record.list_differing("e", "p", run_frame(runs[:1])) == ["r0"]
    assert record.merge_runs(run_frame(runs[:2])).revived == 2


def test_values_of_named_keys_are_kept_while_they_are_named(store):
    def told():
        return rows(store, "SELECT named_values FROM raw_run")

    record = store.record
    given = run_frame([run("r1", "09:00", source="api", config='{"gpu": {"n": 4}, "m": 1}')])
    record.merge_runs(given)
    assert told() == [(None,)]
    record.name_keys(["gpu.n"])
    assert record.list_to_read_again("e", "p", "unread_named") == ["r1"]
    assert record.merge_runs(given).changed == 1
    assert record.list_to_read_again("e", "p", "unread_named") == []
    assert told() == [('{"gpu.n":4}',)]
    record.name_keys(["m"])
    assert told() == [(None,)]
    assert record.list_to_read_again("e", "p", "unread_named") == ["r1"]


def test_utilisation_is_requested_once_and_kept(store):
    record = store.record
    runs = run_frame(
        [run(f"r{it}", "09:00", f"1{it}:00", source="api", unreadable=["x"]) for it in range(3)]
        + [run("short", "09:00", "09:05", source="api"), run("table", "09:00", "12:00")]
    )
    record.merge_runs(runs)
    assert record.take_unmeasured(2) == ("e", "p", ["r2", "r1"])
    record.give_back("e", "p", ["r1"])
    assert record.take_unmeasured(9) == ("e", "p", ["r1", "r0"])
    assert record.take_unmeasured(9) is None
    derived(store)
    record.keep_utilisation("e", "p", {"r2": 0.25, "r1": None})
    assert derived(store) == 1
    known = "SELECT run_id, gpu_utilisation, unreadable FROM raw_run WHERE run_id LIKE 'r%'"
    expected = [("r0", None, ["x"]), ("r1", None, ["x", "events"]), ("r2", 0.25, ["x"])]
    assert rows(store, known) == expected
    assert record.merge_runs(runs).unchanged == 5
    assert rows(store, known) == expected


def test_a_person_is_erased_with_every_row_about_them(store):
    record = store.record
    record.merge_runs(run_frame([*ON_TIME, run("b1", "09:00", "10:00", username="bob")]))
    record.merge_runs(run_frame([run("own", "09:00", entity="bob", username="bob")]))
    for entity in ("e", "bob"):
        row = Rejected(entity, "p", "r9", "why")
        record.merge_project(entity, "p", rejected=[row], as_of=at("12:00"))
    derived(store)
    names = Names(usernames=frozenset({"bob"}), labels=frozenset({"bob"}))
    assert record.has_traces("bob") == (True, False)
    assert record.erase(names) == (2, 2)
    assert record.has_traces("bob") == (False, False)
    assert record.erase(names) == (0, 0)
    assert record.count_runs(["ada", "bob"]) == {"ada": 1}
    assert rows(store, "SELECT entity FROM project") == [("e",)]
    record.rewrite()
    assert record.merge_runs(run_frame(ON_TIME)).unchanged == 1


@pytest.mark.parametrize("newest_first", [True, False])
def test_of_several_rows_in_a_batch_the_one_with_the_latest_heartbeat_counts(store, newest_first):
    told = (("11:00", "finished"), ("10:00", "running"), (None, "pending"))
    rows = [run("r1", "09:00", end, state=state) for end, state in told]
    store.record.merge_runs(run_frame(rows if newest_first else rows[::-1]))
    assert states(store) == ["finished"]


@pytest.mark.parametrize(
    ("held", "comes", "kept"),
    [(3, 2, True), (2, 1, True), (1, None, True), (2, 3, False), (2, 2, False), (None, 1, False)],
)
def test_a_row_is_replaced_only_by_a_source_with_the_same_trust_or_more(store, held, comes, kept):
    store.record.merge_runs(run_frame([run("r1", "09:00", state="running", trust=held)]))
    store.record.merge_runs(run_frame([run("r1", "09:00", "10:00", trust=comes)]))
    assert states(store) == ["running" if kept else "finished"]


def of_table(complete_to, end, state="finished"):
    row = run("r1", "09:00", end, state=state, trust=2, complete_to=at(complete_to))
    return run_frame([row])


@pytest.mark.parametrize(
    ("held", "comes", "kept"),
    [
        # Complete to, last sign of life, state.
        (("12:00", "11:00"), ("10:30", "10:00", "running"), True),
        (("12:00", "11:00"), ("10:30", "10:00"), True),
        (("12:00", "11:00", "running"), ("10:30", "10:00", "running"), True),
        (("12:00", "11:00"), ("10:30", "11:00", "failed"), True),
        (("12:00", None), ("10:30", None, "running"), True),
        (("12:00", None, "running"), ("12:00", None, "pending"), True),
        (("12:00", "11:00"), ("12:00", "11:00", "running"), True),
        (("12:00", "11:00"), ("13:00", "10:00", "running"), True),
        (("12:00", "11:00"), ("11:55", "11:30", "running"), True),
        # A part of a table may be complete to an earlier time than the whole was.
        (("12:00", "11:00", "running"), ("11:50", "11:30"), False),
        (("12:00", "11:00"), ("13:00", "12:30", "running"), False),  # resumed
        (("12:00", None), ("13:00", None, "running"), False),
        # Corrections.
        (("12:00", "11:00"), ("12:00", "10:00"), False),
        (("12:00", "11:00"), ("12:00", "11:00", "failed"), False),
        (("12:00", "12:00"), ("11:30", "11:00"), False),  # the last end was wrong
        (("12:00", "12:00", "running"), ("11:30", "11:00", "running"), True),
    ],
)
def test_an_older_table_replaces_nothing_of_a_newer_one(store, held, comes, kept):
    store.record.merge_runs(of_table(*held))
    counts = store.record.merge_runs(of_table(*comes))
    assert (counts.older, counts.changed) == ((1, 0) if kept else (0, 1))
    expected = held if kept else comes
    assert states(store) == [expected[2] if len(expected) > 2 else "finished"]


def test_a_run_of_an_earlier_version_does_not_say_how_new_it_is(store):
    store.record.merge_runs(of_table("12:00", "11:00").with_columns(complete_to=None))
    assert store.record.merge_runs(of_table("10:00", "10:00", "running")).older == 1
    assert store.record.merge_runs(of_table("11:00", "11:00", "failed")).changed == 1


def test_launches_with_the_same_id_read_one_by_one_are_separate_runs(store):
    starts = ("09:00", "13:00", "13:00", "09:00", "11:00:00.000250")
    outcomes = [store.record.merge_runs(launch(start)) for start in starts]
    # A launch that is read again changes nothing.
    expected = [(1, 0), (1, 0), (0, 1), (0, 1), (1, 0)]
    assert [(it.new, it.unchanged) for it in outcomes] == expected
    assert held(store) == {
        "r": None,
        "r@2026-01-05T11:00:00.000250Z": True,
        "r@2026-01-05T13:00:00Z": True,
    }


@pytest.mark.parametrize(
    ("start", "columns"),
    [
        ("09:02", {"created_at": "09:00"}),  # read before it had all of its start
        ("13:00", {"resumed": True, "earlier_runtime_s": 0.0}),
        ("13:00", {"resumed": None}),  # no log to tell
        ("13:00", {"source": "api"}),
        ("13:00", {"source": "table"}),
    ],
)
def test_a_run_with_the_id_of_a_stored_launch_may_be_the_same_run(store, start, columns):
    store.record.merge_runs(launch("09:00"))
    store.record.merge_runs(launch(start, **columns))
    assert held(store) == {"r": None}


PART, PARTS = ("09:00", "11:00", "14:00"), (600, 3600, 60)


def session(number, state="failed", *, seconds=None, **columns):
    """The launch of a later session alone, or of the first one."""
    begun, runtime = at(PART[number]), PARTS[number] if seconds is None else seconds
    seen = {"runtime_s": float(runtime), "heartbeat_at": begun + timedelta(seconds=runtime)}
    row = run("r", begun, state=state, source="files", resumed=number > 0, host=f"n{number}")
    row["writers"] = [it | seen for it in row["writers"]]
    earlier = sum(PARTS[:number])
    before = {"earlier_runtime_s": float(earlier)} if number else {}
    return row | seen | {"runtime_s": float(runtime + earlier)} | before | columns


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0), (0, 2, 1, 0, 2)])
def test_the_sessions_of_a_run_may_be_read_one_by_one_in_any_order(store, order):
    for number in order:
        state = "finished" if number == 2 else "failed"
        store.record.merge_runs(run_frame([session(number, state)]))
    sql = (
        "SELECT run_id, state, resumed, runtime_s, earlier_runtime_s, created_at, heartbeat_at, "
        "writers FROM raw_run"
    )
    ((*told, writers),) = rows(store, sql)
    begun = [at(it) for it in PART]
    assert told == [
        *("r", "finished", True, sum(PARTS), None),
        *(begun[0], begun[2] + timedelta(seconds=PARTS[2])),
    ]
    found = [(it["start"], it["host"], it["runtime_s"]) for it in writers]
    assert found == list(zip(begun, ["n0", "n1", "n2"], map(float, PARTS), strict=True))
    again = store.record.merge_runs(run_frame([session(order[-1])]))
    assert (again.new, again.changed) == (0, int(order[-1] == 2))


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 0, 2), (1, 2, 0)])
@pytest.mark.parametrize("relaunched", [1, 2])
def test_a_launch_and_its_sessions_may_be_read_one_by_one_in_any_order(store, order, relaunched):
    again = {"resumed": False, "earlier_runtime_s": None}
    for number in order:
        columns = {"stamp": at(PART[number])} | (again if number == relaunched else {})
        # The others take their name from the session before.
        named = {} if number else {"gpu_utilisation": 0.5}
        named["display_name"] = None if number else "first"
        row = session(number, **columns | named)
        store.record.merge_runs(run_frame([row]))
    sql = "SELECT run_id, relaunched, display_name, gpu_utilisation, stamp, writers FROM raw_run"
    found = rows(store, sql)
    begun, later = at(PART[0]), at(PART[relaunched])
    assert {tuple(known): [it["start"] for it in writers] for *known, writers in found} == {
        ("r", None, "first", 0.5, begun): [at(it) for it in PART[:relaunched]],
        (f"r@{later:%Y-%m-%dT%H:%M:%SZ}", True, None, None, later): [
            at(it) for it in PART[relaunched:]
        ],
    }


def test_sessions_read_one_by_one_are_as_long_as_they_were_seen(store):
    seen = session(0, "running") | {"runtime_s": 900.0}  # of which its stopwatch tells 600
    store.record.merge_runs(run_frame([seen]))
    store.record.merge_runs(run_frame([session(1, earlier_runtime_s=600.0)]))
    assert rows(store, "SELECT runtime_s FROM raw_run") == [(900 + PARTS[1],)]


def test_an_earlier_copy_of_a_directory_replaces_nothing(store):
    store.record.merge_runs(run_frame([session(0, "finished")]))
    again = store.record.merge_runs(run_frame([session(0, "running", seconds=30)]))
    assert (again.unchanged, states(store)) == (1, ["finished"])


def test_a_session_in_another_launch_of_the_batch_stays_there(store):
    store.record.merge_runs(run_frame([session(0)]))
    store.record.merge_runs(run_frame([session(2)]))  # as if it had resumed the first one
    later = session(1, earlier_runtime_s=None, resumed=True, run_id="r@2026-01-05T11:00:00Z")
    later["writers"] = [*later["writers"], *session(2)["writers"]]
    store.record.merge_runs(run_frame([session(0), later | {"relaunched": True}]))
    counts = {name: len(it) for name, it in rows(store, "SELECT run_id, writers FROM raw_run")}
    assert counts == {"r": 1, "r@2026-01-05T11:00:00Z": 2}
