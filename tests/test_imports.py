"""What a command does not need, it does not load."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.conftest import ROOT


@pytest.mark.parametrize("name", ["streamlit", "wandb", "plotly", "polars", "duckdb", "pydantic"])
def test_importing_the_command_line_does_not_load(name):
    code = f"import sys, velocity.cli; sys.exit({name!r} in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


@pytest.mark.parametrize(
    "module", ["velocity.reading.reads", "velocity.sync.commands", "velocity.cli.checks"]
)
@pytest.mark.parametrize("name", ["streamlit", "wandb", "plotly"])
def test_neither_reading_nor_writing_loads(module, name):
    code = f"import sys, {module}; sys.exit({name!r} in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0
