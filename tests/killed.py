"""Kills a function of velocity in the middle of its work, in a process of its own.

A server that has imported everything forks a child for each call.
"""

import multiprocessing
import os
import signal
import sys
from functools import reduce
from importlib import import_module
from itertools import count
from pathlib import Path
from types import ModuleType
from unittest.mock import patch

import velocity

_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(
    ["pytest", "velocity.report.digest", "velocity.sync.commands", __name__]
)


def kill_at(step, function, *arguments, **named):
    """Call a function in a child that is killed when a step begins: `module:name`."""
    child = _started(_to_step, step, function, arguments, named)
    child.join()
    assert child.exitcode == -signal.SIGKILL, f"it ended without {step}"


def kill_at_line(last, function, *arguments):
    """Call a function in a child that is killed before that line of velocity's code, or never.

    Returns the number of lines that ran.
    """
    receiving, sending = _FORKS.Pipe(duplex=False)
    child = _started(_to_line, last, sending, function, arguments)
    sending.close()
    child.join()
    if last is None:
        return receiving.recv()
    assert child.exitcode == -signal.SIGKILL, f"it has fewer than {last} lines"
    return last


def _started(target, *arguments):
    """A child that does not run the main module first: a test of a page leaves the app there."""
    child = _FORKS.Process(target=target, args=arguments)
    with patch.dict(sys.modules, {"__main__": ModuleType("__main__")}):
        child.start()
    return child


def _kill(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)


def _to_step(step, function, arguments, named):
    module, _, names = step.partition(":")
    *holders, name = names.split(".")
    setattr(reduce(getattr, holders, import_module(module)), name, _kill)
    function(*arguments, **named)


def _to_line(last, sending, function, arguments):
    lines, code = count(1), str(Path(velocity.__file__).parent)

    def trace(frame, event, _):
        if not frame.f_code.co_filename.startswith(code):
            return None
        if event == "line" and next(lines) == last:
            _kill()
        return trace

    sys.settrace(trace)
    function(*arguments)
    sys.settrace(None)
    sending.send(next(lines) - 1)
