"""Commands do not import libraries that they do not need."""

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
    command = [sys.executable, "-X", "importtime", "-m", "velocity", argument]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "velocity.cli.application" in loaded
    assert not HEAVY & loaded


def _loaded_with(*modules):
    code = f"import sys, {', '.join(modules)}; print(*sys.modules)"
    return {*subprocess.check_output([sys.executable, "-c", code], cwd=ROOT, text=True).split()}


@pytest.mark.thorough
def test_modules_import_no_library_of_another_room():
    modules = ("velocity.reading.reads", "velocity.sync.commands", "velocity.cli.doctor")
    assert not {"streamlit", "wandb", "plotly"} & _loaded_with(*modules)
    # A service that waits holds nothing large.
    assert not {"duckdb", "polars", "pydantic"} & _loaded_with("velocity.sync.watch")


@pytest.mark.thorough
def test_a_store_is_made_without_pandas(tmp_path):
    made = "from tests.builders import one_run; one_run(Path(sys.argv[1]))"
    code = f"import sys; from pathlib import Path; {made}; sys.exit('pandas' in sys.modules)"
    command = [sys.executable, "-c", code, str(tmp_path)]
    assert subprocess.run(command, cwd=ROOT, check=False).returncode == 0
