"""A session has one run at a time, whatever Streamlit would do: see tests/two_runs.py."""

from __future__ import annotations

import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.commands import environment
from velocity.paths import project_root

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.thorough


def _click_while_a_run_draws(folder: Path) -> str:
    """What the program says with the configuration of the folder, and what Streamlit logs."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.two_runs", folder],
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


def test_a_click_while_a_page_is_drawn_is_neither_lost_nor_an_error(tmp_path):
    shutil.copytree(project_root() / ".streamlit", tmp_path / ".streamlit")
    assert _click_while_a_run_draws(tmp_path) == "chosen: b\n"


def test_streamlit_by_itself_trips_over_its_own_dictionary_and_loses_the_click(tmp_path):
    """Where this fails, Streamlit has been mended, and `runner.fastReruns` may go back on."""
    said = _click_while_a_run_draws(tmp_path)
    assert "dictionary changed size during iteration" in said
    assert said.endswith("chosen: a\n")
