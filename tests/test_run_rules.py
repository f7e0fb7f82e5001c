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
    command = [sys.executable, "-m", "pytest", *options, *places]
    env = inherited | {"WANDB_API_KEY": "somebody's own"} | environment
    done = subprocess.run(command, check=False, capture_output=True, text=True, env=env)
    told = r"^(PASSED|FAILED|ERROR|SKIPPED)\b.*?test_(\w+)\.py"
    lines = re.findall(told, done.stdout, re.MULTILINE)
    return {name: outcome for outcome, name in lines}, done.returncode


@pytest.fixture(scope="module")
def in_ci(tmp_path_factory):
    return _outcomes(tmp_path_factory.mktemp("ci"), CI="true")


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory):
    return _outcomes(tmp_path_factory.mktemp("elsewhere"))


def test_a_skip_fails_a_run_in_ci_except_for_missing_shared_data(in_ci):
    outcomes, code = in_ci
    assert {outcomes[name] for name in SKIPS} <= {"FAILED", "ERROR"}
    assert (outcomes["data"], code != 0) == ("SKIPPED", True)


def test_a_skip_is_only_a_skip_elsewhere(elsewhere):
    outcomes, code = elsewhere
    assert {outcomes[name] for name in SKIPS} == {"SKIPPED"}
    assert code == 0


@pytest.mark.parametrize(
    ("name", "expected"),
    [("random", ("FAILED", "PASSED")), *((it, ("PASSED",) * 2) for it in ("deadline", "key"))],
)
def test_properties_are_derandomized_in_ci_and_never_timed(in_ci, elsewhere, name, expected):
    assert (in_ci[0][name], elsewhere[0][name]) == expected
