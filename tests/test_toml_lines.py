"""Places in TOML texts: whatever the layout, a value is found on the line it stands on."""

from __future__ import annotations

import tomllib

import pytest

from velocity.toml.lines import toml_lines

TEXT = '''\
leads = [ # [[scholars]] in a comment is no table
  "a]b", # a ] in a string closes nothing

  'c"d',
]
"quoted key" = 1
a.b = { c = 1, d = ["x", { e = 2 }] }

[[scholars]]
bio = """
[[scholars]]
id = "not this one"
"""
id = "ada"

[[scholars]] # the second
id = "ben"

  [[scholars.devices]]
  name = 'x'

[credits]
[[credits.rates]]
from = 2026-01-05
'''
LINES = {
    ("leads",): 1,
    ("leads", 0): 2,
    ("leads", 1): 4,
    ("quoted key",): 6,
    ("a", "b"): 7,
    ("a", "b", "d", 1, "e"): 7,
    ("scholars",): 9,
    ("scholars", 0): 9,
    ("scholars", 0, "bio"): 10,
    ("scholars", 0, "id"): 14,
    ("scholars", 1): 16,
    ("scholars", 1, "id"): 17,
    ("scholars", 1, "devices", 0): 19,
    ("scholars", 1, "devices", 0, "name"): 20,
    ("credits",): 22,
    ("credits", "rates", 0): 23,
    ("credits", "rates", 0, "from"): 24,
}


@pytest.mark.parametrize("text", [TEXT, TEXT.replace("\n", "\r\n")], ids=["unix", "windows"])
def test_every_value_is_found_on_its_line(text):
    tomllib.loads(text)
    found = toml_lines(text)
    assert {path: found.get(path) for path in LINES} == LINES


def test_every_place_exists_in_what_tomllib_reads():
    values = tomllib.loads(TEXT)
    for path in toml_lines(TEXT):
        inner = values
        for part in path:
            inner = inner[part]


def test_an_empty_text_has_no_places():
    assert toml_lines("") == {}
