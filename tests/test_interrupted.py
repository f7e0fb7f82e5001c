"""Ctrl-C during a query stops the command, as at any other time."""

import os
import signal
from threading import Event, Timer

import pytest

from scripts.waiting import PATIENCE_S
from velocity.store import open_live
from velocity.sync.projects import run_jobs

#: Takes minutes unless it is stopped.
ENDLESS = "SELECT sum(a.range * b.range) FROM range(1_000_000) AS a, range(1_000_000) AS b"


@pytest.fixture
def heeded():
    """Ctrl-C works, even if the tests were started with SIGINT ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def ctrl_c(heeded):  # noqa: ARG001 - Ctrl-C needs this handler
    """A function that presses Ctrl-C a moment later."""
    pressed = Timer(0.3, os.kill, (os.getpid(), signal.SIGINT))
    yield pressed.start
    pressed.cancel()
    pressed.join()


@pytest.mark.fault
@pytest.mark.parametrize("how", ["run", "frame"])
def test_an_interrupted_query_rolls_back_its_transaction(tmp_path, ctrl_c, how):
    with open_live(tmp_path) as store:
        # If other threads do the work, the main thread may notice only at the end.
        store.run("SET threads = 1")
        with pytest.raises(KeyboardInterrupt), store.transaction():  # noqa: PT012
            store.run("DELETE FROM migration")
            ctrl_c()
            getattr(store, how)(ENDLESS)
        assert store.run("FROM migration")


@pytest.mark.fault
@pytest.mark.usefixtures("heeded")
def test_queries_of_other_threads_do_not_delay_the_end(tmp_path):
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
