"""The environment of the extra `scale` has it, and velocity loads none of it by itself."""

import subprocess
import sys
import tomllib
from importlib.metadata import version

import pytest
from packaging.requirements import Requirement

from tests.conftest import ROOT

PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
WANTED = [Requirement(it) for it in PYPROJECT["project"]["optional-dependencies"]["scale"]]


@pytest.mark.parametrize("wanted", WANTED, ids=lambda it: it.name)
def test_every_package_of_the_extra_is_installed_here(wanted):
    assert wanted.specifier.contains(version(wanted.name))


@pytest.mark.parametrize(
    "module", ["velocity.cli.application", "velocity.serve", "velocity.sync.commands"]
)
def test_nothing_of_the_extra_is_loaded_without_a_setting_that_asks_for_it(module):
    extra = {"obstore", "psycopg", "adbc_driver_postgresql", "distributed", "dask"}
    loaded = f"{extra} & sys.modules.keys()"
    command = [sys.executable, "-c", f"import sys, {module}; print({loaded})"]
    assert subprocess.check_output(command, cwd=ROOT, text=True) == "set()\n"
