"""What every sentence is made of: names, small numbers in words, and a fit to the page."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from velocity import formats

#: Characters as read, Markdown's escapes not counted.
LONGEST_SENTENCE = 110
LONGEST_SUPPORT = 170
#: Fewer events than this say nothing about a median or a share.
ENOUGH = formats.MEDIAN_EVENTS

#: One row of a read: column -> value.
Row = Mapping[str, Any]

_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")
_SMALL = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


@dataclass(frozen=True)
class Answer:
    """What a page says first; both lines are Markdown in which every name is inert.

    Args:
        sentence: the answer, at most `LONGEST_SENTENCE` characters as read.
        support: one line that supports it, at most `LONGEST_SUPPORT`; "" where there is none.
    """

    sentence: str
    support: str = ""


def as_read(text: str) -> str:
    """`text` as it stands on the page: without Markdown's escapes."""
    return _ESCAPED.sub(r"\1", text)


def fitting(*options: str, longest: int = LONGEST_SENTENCE) -> str:
    """The first option that is short enough, the fullest first; the last must always be."""
    return next((it for it in options if len(as_read(it)) <= longest), options[-1])


def joined(*parts: str) -> str:
    """The parts that there are, as far as they fit on the supporting line."""
    text = ""
    for part in filter(None, parts):
        longer = f"{text} {part}".strip()
        if len(as_read(longer)) <= LONGEST_SUPPORT:
            text = longer
    return text


def name(text: str | None, limit: int = 24) -> str:
    """Someone's text as a name: one line of at most `limit` characters, inert as Markdown."""
    return formats.markdown(formats.label(text, limit)) or "(no name)"


def line_name(row: Row, limit: int) -> str:
    """A line by its scholar and project, each of at most `limit` characters."""
    return f"{name(row['scholar'], limit)} / {name(row['project'], limit)}"


def few(number: int) -> str:
    """A count inside a sentence: in words below ten."""
    return _SMALL[number] if 0 <= number < len(_SMALL) else formats.count(number)


def few_of(number: int, noun: str) -> str:
    """A count and its noun: "one line", "four streams", "14 lines"."""
    return f"{few(number)} {formats.plural(number, noun).split(' ', 1)[1]}"


def begun(text: str) -> str:
    """`text` with a capital at its beginning."""
    return text[:1].upper() + text[1:]


def number(row: Row, column: str) -> float:
    """A count or sum of a row; 0 where the row does not have it."""
    return row.get(column) or 0


def ended_runs(row: Row) -> int:
    """How many runs ended, as far as the figures tell."""
    return sum(
        int(number(row, f"runs_{how}")) for how in ("finished", "failed", "killed", "preempted")
    )
