"""The state of the app: looks, which expire, and sign-outs."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from threading import Event, Thread

import pytest

from tests.conftest import ROOT
from velocity import state
from velocity.errors import VelocityError

NOW = datetime(2026, 3, 16, 12, tzinfo=UTC)


@pytest.fixture
def where(tmp_path):
    """The data folder; tests/scale runs the same tests on a Postgres database."""
    return tmp_path


def look(data, at=NOW, *, scholar="ada", email="lead@x.example", page="My velocity", kept_days=90):
    state.record_look(
        data, scholar=scholar, email=email, name="Lead", page=page, at=at, kept_days=kept_days
    )


def seen(data, at=NOW, *, scholar="ada", kept_days=90):
    return state.looks(data, scholar, at=at, kept_days=kept_days)["looked_at"].to_list()


def test_reruns_of_one_visit_are_one_look(where):
    for minutes in (0, 1, 29):
        look(where, NOW + timedelta(minutes=minutes))
    look(where, NOW + timedelta(minutes=31))
    look(where, page="Why this number")
    assert len(seen(where, NOW + timedelta(hours=1))) == 3
    assert seen(where, scholar="ben") == []


def test_old_looks_are_removed(where):
    look(where, NOW - timedelta(days=91))
    assert seen(where) == []
    assert len(seen(where, kept_days=100)) == 1
    look(where)
    assert seen(where, kept_days=100) == [NOW]


_OTHER = """
import sys
from datetime import datetime
from pathlib import Path
from velocity import state
place, email, at = sys.argv[1:]
where = place if place.startswith("postgresql:") else Path(place)
state.sign_out(where, email, datetime.fromisoformat(at))
"""


def test_a_sign_out_in_any_process_ends_that_sign_in_and_earlier_ones_of_the_same_person(where):
    assert not state.is_signed_out(where, "ada@x.example", NOW)
    command = [sys.executable, "-c", _OTHER, str(where), "ada@x.example", NOW.isoformat()]
    subprocess.run(command, check=True, cwd=ROOT)
    state.sign_out(where, "ada@x.example", NOW - timedelta(hours=5))
    assert state.is_signed_out(where, "ada@x.example", NOW)
    assert state.is_signed_out(where, "ada@x.example", NOW - timedelta(hours=1))
    assert not state.is_signed_out(where, "ada@x.example", NOW + timedelta(seconds=1))
    assert not state.is_signed_out(where, "ben@x.example", NOW)


def mark(experiment="e/p/r1", at=NOW, *, result_at=NOW):
    return state.ReadMark(experiment, result_at, at)


def test_a_result_is_marked_as_read_once_and_old_marks_are_removed(where):
    first, again = mark(), mark(at=NOW + timedelta(microseconds=1))
    other = mark(result_at=NOW + timedelta(microseconds=1))
    for it in (first, other, again):
        state.mark_read(where, "ada", it)
    assert state.read_marks(where) == (again, other)
    later = mark("e/p/r2", NOW + timedelta(days=366))
    state.mark_read(where, "ada", later)
    assert state.read_marks(where) == (later,)


def test_forgetting_a_person_leaves_no_trace(where):
    look(where)
    look(where, scholar="ben", email="ada@x.example")
    look(where, scholar="ben")
    state.sign_out(where, "ada@x.example", NOW)
    state.mark_read(where, "ada", mark())
    state.mark_read(where, "ben", mark("e/p/r2"))
    assert state.has_traces(where, "ada") == (True, False)
    state.forget(where, scholars=["ada"], emails=["ada@x.example"])
    assert seen(where) == []
    assert len(seen(where, scholar="ben")) == 1
    assert state.read_marks(where) == (mark("e/p/r2"),)


def test_many_threads_may_write_at_once(where):
    threads = [Thread(target=look, args=(where,), kwargs={"email": f"{n}@x"}) for n in range(16)]
    for step in (Thread.start, Thread.join):
        for thread in threads:
            step(thread)
    assert len(seen(where)) == 16


def test_forgotten_rows_leave_no_bytes_in_the_file(tmp_path):
    look(tmp_path)
    state.mark_read(tmp_path, "ada", mark())
    assert b"ada" in (tmp_path / "state.sqlite").read_bytes()
    state.forget(tmp_path, scholars=["ada"], emails=[])
    assert b"ada" not in (tmp_path / "state.sqlite").read_bytes()


def test_messages_and_posts_are_recorded_once(where):
    message = state.SentMessage("ada", "host_idle", "h1", "2026-03-16", NOW)
    assert [state.record_message(where, message) for _ in range(2)] == [True, False]
    assert state.messages(where, "ada") == state.unsettled_messages(where) == [message]
    state.settle_message(where, message)
    assert state.unsettled_messages(where) == []
    state.forget_message(where, message)
    assert state.messages(where, "ada") == []
    assert [state.record_posted(where, "2026-W11", None) for _ in range(2)] == [True, False]
    state.forget_posted(where, "2026-W11", None)
    assert state.record_posted(where, "2026-W11", None)


def test_a_token_replaces_the_earlier_one_of_the_same_person(where):
    state.keep_token(where, "ada@x.example", "hash-1", NOW)
    state.keep_token(where, "ada@x.example", "hash-2", NOW)
    assert [state.token_owner(where, it) for it in ("hash-1", "hash-2")] == [None, "ada@x.example"]
    assert state.has_traces(where, "ada@x.example") == (False, True)


def test_only_one_process_sends_at_a_time(where):
    begun, order = Event(), []

    def send():
        begun.set()
        with state.sending(where):
            order.append("other")

    with state.sending(where):
        other = Thread(target=send)
        other.start()
        begun.wait()
        order.append("first")
    other.join()
    assert order == ["first", "other"]


def test_a_file_that_is_not_the_state_is_an_error_that_names_it(tmp_path):
    (tmp_path / "state.sqlite").write_bytes(b"not a database" * 100)
    for use in (look, state.read_marks):
        with pytest.raises(VelocityError, match=r"state\.sqlite cannot be used: file is not a"):
            use(tmp_path)
