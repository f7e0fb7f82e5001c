"""Which line each value of a TOML text stands on: `tomllib` gives values without places."""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_left

#: Where a value is: keys and, inside arrays, indices from 0, such as ("scholars", 3, "timezone").
TomlPath = tuple[str | int, ...]

_STRING = r'"""[\s\S]*?"""+|\'\'\'[\s\S]*?\'\'\'+|"(?:\\.|[^"\\\n])*"|\'[^\'\n]*\''
_PART = re.compile(rf"{_STRING}|[A-Za-z0-9_-]+")
_KEY = rf"(?:{_STRING}|[A-Za-z0-9_-]+)(?:[ \t]*\.[ \t]*(?:{_STRING}|[A-Za-z0-9_-]+))*"
_HEADER = re.compile(rf"(\[\[?)[ \t]*({_KEY})[ \t]*\]\]?")
_ASSIGNMENT = re.compile(rf"({_KEY})[ \t]*=[ \t]*")
_BLANK = re.compile(r"(?:\s|#[^\n]*)*")
_SEPARATOR = re.compile(r"(?:[\s,]|#[^\n]*)*")
_SCALAR = re.compile(rf"{_STRING}|[^,\]}}\n#]*")


def toml_lines(text: str) -> dict[TomlPath, int]:
    """Line (from 1) of every table, key and array element of `text`, which must be valid TOML."""
    return _Scan(text).lines()


class _Scan:
    """One pass over a text that `tomllib` has accepted, so that its structure can be trusted."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.newlines = [found.start() for found in re.finditer("\n", text)]
        self.found: dict[TomlPath, int] = {}
        self.lengths: dict[TomlPath, int] = {}  # arrays of tables seen so far

    def lines(self) -> dict[TomlPath, int]:
        table: TomlPath = ()
        position = self._skip(_BLANK, 0)
        while position < len(self.text):
            if header := _HEADER.match(self.text, position):
                table = self._header(header)
                position = header.end()
            elif (after := self._assignment(position, table)) is not None:
                position = after
            else:  # not understood: no line is better than a wrong one
                break
            position = self._skip(_BLANK, position)
        return self.found

    def _header(self, header: re.Match[str]) -> TomlPath:
        *parents, last = _parts(header[2])
        path: TomlPath = ()
        for part in parents:
            path = (*path, part)
            if path in self.lengths:  # the newest table of that array
                path = (*path, self.lengths[path] - 1)
        path = (*path, last)
        if header[1] == "[[":
            index = self.lengths.get(path, 0)
            self.lengths[path] = index + 1
            self._mark(path, header.start())
            path = (*path, index)
        self._mark(path, header.start())
        return path

    def _assignment(self, position: int, table: TomlPath) -> int | None:
        key = _ASSIGNMENT.match(self.text, position)
        if key is None:
            return None
        path = table
        for part in _parts(key[1]):
            path = (*path, part)
            self._mark(path, position)
        return self._value(key.end(), path)

    def _value(self, position: int, path: TomlPath) -> int:
        """Marks what is inside the value that begins at `position`; gives where it ends."""
        opening = self.text[position : position + 1]
        if opening not in ("[", "{") or not opening:
            return self._skip(_SCALAR, position)
        index = 0
        position = self._skip(_SEPARATOR, position + 1)
        while position < len(self.text) and self.text[position] not in "]}":
            if opening == "[":
                self._mark((*path, index), position)
                position = self._value(position, (*path, index))
                index += 1
            else:
                after = self._assignment(position, path)
                position = len(self.text) if after is None else after
            position = self._skip(_SEPARATOR, position)
        return position + 1

    def _mark(self, path: TomlPath, position: int) -> None:
        self.found.setdefault(path, bisect_left(self.newlines, position) + 1)

    def _skip(self, pattern: re.Pattern[str], position: int) -> int:
        found = pattern.match(self.text, position)
        return found.end() if found else position


def _parts(key: str) -> list[str]:
    return [
        tomllib.loads(f"key = {part}")["key"] if part[0] in "\"'" else part
        for part in _PART.findall(key)
    ]
