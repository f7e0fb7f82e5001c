"""The rules of a test run, checked with two small test runs: one in CI, one elsewhere."""

import os
import re
import shutil
import subprocess
import sys

import pytest

from tests.conftest import NO_SHARED_DATA, ROOT

pytestmark = pytest.mark.thorough

SKIPS = {
    "mark": '@pytest.mark.skip(reason="not today")\ndef test_it(): pass',
    "call": 'def test_it(): pytest.skip("not today")',
    "fixture": '@pytest.fixture\ndef a(): pytest.skip("not today")\ndef test_it(a): pass',
    "module": 'pytest.skip("not today", allow_module_level=True)',
}
OTHERS = {
    "data": f'def test_it(): pytest.skip("{NO_SHARED_DATA}")',
    "random": "import hypothesis\ndef test_it(): assert not hypothesis.settings().derandomize",
    "deadline": "import hypothesis\ndef test_it(): assert hypothesis.settings().deadline is None",
    "key": 'import os\ndef test_it(): assert "WANDB_API_KEY" not in os.environ',
}


def _outcomes(folder, **environment):
    """The outcome of each sample by its name, and the run's exit code."""
    shutil.copy(ROOT / "tests" / "conftest.py", folder)
    for name, body in (SKIPS | OTHERS).items():
        (folder / f"test_{name}.py").write_text(f"import pytest\n{body}\n", encoding="utf-8")
    inherited = {key: value for key, value in os.environ.items() if key != "CI"}
    options = ["-rA", "-p", "no:cacheprovider", "--continue-on-collection-errors"]
    places = ["-c", ROOT / "pyproject.toml", "--rootdir", folder, folder]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, *places],
        check=False,
        capture_output=True,
        text=True,
        env=inherited | {"WANDB_API_KEY": "somebody's own"} | environment,
    )
    lines = re.findall(
        r"^(PASSED|FAILED|ERROR|SKIPPED)\b.*?test_(\w+)\.py", done.stdout, re.MULTILINE
    )
    return {name: outcome for outcome, name in lines}, done.returncode


@pytest.fixture(scope="module")
def in_ci(tmp_path_factory):
    return _outcomes(tmp_path_factory.mktemp("ci"), CI="true")


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory):
    return _outcomes(tmp_path_factory.mktemp("elsewhere"))


def test_a_skip_fails_a_run_in_ci(in_ci):
    outcomes, code = in_ci
    assert {outcomes[name] for name in SKIPS} <= {"FAILED", "ERROR"}
    assert code != 0


def test_a_skip_is_only_a_skip_elsewhere(elsewhere):
    outcomes, code = elsewhere
    assert {outcomes[name] for name in SKIPS} == {"SKIPPED"}
    assert code == 0


def test_missing_shared_data_may_be_skipped_even_in_ci(in_ci):
    assert in_ci[0]["data"] == "SKIPPED"


def test_properties_are_derandomized_only_in_ci_and_never_timed(in_ci, elsewhere):
    assert (in_ci[0]["random"], elsewhere[0]["random"]) == ("FAILED", "PASSED")
    assert (in_ci[0]["deadline"], elsewhere[0]["deadline"]) == ("PASSED", "PASSED")


def test_no_test_sees_the_key_of_the_person_who_runs_it(in_ci, elsewhere):
    assert (in_ci[0]["key"], elsewhere[0]["key"]) == ("PASSED", "PASSED")
