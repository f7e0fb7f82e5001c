"""The cache between reruns stays within its bound, and is dropped with its snapshot."""

import gc
import weakref
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event
from time import monotonic

import polars as pl
import pytest

from scripts.waiting import PATIENCE_S
from tests.builders import run, store_of
from velocity.errors import StoreError
from velocity.reading import reads
from velocity.reading.access import EVERYTHING, Scope
from velocity.serve.ahead import look
from velocity.store import latest_snapshot
from velocity.store.snapshot import Kept
from velocity.toml import until_changed
from velocity.ui.asked import Asked


def frame(numbers: int) -> pl.DataFrame:
    return pl.DataFrame({"it": list(range(numbers))})


@pytest.mark.parametrize("fails", [False, True])
def test_callers_wait_while_the_object_is_made_once(fails):
    kept, begun, go_on, asked = Kept(10_000), Event(), Event(), []

    def make():
        asked.append("made")
        begun.set()
        assert go_on.wait(PATIENCE_S)
        if fails:
            raise StoreError("gone", "try again")
        return frame(10)

    with ThreadPoolExecutor(8) as people:
        first = people.submit(kept.get, "a", make)
        assert begun.wait(PATIENCE_S)
        others = [people.submit(kept.get, "a", make) for _ in range(6)]
        # Other keys do not wait.
        assert people.submit(kept.get, "b", lambda: frame(3)).result(PATIENCE_S).height == 3
        go_on.set()
        given = [
            it.exception(PATIENCE_S) if fails else it.result(PATIENCE_S) for it in (first, *others)
        ]
        # Later callers have the same object.
        given += [] if fails else [kept.get("a", make)]
    if fails:
        assert all(isinstance(it, StoreError) for it in given)
        # A failure is not cached.
        assert kept.get("a", lambda: frame(4)).height == 4
    else:
        assert asked == ["made"]
        assert all(it is given[0] for it in given)


def test_an_object_that_cannot_be_cached_fails_all_callers():
    kept = Kept(10_000)
    for _ in range(2):
        with pytest.raises(AttributeError):
            kept.get("a", lambda: "no frame")


def test_the_least_recently_used_object_is_dropped():
    kept = Kept(frame(20).estimated_size())
    first, second = kept.get("a", lambda: frame(10)), kept.get("b", lambda: frame(10))
    kept.get("a", lambda: frame(10))
    kept.get("c", lambda: frame(10))
    assert kept.get("a", lambda: frame(10)) is first
    assert kept.get("b", lambda: frame(10)) is not second
    assert kept.bytes <= frame(20).estimated_size()


def test_an_object_that_does_not_fit_is_returned_but_not_cached():
    kept = Kept(8)
    assert kept.get("a", lambda: frame(100)).height == 100
    assert kept.bytes == 0


@pytest.mark.thorough
def test_the_cache_is_dropped_with_its_snapshot(tmp_path):
    def publish_one():
        store_of([run("r1", "09:00", "10:00")], "11:00", data=tmp_path)
        return latest_snapshot(tmp_path)

    gone = weakref.ref(publish_one().kept)
    publish_one()
    gc.collect()
    assert gone() is not None
    publish_one()
    gc.collect()
    assert gone() is None


def test_a_file_is_loaded_again_when_it_has_changed_or_is_gone(tmp_path):
    asked, file = [], tmp_path / "roster.toml"

    def load(path):
        asked.append(path)
        return path.read_text() if path.exists() else None

    current = until_changed(load)
    assert current(file) is None
    for text in ("one", "three"):
        file.write_text(text)
        assert current(file) == current(file) == text
    assert asked == [file] * 3
    file.unlink()
    assert current(file) is None


def test_what_cannot_be_loaded_is_not_remembered(tmp_path):
    file = tmp_path / "roster.toml"
    file.write_text("bad")
    answers = iter([StoreError("bad", "mend it"), "good"])

    def load(_):
        if isinstance(answer := next(answers), StoreError):
            raise answer
        return answer

    current = until_changed(load)
    with pytest.raises(StoreError):
        current(file)
    assert current(file) == "good"


@pytest.mark.thorough
def test_objects_for_everybody_are_made_once(tmp_path):
    rows = [run(f"r{it}", "09:00", "10:00", username=f"u{it}") for it in range(9)]
    snapshot = store_of(rows, "2026-01-12 11:00", data=tmp_path)
    reads.bands(snapshot, scholar="u1")
    made = snapshot.kept.bytes
    others = reads.bands(snapshot, scholar="u2")["others"].to_list()
    assert snapshot.kept.bytes == made > 0
    assert set(others) == {8}


def test_an_object_made_ahead_of_its_users_does_not_replace_one_that_was_used():
    kept = Kept(frame(20).estimated_size())
    kept.get("used", lambda: frame(10))
    kept.get("ahead", lambda: frame(10), asked_at=1)
    assert [key for key, _ in kept.latest()] == ["used", "ahead"]
    kept.get("more", lambda: frame(10), asked_at=2)
    assert [key for key, _ in kept.latest()] == ["used", "ahead"]
    assert kept.get("ahead", lambda: frame(1), asked_at=3).height == 10
    assert dict(kept.latest())["ahead"] == 1
    kept.get("ahead", lambda: frame(1))
    assert [key for key, _ in kept.latest()] == ["ahead", "used"]
    assert dict(kept.latest())["ahead"] > 3


def read_by_pages(snapshot):
    return [key for key, _ in snapshot.kept.latest() if isinstance(key, Asked)]


def test_a_new_snapshot_is_read_ahead_in_the_scopes_of_those_who_read_the_last(tmp_path):
    def fails(*_, **__):
        raise ZeroDivisionError

    runs = [run("r1", "09:00", "10:00", username="u1")]
    store_of(runs, "11:00", data=tmp_path)
    before = look(tmp_path, None, Event())
    scopes = (EVERYTHING, Scope(), Scope(scholars=("u1",)))
    asked = [Asked(reads.scholars, (), it) for it in scopes]
    long_ago = monotonic() - 13 * 3600
    before.kept.get(Asked(reads.trust, (), EVERYTHING), lambda: frame(1), asked_at=long_ago)
    for key in (*reversed(asked), Asked(fails, (), EVERYTHING)):
        before.kept.get(key, lambda: frame(1))
    before.kept.get(asked[0], lambda: frame(1))
    assert look(tmp_path, before, Event()) is before

    store_of([*runs, run("r2", "09:00", "10:00", username="u2")], "12:00", data=tmp_path)
    stopped = Event()
    stopped.set()
    after = look(tmp_path, before, stopped)
    assert read_by_pages(after) == asked[:1]
    assert look(tmp_path, before, Event()) is after
    # In the same order, without what failed, and without what nobody asked for lately.
    assert read_by_pages(after) == asked
    found = [after.kept.get(it, lambda: frame(1))["scholar"].to_list() for it in asked]
    assert found == [["u1", "u2"], [], ["u1"]]


def test_threads_that_find_a_new_snapshot_at_once_share_it(tmp_path):
    ready = Barrier(4)

    def open_one(_):
        ready.wait(PATIENCE_S)
        return latest_snapshot(tmp_path)

    store_of([run("r1", "09:00", "10:00")], "11:00", data=tmp_path)
    with ThreadPoolExecutor(4) as threads:
        assert len(set(map(id, threads.map(open_one, range(4))))) == 1
