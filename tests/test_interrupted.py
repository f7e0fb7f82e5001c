"""Ctrl-C in the midst of a query stops the command, as it does anywhere else."""

from __future__ import annotations

import os
import signal
from threading import Event, Timer

import pytest

from scripts.waiting import PATIENCE_S
from velocity.store import open_live
from velocity.sync.jobs import run_jobs

#: Minutes, if nobody stops it.
ENDLESS = "SELECT sum(a.range * b.range) FROM range(1_000_000) AS a, range(1_000_000) AS b"


@pytest.fixture
def heeded():
    """Ctrl-C counts, even where whoever started the tests had it ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def ctrl_c(heeded):  # noqa: ARG001 - must be heeded before it is pressed
    """Presses it soon."""
    pressed = Timer(0.3, os.kill, (os.getpid(), signal.SIGINT))
    yield pressed.start
    pressed.cancel()
    pressed.join()


@pytest.mark.fault
@pytest.mark.parametrize("how", ["run", "frame"])
def test_a_query_stops_and_nothing_of_its_transaction_is_kept(tmp_path, ctrl_c, how):
    with open_live(tmp_path) as store:
        # Where others do the work, the thread that is told may only hear of it at the end.
        store.run("SET threads = 1")
        with pytest.raises(KeyboardInterrupt):
            stopped(store, ctrl_c, how)
        assert store.run("FROM migration")


def stopped(store, ctrl_c, how):
    with store.transaction():
        store.run("DELETE FROM migration")
        ctrl_c()
        getattr(store, how)(ENDLESS)


@pytest.mark.fault
@pytest.mark.usefixtures("heeded")
def test_queries_and_waits_of_other_threads_hold_nobody_up(tmp_path):
    begun, never = Event(), Event()

    def asks(store):
        with store.transaction():
            store.run("DELETE FROM migration")
            begun.set()
            store.run(ENDLESS)

    def presses():
        begun.wait(PATIENCE_S)
        os.kill(os.getpid(), signal.SIGINT)
        never.wait()

    with pytest.raises(KeyboardInterrupt), open_live(tmp_path) as store:
        run_jobs([lambda: asks(store), presses], threads=2)
    never.set()
    with open_live(tmp_path) as store:
        assert store.run("FROM migration")
