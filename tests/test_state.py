"""The state of the app: looks, which expire, and sign-outs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from threading import Thread

from velocity import state

NOW = datetime(2026, 3, 16, 12, tzinfo=UTC)


def look(data, at=NOW, *, scholar="ada", email="lead@x.example", page="My velocity", kept_days=90):
    state.record_look(
        data, scholar=scholar, email=email, name="Lead", page=page, at=at, kept_days=kept_days
    )


def seen(data, at=NOW, *, scholar="ada", kept_days=90):
    return state.looks(data, scholar, at=at, kept_days=kept_days)["looked_at"].to_list()


def test_reruns_of_one_visit_are_one_look(tmp_path):
    for minutes in (0, 1, 29):
        look(tmp_path, NOW + timedelta(minutes=minutes))
    look(tmp_path, NOW + timedelta(minutes=31))
    look(tmp_path, page="Why this number")
    assert len(seen(tmp_path, NOW + timedelta(hours=1))) == 3
    assert seen(tmp_path, scholar="ben") == []


def test_old_looks_are_removed(tmp_path):
    look(tmp_path, NOW - timedelta(days=91))
    assert seen(tmp_path) == []
    assert len(seen(tmp_path, kept_days=100)) == 1
    look(tmp_path)
    assert seen(tmp_path, kept_days=100) == [NOW]


def test_a_sign_out_ends_that_sign_in_and_earlier_ones_of_the_same_person(tmp_path):
    state.sign_out(tmp_path, "ada@x.example", NOW)
    state.sign_out(tmp_path, "ada@x.example", NOW - timedelta(hours=5))
    assert state.is_signed_out(tmp_path, "ada@x.example", NOW)
    assert state.is_signed_out(tmp_path, "ada@x.example", NOW - timedelta(hours=1))
    assert not state.is_signed_out(tmp_path, "ada@x.example", NOW + timedelta(seconds=1))
    assert not state.is_signed_out(tmp_path, "ben@x.example", NOW)


def mark(experiment="e/p/r1", at=NOW, *, result_at=NOW):
    return state.ReadMark(experiment, result_at, at)


def test_a_result_is_marked_as_read_once(tmp_path):
    first, again = mark(), mark(at=NOW + timedelta(microseconds=1))
    other = mark(result_at=NOW + timedelta(microseconds=1))
    for it in (first, other, again):
        state.mark_read(tmp_path, "ada", it)
    assert state.read_marks(tmp_path) == (again, other)
    state.unmark_read(tmp_path, again.experiment_id, again.result_at)
    assert state.read_marks(tmp_path) == (other,)


def test_old_marks_are_removed(tmp_path):
    state.mark_read(tmp_path, "ada", mark())
    later = mark("e/p/r2", NOW + timedelta(days=366))
    state.mark_read(tmp_path, "ada", later)
    assert state.read_marks(tmp_path) == (later,)


def test_marks_of_a_forgotten_person_are_removed(tmp_path):
    state.mark_read(tmp_path, "ada", mark())
    state.mark_read(tmp_path, "ben", mark("e/p/r2"))
    assert state.has_traces(tmp_path, "ada") == (True, False)
    state.forget(tmp_path, scholars=["ada"], emails=[])
    assert state.read_marks(tmp_path) == (mark("e/p/r2"),)
    assert b"ada" not in (tmp_path / "state.sqlite").read_bytes()


def test_forgetting_a_person_leaves_no_trace(tmp_path):
    look(tmp_path)
    look(tmp_path, scholar="ben", email="ada@x.example")
    look(tmp_path, scholar="ben")
    state.sign_out(tmp_path, "ada@x.example", NOW)
    state.forget(tmp_path, scholars=["ada"], emails=["ada@x.example"])
    assert seen(tmp_path) == []
    assert len(seen(tmp_path, scholar="ben")) == 1
    assert b"ada" not in (tmp_path / "state.sqlite").read_bytes()


def test_many_threads_may_write_at_once(tmp_path):
    threads = [Thread(target=look, args=(tmp_path,), kwargs={"email": f"{n}@x"}) for n in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seen(tmp_path)) == 16
