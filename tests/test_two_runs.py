"""Two simultaneous runs of one session in plain Streamlit, which the app prevents.

Streamlit keeps one `SessionState` per session. Every thread that runs the script wraps it in a
separate lock, which does not exclude other threads. With `runner.fastReruns`, its default, a new
thread begins before the one it replaces has stopped. Here the second run is about to store the
value of a widget that it draws for the first time, when a click begins a third run that iterates
over the stored values to find changes: "dictionary changed size during iteration".

Each test runs this file as a program, with the configuration of the folder in which it runs. The
program prints the choice of the last run.
"""

import asyncio
import shutil
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path

import pytest
import streamlit as st
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.runtime import Runtime, RuntimeConfig
from streamlit.runtime.memory_media_file_storage import MemoryMediaFileStorage
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.session_manager import SessionClient

from tests.commands import environment
from velocity.paths import project_root

pytestmark = pytest.mark.thorough

_PAGE = "from tests.test_two_runs import page; page()"

_drawing, _clicked = threading.Event(), threading.Event()
_compared, _noted = threading.Event(), threading.Event()
_chosen = []  # in the first widget, by run


@dataclass(frozen=True)
class Choice:
    """A widget's option. Streamlit stores a copy of it, and compares it with the stored one."""

    name: str

    def __str__(self):
        return self.name

    def __deepcopy__(self, _memo):
        if self.name == "late":
            _drawing.set()
            _clicked.wait()
            if len(_runs()) > 1:
                _compared.wait()
        return self

    def __ne__(self, other):
        if _drawing.is_set() and not _noted.is_set():
            _compared.set()
            _noted.wait()
        return not self == other


class _Client(SessionClient):
    """A browser that receives the id of the first widget as `first`."""

    def __init__(self):
        self.first = asyncio.get_running_loop().create_future()

    def write_forward_msg(self, msg):
        shown = msg.delta.new_element.selectbox.id
        if shown and not self.first.done():
            self.first.set_result(shown)


def page():
    """Draw one widget, and a second one from the second run on."""
    chosen = st.selectbox("first", [Choice("a"), Choice("b")], key="first")
    _chosen.append(str(chosen))
    if len(_chosen) > 1:
        try:
            st.selectbox("second", [Choice("late")], key="second")
        finally:
            _noted.set()


async def click_while_a_run_draws(folder):
    """Open the page, request it again, and choose "b" while that run draws."""
    script = folder / "page.py"
    script.write_text(_PAGE, encoding="utf-8")
    runtime = Runtime(
        RuntimeConfig(
            str(script), MemoryMediaFileStorage("/media"), MemoryUploadedFileManager("/upload")
        )
    )
    await runtime.start()
    client = _Client()
    session = runtime.connect_session(client, {})
    ask = BackMsg()
    ask.rerun_script.SetInParent()
    runtime.handle_backmsg(session, ask)
    await _end_of_runs()
    first = await client.first
    runtime.handle_backmsg(session, ask)
    await asyncio.to_thread(_drawing.wait)
    click = BackMsg()
    click.rerun_script.widget_states.widgets.add(id=first, string_value="b")
    runtime.handle_backmsg(session, click)
    _clicked.set()
    await _end_of_runs()
    runtime.stop()
    await runtime.stopped


async def _end_of_runs():
    for run in _runs():
        await asyncio.to_thread(run.join)


def _runs():
    return [it for it in threading.enumerate() if it.name == "ScriptRunner.scriptThread"]


def _click_while_a_run_draws(folder):
    """Return the program's output with the configuration of the folder, and Streamlit's log."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.test_two_runs", folder],
        cwd=folder,
        env=environment(folder),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def test_a_click_while_a_page_is_drawn_works(tmp_path):
    shutil.copytree(project_root() / ".streamlit", tmp_path / ".streamlit")
    assert _click_while_a_run_draws(tmp_path) == "chosen: b\n"


def test_streamlit_by_default_fails_and_loses_the_click(tmp_path):
    """If this fails, Streamlit has fixed the bug, and `runner.fastReruns` can be on again."""
    said = _click_while_a_run_draws(tmp_path)
    assert "dictionary changed size during iteration" in said
    assert said.endswith("chosen: a\n")


if __name__ == "__main__":
    from tests import test_two_runs  # the page uses the events of this module, not of __main__

    asyncio.run(test_two_runs.click_while_a_run_draws(Path(sys.argv[1])))
    sys.stdout.write(f"chosen: {test_two_runs._chosen[-1]}\n")
