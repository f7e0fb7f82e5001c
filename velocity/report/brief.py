"""The brief: what the sheet of one scholar says, as a message or one HTML file."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from velocity import formats
from velocity.errors import VelocityError
from velocity.reading import reads
from velocity.reading.access import Scope
from velocity.reading.periods import Chosen, Window, before, last_whole_day, limited, presets
from velocity.reading.viewed import PlainDays
from velocity.report.forms import MARKS, fitted, inert, link
from velocity.report.html import template
from velocity.report.work import Work
from velocity.sentences import mentor as words
from velocity.sentences.answer import Span, spans_of
from velocity.sentences.mentor_facts import questions

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from velocity.delivery import Form
    from velocity.sentences.mentor_facts import Facts
    from velocity.state import ReadMark
    from velocity.store import Snapshot

#: Characters: Slack splits texts of more than 4,000, and ntfy makes files of more than 4,096 bytes.
_LONGEST = 3_900
_NOT_FOR_ALL = "names a scholar, so it is not for passing on"


@dataclass(frozen=True)
class BriefLine:
    """One subject of a brief, such as "Decide", and what it says."""

    about: str
    spans: tuple[Span, ...]


@dataclass(frozen=True)
class Brief:
    """What the sheet of a scholar says, without a format."""

    kicker: str
    title: tuple[Span, ...]
    caption: tuple[Span, ...]
    lines: tuple[BriefLine, ...]
    questions: tuple[tuple[Span, ...], ...]
    footing: str

    @classmethod
    def of(cls, facts: Facts, as_of: datetime) -> Brief:
        """The brief with the sentences of the sheet; `as_of` is the end of the data."""
        projects = [*dict.fromkeys(facts.experiments["project"])]
        return cls(
            kicker=f"Brief · {facts.days.kicker} · {_NOT_FOR_ALL}",
            title=spans_of(words.title(facts)),
            caption=spans_of(words.caption(facts, projects)),
            lines=tuple(BriefLine(it.about, spans_of(it.text)) for it in words.lines(facts)),
            questions=tuple(map(spans_of, questions(facts))),
            footing=f"As of {formats.instant(as_of, facts.zone)}. Counts W&B runs only.",
        )


def make_brief(
    snapshot: Snapshot,
    scholar: str,
    *,
    stream: str | None = None,
    days: int = 7,
    marks: Sequence[ReadMark] = (),
) -> Brief:
    """Returns the brief of a scholar, as their mentor or research manager may see it.

    Args:
        snapshot: where the figures come from.
        scholar: id of one who exists.
        stream: id, for the work in one stream; None for all of it.
        days: how many whole days, the last one included.
        marks: results that were marked as read, `velocity.state.read_marks`.

    Raises:
        VelocityError: there is no run, or the scholar has no work in the stream.
    """
    trust = reads.trust(snapshot).row(0, named=True)
    if trust["as_of"] is None or trust["first_day"] is None:
        raise VelocityError("There are no runs to report on.", "Run `velocity sync` first.")
    chosen = _last_days(days, trust)
    view = PlainDays(
        snapshot,
        # Nobody's hours, and the names of lines at once.
        scope=Scope(scholars=(scholar,)),
        window=chosen.window,
        before=before(chosen, trust["first_day"]),
        marks=marks,
    )
    work = Work(view, stream, (scholar,) if stream is None else ())
    if scholar not in work.people:
        raise VelocityError(
            f"'{formats.label(scholar)}' has no work in a stream '{formats.label(stream)}'.",
            "Leave it out for the work in all streams.",
        )
    return Brief.of(work.facts(scholar), view.as_of)


def _last_days(days: int, trust: Mapping[str, Any]) -> Chosen:
    """The last whole days of the data, as the page with these days compares them."""
    first = trust["first_day"]
    last = max(first, last_whole_day(trust["as_of"], str(trust["timezone"])))
    window = limited(Window(last - timedelta(days=days - 1), last), first, last)
    offered = presets(first, last)
    return Chosen(next((it for it in offered if offered[it] == window), "Custom"), window)


def brief_as_html(brief: Brief) -> str:
    """Returns a brief as a whole HTML document."""
    return template("brief.html").render(brief=brief)


def brief_as_markdown(brief: Brief) -> str:
    """Returns a brief as Markdown: bold labels, lists and links, no tables."""
    return brief_as_message(brief, "markdown", sys.maxsize)


def brief_as_message(brief: Brief, form: Form, longest: int) -> str:
    """Returns a brief in at most so many characters.

    Lines that do not fit are left out from the end, and their number is given.

    Raises:
        VelocityError: it does not fit without any line either.
    """
    bold, _, _, item, _ = MARKS[form]
    lines = [f"{item}{bold}{it.about}:{bold} {_written(it.spans, form)}" for it in brief.lines]
    asked = "\n".join(f"{at}. {_written(it, form)}" for at, it in enumerate(brief.questions, 1))

    def write(kept: int) -> str:
        left = len(lines) - kept
        more = [f"{item}and {formats.count(left)} more"] if left else []
        blocks = (
            f"{bold}{_written(brief.title, form)}{bold}",
            brief.kicker,
            _written(brief.caption, form),
            "\n".join([*lines[:kept], *more]),
            f"{bold}Three questions{bold}",
            asked,
            brief.footing,
        )
        return "\n\n".join(blocks) + "\n"

    whole = form == "markdown"
    return fitted(write, len(lines), longest if whole else min(longest, _LONGEST))


def _written(spans: Sequence[Span], form: Form) -> str:
    return "".join(_span(it, form) for it in spans)


def _span(span: Span, form: Form) -> str:
    text, bold = inert(span.text), MARKS[form].bold
    if span.url:
        # Plain sentences with whole addresses in them cannot be read.
        return text if form == "text" else link(text, span.url, form)
    # Markdown does not read asterisks beside a space as bold.
    inside = text.strip()
    return text.replace(inside, f"{bold}{inside}{bold}") if span.strong and inside else text
