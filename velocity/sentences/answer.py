"""The parts of every sentence: names, small numbers in words, and how much fits."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from velocity import formats

if TYPE_CHECKING:
    from collections.abc import Sequence


#: Characters as read, Markdown's escapes not counted.
LONGEST_SENTENCE = 110
LONGEST_SUPPORT = 170
#: With fewer events than this, medians and shares are not reported.
ENOUGH = formats.MEDIAN_EVENTS

#: The columns that identify a line of work.
LINE = ["scholar", "entity", "project"]
#: One row of a read: column -> value.
Row = Mapping[str, Any]

LINE_HELP = "A line is the work of one person in one W&B project."

_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")
_SMALL = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


@dataclass(frozen=True)
class Answer:
    """The first lines of a page, as Markdown in which every name is inert.

    Args:
        sentence: the answer, at most `LONGEST_SENTENCE` characters as read.
        support: one supporting line, at most `LONGEST_SUPPORT`; "" without one.
    """

    sentence: str
    support: str = ""


def as_read(text: str) -> str:
    """`text` as it reads on the page, without Markdown's escapes."""
    return _ESCAPED.sub(r"\1", text)


def fitting(*options: str, longest: int = LONGEST_SENTENCE) -> str:
    """The first option that is short enough; the last must always be. Put the longest first."""
    return next((it for it in options if len(as_read(it)) <= longest), options[-1])


def joined(*parts: str) -> str:
    """As many of the non-empty parts as fit on the supporting line."""
    text = ""
    for part in filter(None, parts):
        longer = f"{text} {part}".strip()
        if len(as_read(longer)) <= LONGEST_SUPPORT:
            text = longer
    return text


def defined(text: str, metric: str) -> str:
    """A tooltip, as Markdown, that ends in a link to the definition of a metric."""
    return f"{text} [Definition](definitions#{metric})"


def name(text: str | None, limit: int = 24) -> str:
    """Someone's text as a name: one line of at most `limit` characters, inert as Markdown."""
    return formats.markdown(formats.label(text, limit)) or "(no name)"


def line_name(row: Row, limit: int) -> str:
    """A line by its scholar's name and its project, each of at most `limit` characters."""
    return f"{name(row['name'], limit)} / {name(row['project'], limit)}"


def few(number: int) -> str:
    """A count inside a sentence, in words below ten."""
    return _SMALL[number] if 0 <= number < len(_SMALL) else formats.count(number)


def few_of(number: int, noun: str) -> str:
    """A count and its noun: "one line", "four streams", "14 lines"."""
    return f"{few(number)} {formats.plural(number, noun).split(' ', 1)[1]}"


def listed(names: Sequence[str]) -> str:
    """Names in a sentence: "heron", "gannet, heron and ibis"; already inert."""
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last


def capitalised(text: str) -> str:
    """`text` with a capital first letter."""
    return text[:1].upper() + text[1:]


def number(row: Row, column: str) -> float:
    """A count or sum of a row; 0 if it is missing."""
    return row.get(column) or 0


def ended_runs(row: Row) -> int:
    """How many runs ended, according to the figures."""
    return sum(
        int(number(row, f"runs_{how}")) for how in ("finished", "failed", "killed", "preempted")
    )
