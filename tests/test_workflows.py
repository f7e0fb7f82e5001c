"""The release workflow and the example of docs/: valid, pinned, with commands that exist."""

import re
import shlex
import subprocess
import sys

import pytest
import yaml  # type: ignore[import-untyped]

from scripts import release_notes
from tests.conftest import ROOT
from velocity import __version__
from velocity.cli.application import make_group

RELEASE = ROOT / ".github" / "workflows" / "release.yml"
DIGEST = ROOT / "docs" / "digest.yml"
WORKFLOWS = [RELEASE, DIGEST]
each = pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)


def _jobs(path):
    return yaml.safe_load(path.read_text(encoding="utf-8"))["jobs"]


def _steps(path):
    return [step for job in _jobs(path).values() for step in job["steps"]]


def test_workflows_have_the_form_that_github_publishes():
    schema = ["--builtin-schema", "vendor.github-workflows"]
    command = [sys.executable, "-m", "check_jsonschema", *schema, *WORKFLOWS]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@each
def test_every_action_is_pinned_to_a_commit_and_names_its_version(path):
    used = re.findall(r"uses: (.*)", path.read_text(encoding="utf-8"))
    assert used
    for action in used:
        assert re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", action)


@each
def test_no_job_has_more_rights_than_it_needs(path):
    assert yaml.safe_load(path.read_text(encoding="utf-8"))["permissions"] == {}
    rights = {name: job["permissions"] for name, job in _jobs(path).items() if "permissions" in job}
    every = [(name, *it) for name, given in rights.items() for it in given.items()]
    written = {(name, it) for name, it, level in every if level == "write"}
    wanted = {("publish", "id-token"), ("announce", "contents")}
    assert written == (wanted if path is RELEASE else set())


@each
def test_secrets_reach_only_the_step_that_needs_them(path):
    text = path.read_text(encoding="utf-8")
    steps = [step for step in _steps(path) if "secrets." in str(step)]
    assert text.count("secrets.") == len(steps)
    for step in steps:
        (name,) = step["env"]
        assert step["env"] == {name: f"${{{{ secrets.{name} }}}}"}
    assert "${{" not in "".join(step.get("run", "") for step in _steps(path))


def test_the_example_runs_commands_that_exist():
    lines = [step.get("run", "") for step in _steps(DIGEST)]
    commands = re.findall(r"velocity ((?:sync|report)[^;\n]*)", "\n".join(lines))
    assert len(commands) == 3
    for line in commands:
        name, *options = shlex.split(line)
        known = {text for param in make_group().commands[name].load().params for text in param.opts}
        assert {it for it in options if it.startswith("--")} <= known
    assert f'pipx install "research-velocity=={__version__}"' in lines


def test_a_release_has_the_section_of_its_version_and_no_other_tag():
    with pytest.raises(SystemExit, match="The tag is v0"):
        release_notes.main("v0")
    text = "## [Unreleased]\n\n## [1.2.0] - 2026-12-01\n\n- New.\n\n## [1.1.0]\n- Old.\n"
    assert release_notes.section(text, "1.2.0") == "- New.\n"
    assert release_notes.section(text, "1.1.0") == "- Old.\n"
    for missing in ("1.2", "Unreleased"):
        with pytest.raises(LookupError):
            release_notes.section(text, missing)
