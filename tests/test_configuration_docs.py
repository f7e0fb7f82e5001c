"""docs/configuration.md names every key of both files, with its type, default and meaning."""

import re
import tomllib
from datetime import date
from pathlib import Path
from typing import get_args

import pytest
from pydantic import BaseModel

from tests.conftest import ROOT
from velocity.roster.models import Roster, check_roster
from velocity.settings import Settings, load_settings
from velocity.toml import as_toml

pytestmark = pytest.mark.sampled(4)

DOCS = ROOT / "docs" / "configuration.md"
FILES = {"velocity.toml": Settings, "roster.toml": Roster}
TYPES = {str: "text", Path: "text", float: "number", int: "number", bool: "true or false"}
TYPES[date] = "date"


def table_of(annotation):
    """The model of a table or of a list of tables; None for a plain value."""
    for choice in (annotation, *get_args(annotation)):
        if isinstance(choice, type) and issubclass(choice, BaseModel):
            return choice
    return None


def type_of(annotation):
    if annotation in TYPES:
        return TYPES[annotation]
    choices = [choice for choice in get_args(annotation) if choice not in (type(None), ...)]
    if getattr(annotation, "__origin__", None) is tuple:
        inner = "tables" if table_of(annotation) else type_of(choices[0])
        return f"list of {inner}"
    first = choices[0]  # Annotated[type, …], type | None or Literal["text", …]
    return "text" if isinstance(first, str) else type_of(first)


def default_of(field):
    if field.is_required():
        return "required"
    value = field.default
    if value is None:
        return "none"
    if value == ():
        return "`[]`"
    if isinstance(value, tuple):
        return "listed below"
    return f"`{as_toml(str(value) if isinstance(value, Path) else value)}`"


def expected(model, heading="Top level", prefix=""):
    """(heading, row) of every key below `model`; a table's own keys are under its heading."""
    for name, field in model.model_fields.items():
        key = field.alias or name
        inner = table_of(field.annotation)
        listed = getattr(field.annotation, "__origin__", None) is tuple
        if inner is None or listed:
            meaning = " ".join(field.description.split())
            yield heading, (f"`{key}`", type_of(field.annotation), default_of(field), meaning)
        if inner is not None:
            path = f"{prefix}{key}"
            title = f"`[[{path}]]`" if listed else f"`[{path}]`"
            yield from expected(inner, title, f"{path}.")


def documented(text):
    heading = ""
    for line in text.splitlines():
        if line.startswith("### "):
            heading = line.removeprefix("### ")
        elif line.startswith("| `"):
            yield heading, tuple(cell.strip() for cell in line.strip("|").split(" | "))


def chapter(file):
    return DOCS.read_text(encoding="utf-8").split(f"\n## {file}\n")[1].split("\n## ")[0]


def example(file):
    return re.search(r"```toml\n(.*?)```", chapter(file), re.DOTALL)[1]


def keys(values, path=""):
    if isinstance(values, dict):
        for key, inner in values.items():
            yield f"{path}{key}"
            yield from keys(inner, f"{path}{key}.")
    elif isinstance(values, list):
        for inner in values:
            yield from keys(inner, path)


def known_keys(model, path=""):
    for name, field in model.model_fields.items():
        key = f"{path}{field.alias or name}"
        yield key
        if inner := table_of(field.annotation):
            yield from known_keys(inner, f"{key}.")


@pytest.mark.parametrize("file", FILES)
def test_exactly_the_existing_keys_are_documented_with_type_default_and_meaning(file):
    rows = sorted(expected(FILES[file]))
    assert sorted(documented(chapter(file))) == rows
    assert all(meaning for _, (*_, meaning) in rows)


def test_the_example_settings_load_and_the_example_roster_has_no_findings(tmp_path):
    for file in FILES:
        (tmp_path / file).write_text(example(file), encoding="utf-8")
    assert load_settings(tmp_path / "velocity.toml").programme.name == "Spring programme"
    assert check_roster(tmp_path / "roster.toml") == []


def test_the_document_lists_the_ignored_keys():
    lists = re.findall(r"```toml\n(same_idea_ignore = .*?)```", chapter("velocity.toml"), re.DOTALL)
    (listed,) = (tomllib.loads(it)["same_idea_ignore"] for it in lists)
    assert tuple(listed) == Settings().experiments.same_idea_ignore


def test_the_examples_show_every_key_that_is_on():
    shown = {file: set(keys(tomllib.loads(example(file)))) for file in FILES}
    lacking = {file: set(known_keys(FILES[file])) - shown[file] for file in FILES}
    assert lacking == {"velocity.toml": set(), "roster.toml": {"scholars.disabled"}}
