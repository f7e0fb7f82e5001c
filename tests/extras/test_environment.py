"""The environment of the extras has every extra, and velocity loads none of them by itself."""

import subprocess
import sys
import tomllib
from importlib.metadata import version

import pytest
from packaging.requirements import Requirement

from tests.conftest import ROOT

PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
WANTED = [
    Requirement(line)
    for extra, lines in PYPROJECT["project"]["optional-dependencies"].items()
    for line in lines
    if extra != "scale"  # has an environment of its own
]


@pytest.mark.parametrize("wanted", WANTED, ids=lambda it: it.name)
def test_every_extra_is_installed_here(wanted):
    assert wanted.specifier.contains(version(wanted.name))


def test_the_command_line_starts_without_loading_any_extra():
    loaded = "{'inspect_ai', 'mlflow', 'trackio'} & sys.modules.keys()"
    program = f"import sys, velocity.cli.application; print({loaded})"
    command = [sys.executable, "-c", program]
    assert subprocess.check_output(command, cwd=ROOT, text=True) == "set()\n"
