"""Shell completion: installed by the command itself, for commands, options and values."""

import shutil

import pytest

from tests.commands import VELOCITY, environment, ran

pytestmark = pytest.mark.sampled(4)

# Asks bash for what it would offer at the end of the words that it gets.
ASK = """
. ~/.bashrc
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
_velocity_completion velocity
printf '%s\\n' "${COMPREPLY[@]}"
"""


@pytest.fixture(scope="module")
def offered(tmp_path_factory):
    """What bash offers for some words, after `velocity --install-completion` in an empty home."""
    bash = shutil.which("bash")
    assert bash is not None
    home = tmp_path_factory.mktemp("home")
    command = home / "bin" / "velocity"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec {" ".join(VELOCITY)} "$@"\n', encoding="ascii")
    command.chmod(0o755)
    env = environment(home)
    env["PATH"] = f"{command.parent}:{env['PATH']}"

    def run(*command):
        done = ran(*command, cwd=home, env=env)
        assert done.returncode == 0, done.stderr
        return done.stdout.split()

    # The shell that asks decides, and these tests may run under one without completion.
    run(bash, "-c", "velocity --install-completion && true")
    return lambda *words: run(bash, "-c", ASK, "bash", "velocity", *words)


def test_bash_completes_commands(offered):
    assert {"sync", "doctor", "init"} <= set(offered(""))


@pytest.mark.parametrize(
    ("words", "completed"),
    [
        (["ro"], "roster"),
        (["sync", "--pr"], "--project"),
        (["roster", "s"], "suggest"),
        (["metrics", "--by", "str"], "stream"),
    ],
)
def test_bash_completes_commands_options_and_values(words, completed, offered):
    assert offered(*words) == [completed]
