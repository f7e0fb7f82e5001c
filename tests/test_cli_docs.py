"""Every command and every option is explained, in --help and in docs/cli.md."""

import re

import pytest

from tests.conftest import ROOT
from velocity.cli.application import make_group
from velocity.queries import load_query
from velocity.records import REQUIRED
from velocity.sources.table_kinds import EXPORTED, TABLE_SCHEMA

DOCUMENT = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
TABLES = (ROOT / "docs" / "tables.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^## velocity (.+)\n([\s\S]*?)(?=^## |\Z)", DOCUMENT, re.MULTILINE))
EVERYWHERE = {"--data", "--config", "--help"}
#: Options of `velocity` itself.
MORE = {"--version", "--install-completion", "--show-completion"}
GROUP = make_group().commands


def _commands():
    """(name, command) of everything that can be run."""
    for name, late in GROUP.items():
        command = late.load()
        if inner := getattr(command, "commands", None):
            if command.invoke_without_command:
                yield name, command
            yield from ((f"{name} {part}", child) for part, child in inner.items())
        else:
            yield name, command


COMMANDS = dict(_commands())


def _options(command):
    shown = [param for param in command.params if not param.hidden]
    return {text for param in shown for text in param.opts if text.startswith("--")} - EVERYWHERE


def test_the_document_lists_exactly_these_commands():
    assert set(SECTIONS) == set(COMMANDS)
    assert set(COMMANDS) == {
        *("demo", "app", "init", "sync", "ingest", "import", "metrics", "runs", "experiments"),
        *("explain", "export", "report", "brief", "nudge", "forget", "doctor", "mcp", "mcp token"),
        *("roster check", "roster suggest", "pull", "publish", "record move", "loops"),
        *("backup", "restore", "groups", "archive"),
    }


def test_help_lists_every_command_under_one_of_four_headings():
    panels = {it.rich_help_panel for it in GROUP.values()}
    assert panels == {"Open the dashboard", "Bring in runs", "Read figures", "Maintain the data"}


@pytest.mark.parametrize("name", GROUP)
def test_the_list_of_commands_repeats_the_first_line_of_their_help(name):
    first = GROUP[name].load().help.split("\n")[0]
    assert GROUP[name].help == first


@pytest.mark.parametrize("name", COMMANDS)
def test_help_explains_the_command_and_each_of_its_options(name):
    command = COMMANDS[name]
    assert command.help
    assert {"--data", "--config"} <= {text for param in command.params for text in param.opts}
    for param in command.params:
        assert param.help, f"velocity {name} {param.opts}"


def test_every_command_that_the_documents_write_exists_with_its_options():
    """Only --help lists all options; a document names those that it explains."""
    every = set().union(*map(_options, COMMANDS.values()))
    for path in [*(ROOT / "docs").glob("*.md"), ROOT / "README.md"]:
        text = re.sub(r"\\\n", " ", path.read_text(encoding="utf-8"))
        for line in re.findall(r"\bvelocity ((?:[a-z]+ )+[^`|#&\n]*--[^`|#&\n]+)", text):
            words = line.split()
            name = next((it for it in (" ".join(words[:2]), words[0]) if it in COMMANDS), None)
            if name is not None:
                named = {it for it in words if it.startswith("--")}
                known = _options(COMMANDS[name]) | EVERYWHERE
                assert named <= known, f"{path.name}: velocity {line}"
    for name, section in SECTIONS.items():
        assert set(re.findall(r"`(--[a-z-]+)", section)) <= every | EVERYWHERE | MORE, name


def test_the_commands_of_the_readme_exist_with_their_options():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    written = re.findall(r"^(?:\$ )?velocity ([^|#\n]+)", text, re.MULTILINE)
    assert len(written) > 4
    for line in written:
        name = line.split()[0]
        assert set(re.findall(r"--[a-z-]+", line)) <= _options(COMMANDS[name]) | EVERYWHERE, line


def test_the_document_lists_every_column_of_a_run_table():
    table = re.findall(r"^\| (`[a-z_`, ]+`) \|", TABLES, re.MULTILINE)
    columns = {name for row in table for name in re.findall(r"`([a-z_]+)`", row)}
    assert columns == set(TABLE_SCHEMA)
    for name in REQUIRED:
        assert f"`{name}`" in TABLES.split("| column")[0]


def test_the_page_on_tables_lists_every_known_state():
    states = TABLES.partition("## States")[2]
    told = dict(re.findall(r"^\| ([a-z]+) \| ([a-z_, ]+) \|$", states, re.MULTILINE))
    cases = re.findall(r"IN \(([^)]*)\)\s*THEN '(\w+)'", load_query("macros/class_of").body)
    assert {name: set(words.split(", ")) for name, words in told.items()} == {
        name: set(re.findall(r"'(\w+)'", words)) for words, name in cases
    }


def test_the_page_on_tables_lists_every_column_of_an_export():
    rows = re.findall(r"^\| ([A-Z][\w ,]+) \|", TABLES, re.MULTILINE)
    columns = {name for row in rows for name in row.split(", ")}
    assert columns == set(EXPORTED.values()) - {"Entity", "Project", "Name"}
