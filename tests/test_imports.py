"""Commands do not import libraries that they do not need."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.conftest import ROOT

#: Only commands need these; typer imports pydantic itself for their arguments.
HEAVY = frozenset(
    [
        *("streamlit", "wandb", "plotly", "polars", "duckdb", "pyarrow", "pydantic", "jinja2"),
        "importlib.metadata",
    ]
)


@pytest.mark.parametrize("argument", ["--help", "--version"])
def test_help_does_not_import_heavy_libraries(argument):
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "velocity", argument],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "velocity.cli.application" in loaded
    assert not HEAVY & loaded


@pytest.mark.thorough
@pytest.mark.parametrize(
    "module", ["velocity.reading.reads", "velocity.sync.commands", "velocity.cli.doctor"]
)
@pytest.mark.parametrize("name", ["streamlit", "wandb", "plotly"])
def test_neither_reading_nor_writing_imports(module, name):
    code = f"import sys, {module}; sys.exit({name!r} in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


@pytest.mark.thorough
@pytest.mark.parametrize("name", ["duckdb", "polars", "pydantic"])
def test_a_service_that_waits_holds_nothing_large(name):
    code = f"import sys, velocity.sync.watch; sys.exit({name!r} in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


@pytest.mark.thorough
def test_a_store_is_made_without_pandas(tmp_path):
    code = (
        "import sys; from pathlib import Path; from tests.builders import one_run; "
        "one_run(Path(sys.argv[1])); sys.exit('pandas' in sys.modules)"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    assert subprocess.run(command, cwd=ROOT, check=False).returncode == 0
