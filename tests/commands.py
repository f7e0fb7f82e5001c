"""Runs `velocity`: in a process with an empty home and without a key, or in this process."""

import atexit
import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT
from tests.forked import Commands
from velocity.cli import main
from velocity.cli.application import make_group

#: `velocity` of the clone under test, even if another version is installed.
VELOCITY = (sys.executable, "-m", "velocity")
#: Variables that a command inherits, including those of a fake clock.
KEPT = ("PATH", "LANG", "LD_PRELOAD", "FAKETIME", "FAKETIME_SHARED")


def environment(home: Path, **more: str) -> dict[str, str]:
    """Variables for a command: nothing from the user, and `more`."""
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    return kept | {"HOME": str(home), "PYTHONPATH": str(ROOT)} | more


def ran(*words: str | Path, **options: Any) -> subprocess.CompletedProcess[str]:
    """Run any program to its end; its output is text."""
    return subprocess.run(words, capture_output=True, text=True, check=False, **options)


def unknown_options(command: str, words: Iterable[str]) -> set[str]:
    """Return the options among the words that a command of `velocity` does not have."""
    known = {text for it in make_group().commands[command].load().params for text in it.opts}
    return {it for it in words if it.startswith("--")} - known


def velocity(
    *arguments: str | Path, cwd: Path, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[bytes]:
    """Run a command to its end in the folder `cwd`, which is also its home."""
    env = environment(cwd) if env is None else env
    return _commands().run(*map(str, arguments), cwd=cwd, env=env)


def in_this_process(
    monkeypatch: pytest.MonkeyPatch, captured: pytest.CaptureFixture[bytes]
) -> Callable[..., tuple[int, bytes, str]]:
    """Return the command: code, output, errors = velocity("runs", "--data", folder)."""
    monkeypatch.setattr(os, "umask", lambda _: 0)  # it would apply to every test in this process

    def velocity(*arguments: str | Path) -> tuple[int, bytes, str]:
        monkeypatch.setattr(sys, "argv", ["velocity", *map(str, arguments)])
        with pytest.raises(SystemExit) as end:
            main()
        out, err = captured.readouterr()
        assert b"Traceback" not in out + err
        return int(end.value.code or 0), out, err.decode()

    return velocity


@cache
def _commands() -> Commands:
    """The parent process of all these commands, which imports modules once."""
    commands = Commands(ROOT, environment(ROOT))
    atexit.register(commands.__exit__)
    return commands
