"""Ctrl-C in the midst of a query stops the command, as it does anywhere else."""

from __future__ import annotations

import os
import signal
from threading import Timer

import pytest

from velocity.store import open_live

#: Minutes, if nobody stops it.
ENDLESS = "SELECT sum(a.range * b.range) FROM range(1_000_000) AS a, range(1_000_000) AS b"


@pytest.fixture
def ctrl_c():
    """Presses it soon; whoever started the tests may have had it ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    pressed = Timer(0.3, os.kill, (os.getpid(), signal.SIGINT))
    yield pressed.start
    pressed.cancel()
    pressed.join()
    signal.signal(signal.SIGINT, before)


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
