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


def _loaded_with(*modules):
    code = f"import sys, {', '.join(modules)}; print(*sys.modules)"
    told = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return set(told.stdout.split())


@pytest.mark.thorough
def test_neither_reading_nor_writing_imports_pages_charts_or_the_client():
    modules = ("velocity.reading.reads", "velocity.sync.commands", "velocity.cli.doctor")
    assert not {"streamlit", "wandb", "plotly"} & _loaded_with(*modules)


@pytest.mark.thorough
def test_a_service_that_waits_holds_nothing_large():
    assert not {"duckdb", "polars", "pydantic"} & _loaded_with("velocity.sync.watch")


@pytest.mark.thorough
def test_a_store_is_made_without_pandas(tmp_path):
    code = (
        "import sys; from pathlib import Path; from tests.builders import one_run; "
        "one_run(Path(sys.argv[1])); sys.exit('pandas' in sys.modules)"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    assert subprocess.run(command, cwd=ROOT, check=False).returncode == 0
