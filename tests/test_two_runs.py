"""A session has one run at a time, unlike Streamlit's default: see tests/two_runs.py."""

import shutil
import subprocess
import sys

import pytest

from tests.commands import environment
from velocity.paths import project_root

pytestmark = pytest.mark.thorough


def _click_while_a_run_draws(folder):
    """Return the program's output with the configuration of the folder, and Streamlit's log."""
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


def test_a_click_while_a_page_is_drawn_works(tmp_path):
    shutil.copytree(project_root() / ".streamlit", tmp_path / ".streamlit")
    assert _click_while_a_run_draws(tmp_path) == "chosen: b\n"


def test_streamlit_by_default_fails_and_loses_the_click(tmp_path):
    """If this fails, Streamlit has fixed the bug, and `runner.fastReruns` can be on again."""
    said = _click_while_a_run_draws(tmp_path)
    assert "dictionary changed size during iteration" in said
    assert said.endswith("chosen: a\n")
