"""The parts of every sentence: names, small numbers in words, and how much fits."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple, TypeVar
from zoneinfo import ZoneInfo

from velocity import formats

#: Characters as read, Markdown's escapes not counted.
LONGEST_SENTENCE = 110
LONGEST_SUPPORT = 170
#: The columns that identify a line of work.
LINE = ["scholar", "entity", "project"]
#: One row of a read: column -> value.
Row = Mapping[str, Any]
Part = TypeVar("Part")

LINE_HELP = "A line is the work of one person in one W&B project."

#: A share of failed runs that makes more runs is none.
_MOST_RUNS = 1e12
_SMALL = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")
#: An escaped character, the code or bold around words, and the beginning and end of a link. Names
#: are escaped, so an unescaped sign is always one of the sentence's own.
_SIGN = re.compile(
    rf"{_ESCAPED.pattern}|`(?P<code>[^`]*)`|(?P<bold>\*\*)|(?P<link>\[)|\]\((?P<url>[^()\s]*)\)"
)
_WEB = re.compile(r"https?://")
#: Characters that would end the address of a Markdown link.
_ENDS_A_LINK = re.compile(r"[()<>\[\]\\\s]")


@dataclass(frozen=True)
class Answer:
    """The first lines of a page, as Markdown in which every name is inert."""

    sentence: str  # the answer, at most `LONGEST_SENTENCE` characters as read
    support: str = ""  # one supporting line, at most `LONGEST_SUPPORT`; "" without one


class Span(NamedTuple):
    """A part of a sentence, as plain text."""

    text: str
    strong: bool = False  # whether it is bold
    url: str = ""  # a web address that it leads to; "" without one


def as_read(text: str) -> str:
    """`text` as it reads on the page, without Markdown's escapes."""
    return _ESCAPED.sub(r"\1", text)


def spans_of(markdown: str) -> tuple[Span, ...]:
    """The parts of a sentence in order, for formats that are not Markdown."""
    found: list[Span] = []
    strong, text, at = False, "", 0
    for sign in _SIGN.finditer(markdown):
        text += markdown[at : sign.start()]
        at = sign.end()
        if sign[1] or sign["code"]:
            text += sign[1] or sign["code"]
            continue
        url = sign["url"] or ""
        found.append(Span(text, strong, url if _WEB.match(url) else ""))
        text, strong = "", strong != bool(sign["bold"])
    found.append(Span(text + markdown[at:], strong))
    return tuple(it for it in found if it.text)


def fits(text: str, longest: int = LONGEST_SENTENCE) -> bool:
    """Whether `text` is short enough as it reads."""
    return len(as_read(text)) <= longest


def fitting(*options: str, longest: int = LONGEST_SENTENCE) -> str:
    """The first option that is short enough; the last must always be. Put the longest first."""
    return next((it for it in options if fits(it, longest)), options[-1])


def supporting(*options: str) -> str:
    """The first option that is short enough for the supporting line, as `fitting` chooses it."""
    return fitting(*options, longest=LONGEST_SUPPORT)


def fewer(parts: Sequence[Part]) -> list[Sequence[Part]]:
    """The parts, then all but the last, and so on to the first alone: options for `fitting`."""
    return [parts[:to] for to in range(len(parts), 0, -1)]


def joined(*parts: str, sign: str = " ", end: str = "") -> str:
    """As many of the non-empty parts as fit on the supporting line, and the `end` of the last."""
    text = ""
    for part in filter(None, parts):
        longer = f"{text}{sign}{part}" if text else part
        text = longer if fits(f"{longer}{end}", LONGEST_SUPPORT) else text
    return f"{text}{end}" if text else ""


def defined(text: str, metric: str) -> str:
    """A tooltip, as Markdown, that ends in a link to the definition of a metric."""
    return f"{text} [Definition](definitions#{metric})"


def name(text: str | None, limit: int = 24) -> str:
    """Someone's text as a name: one line of at most `limit` characters, inert as Markdown."""
    return formats.markdown(formats.label(text, limit)) or "(no name)"


def linked(row: Mapping[str, Any], *longest: int) -> str:
    """The name of an experiment as a link to it on W&B; inert text without an address."""
    label, url = name(row["label"], *longest), row.get("url") or ""
    return label if not url or _ENDS_A_LINK.search(url) else f"[{label}]({url})"


def few(number: int) -> str:
    """A count inside a sentence, in words below ten."""
    return _SMALL[number] if 0 <= number < len(_SMALL) else formats.count(number)


def few_of(number: int, noun: str, many: str = "") -> str:
    """A count and its noun: "one line", "four streams", "14 lines".

    `many` are the words for several, if they are not the noun with an s: "two lines wait".
    """
    if many:
        return f"{few(number)} {noun if number == 1 else many}"
    return f"{few(number)} {formats.plural(number, noun).split(' ', 1)[1]}"


def listed(names: Sequence[str], more: int = 0) -> str:
    """Names in a sentence, already inert: "heron", "gannet, heron and two more"."""
    *first, last = [*names, f"{few(more)} more"] if more > 0 else names
    return f"{', '.join(first)} and {last}" if first else last


def and_more(names: Sequence[str], more: int, *, written: Callable[[int], str] = few) -> str:
    """Names and how many more there are; without more, only commas: "gannet, heron"."""
    return ", ".join(names) + (f" and {written(more)} more" if more > 0 else "")


def number(row: Row | None, column: str) -> float:
    """A count or sum of a row; 0 without a row, and if it is not known."""
    return row[column] or 0 if row else 0


def automated(row: Row | None, spent: str = "gpu_hours") -> bool:
    """Whether the cost of a conclusion is also over those of automation, which cost far less."""
    cost = number(row, f"{spent}_per_concluded")
    return bool(cost) and number(row, spent) > cost * (number(row, "experiments_concluded") + 0.5)


def ended_runs(row: Row | None) -> int:
    """How many runs ended: the failed ones divided by their share; without any, the known ones."""
    failed, share = number(row, "runs_failed"), number(row, "failure_share")
    if failed and share * _MOST_RUNS > failed:
        return round(failed / share)
    how = ("finished", "failed", "killed", "preempted")
    return sum(int(number(row, f"runs_{it}")) for it in how)


def all_of(count: int) -> str:
    """What stands before a place that so many things have in common: "", "both ", "all "."""
    return {1: "", 2: "both "}.get(count, "all ")


def silent_runs(count: int) -> str:
    """How many runs have shown no sign of life: "one run is silent"."""
    return few_of(count, "run is silent", "runs are silent")


def held_for_nothing(count: int) -> str:
    """The beginning of a sentence that names silent runs."""
    return f"{formats.capitalised(silent_runs(count))} and may hold a GPU for nothing:"


def weeks_before(row: Row) -> str:
    """What earlier figures are of, which the data may cut: "in the 8 weeks before"."""
    return f"in the {formats.plural(round(number(row, 'weeks')), 'week')} before"


def local_day(moment: datetime, zone: str) -> date:
    """The local day of an instant."""
    return moment.astimezone(ZoneInfo(zone)).date()


def on_day(moment: datetime, zone: str) -> str:
    """The local day of an instant in a sentence: "Fri 27 Nov"."""
    return formats.dated(local_day(moment, zone))
