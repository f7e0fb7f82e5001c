"""scripts/bootstrap.sh says in one sentence what is missing, and does not repeat work."""

import os
import re
import shutil

import pytest

from tests.commands import ran
from tests.conftest import ROOT

LOCK = "requirements.lock"
# Fakes a Python: answers the three questions of the script.
PYTHON = """#!/bin/sh
case "$2" in
  *python_version*) echo {version} ;;
  *version_info*) exit {unfit} ;;
  *ensurepip*) exit {bare} ;;
esac
"""


@pytest.fixture
def clone(tmp_path):
    (tmp_path / "scripts").mkdir()
    shutil.copy(ROOT / "scripts" / "bootstrap.sh", tmp_path / "scripts")
    for name in ("pyproject.toml", LOCK, "requirements-dev.lock"):
        shutil.copy(ROOT / name, tmp_path)
    return tmp_path


def _bootstrap(clone, **environment):
    return ran("bash", "scripts/bootstrap.sh", "run", cwd=clone, env=os.environ | environment)


def _fake_python(clone, *, version="3.12.1", unfit=0, bare=0):
    path = clone / f"python-{version}-{bare}"
    path.write_text(PYTHON.format(version=version, unfit=unfit, bare=bare))
    path.chmod(0o755)
    return str(path)


@pytest.mark.parametrize(
    ("python", "said"),
    [
        ({"version": "3.9.2", "unfit": 1}, r"is Python 3\.9\.2; Python 3\.11, 3\.12 or 3\.13 is "),
        ({"bare": 1}, "has no venv module.*apt install python3-venv"),
        (None, "^No Python was found"),
    ],
    ids=["old", "without venv", "missing"],
)
def test_an_unsuitable_python_has_one_sentence_that_says_why(python, said, clone):
    path = str(clone / "nothing") if python is None else _fake_python(clone, **python)
    done = _bootstrap(clone, PYTHON=path)
    assert (done.returncode, done.stdout) == (1, "")
    (sentence,) = done.stderr.split("\n")[1:-1]
    assert re.search(said, sentence)


def test_a_suitable_python_is_preferred_to_an_earlier_unsuitable_one(clone):
    old = _fake_python(clone, version="3.9.2", unfit=1)
    fit = _fake_python(clone, version="3.13.0")
    assert "Making .venv" in _bootstrap(clone, PYTHON=f"{old} {fit}").stdout


@pytest.mark.fault
def test_a_missing_network_is_reported_and_leaves_no_stamp(clone):
    done = _bootstrap(clone, PIP_NO_INDEX="1", PIP_CONFIG_FILE=os.devnull, PIP_FIND_LINKS="")
    assert done.returncode == 1
    assert done.stderr.rstrip().rsplit("\n", 1)[-1].startswith("The packages could not")
    assert (clone / ".venv").is_dir()
    assert not list((clone / ".venv").glob(".locked-*"))


def _stamped(clone):
    """A .venv marked as up to date, with a Python that records its use."""
    (clone / ".venv" / "bin").mkdir(parents=True)
    python = clone / ".venv" / "bin" / "python"
    python.write_text('#!/bin/sh\necho "$@" >> used\n')
    python.chmod(0o755)
    locked = "".join((clone / name).read_text() for name in ("pyproject.toml", LOCK))
    stamp = ran("cksum", input=locked).stdout
    (clone / ".venv" / ".locked-run").write_text(f"{clone} {stamp}")


def test_a_second_call_does_nothing(clone):
    _stamped(clone)
    done = _bootstrap(clone)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert not (clone / "used").exists()


def test_a_changed_lock_is_installed(clone):
    _stamped(clone)
    with (clone / LOCK).open("a") as lock:
        lock.write("# changed\n")
    assert "Installing the packages" in _bootstrap(clone).stdout
    assert {"--require-hashes", "--no-deps"} <= set((clone / "used").read_text().split())


def test_a_moved_clone_gets_a_new_environment(clone):
    _stamped(clone)
    moved = clone / "elsewhere"
    moved.mkdir()
    for name in ("scripts", ".venv", "pyproject.toml", LOCK):
        (clone / name).rename(moved / name)
    assert "Making .venv" in _bootstrap(moved, PYTHON=_fake_python(clone)).stdout


def test_an_environment_behind_a_link_is_not_emptied(clone):
    _stamped(clone)
    other = (clone / ".venv").rename(clone / "of another clone")
    (clone / ".venv").symlink_to(other)
    (other / ".locked-run").write_text("/another/clone 1 2")
    done = _bootstrap(clone, PYTHON=_fake_python(clone))
    assert done.returncode == 1
    assert done.stderr.strip().startswith(".venv is a link")
    assert (other / "bin" / "python").exists()
