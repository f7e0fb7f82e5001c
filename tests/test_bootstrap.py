"""scripts/bootstrap.sh says in one sentence what is missing, and does not repeat work."""

import os
import shutil
import subprocess

import pytest

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
    return subprocess.run(
        ["bash", "scripts/bootstrap.sh", "run"],
        cwd=clone,
        check=False,
        capture_output=True,
        text=True,
        env=os.environ | environment,
    )


def _fake_python(clone, *, version="3.12.1", unfit=0, bare=0):
    path = clone / f"python-{version}-{bare}"
    path.write_text(PYTHON.format(version=version, unfit=unfit, bare=bare))
    path.chmod(0o755)
    return str(path)


def _only_sentence(done):
    assert done.returncode == 1
    assert done.stdout == ""
    (sentence,) = done.stderr.split("\n")[1:-1]
    return sentence


def test_an_old_python_is_named_with_the_needed_versions(clone):
    python = _fake_python(clone, version="3.9.2", unfit=1)
    sentence = _only_sentence(_bootstrap(clone, PYTHON=python))
    assert "is Python 3.9.2; Python 3.11, 3.12 or 3.13 is needed" in sentence


def test_a_python_without_venv_gets_a_hint_how_to_install_it(clone):
    sentence = _only_sentence(_bootstrap(clone, PYTHON=_fake_python(clone, bare=1)))
    assert "has no venv module" in sentence
    assert "apt install python3-venv" in sentence


def test_a_missing_python_has_its_own_message(clone):
    sentence = _only_sentence(_bootstrap(clone, PYTHON=str(clone / "nothing")))
    assert sentence.startswith("No Python was found")


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
    locked = b"".join((clone / name).read_bytes() for name in ("pyproject.toml", LOCK))
    stamp = subprocess.run(["cksum"], input=locked, check=True, capture_output=True).stdout.decode()
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
