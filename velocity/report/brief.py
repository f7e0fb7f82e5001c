"""The brief: what the sheet of one scholar says, as a message or one HTML file, and its sending."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from velocity import formats
from velocity.delivery import Address, Form
from velocity.errors import ConfigurationError, VelocityError
from velocity.reading.access import EVERYTHING, Scope, Viewer, record_look, viewer_of
from velocity.reading.periods import Chosen, Window, before, last_whole_day, limited, presets
from velocity.reading.viewed import ViewedDays
from velocity.report.html import template
from velocity.report.parts import trust_of
from velocity.report.text import MARKS, fitted, inert, link
from velocity.report.work import Work
from velocity.roster.models import Roster
from velocity.sentences import mentor as words
from velocity.sentences.answer import Span, spans_of
from velocity.sentences.mentor_facts import Facts, questions
from velocity.state import ReadMark, Where
from velocity.store import Snapshot

#: Characters: Slack splits texts of more than 4,000, and ntfy makes files of more than 4,096 bytes.
_LONGEST = 3_900
_TITLE = "Brief"
_NOT_FOR_ALL = "names a scholar, so it is not for passing on"


class BriefLine(NamedTuple):
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

    It is about the work in one `stream` or all of it, over the last `days` whole days. `marks` are
    results that were marked as read, `velocity.state.read_marks`.

    Raises:
        VelocityError: there is no run, or the scholar has no work in the stream.
    """
    trust = trust_of(snapshot, EVERYTHING)
    chosen = _last_days(days, trust)
    view = ViewedDays(
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
    title, caption = (_written(it, form) for it in (brief.title, brief.caption))
    head = f"{bold}{title}{bold}", brief.kicker, caption
    foot = f"{bold}Three questions{bold}", asked, brief.footing

    def write(told: str) -> str:
        return "\n\n".join((*head, told, *foot)) + "\n"

    return fitted(write, lines, item, longest if form == "markdown" else min(longest, _LONGEST))


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


def find_reader(roster: Roster | None, to: str, scholar: str, stream: str | None) -> Viewer:
    """Returns the person with a roster id or e-mail address, who may read the brief at once.

    That is the scholar, a mentor of the stream, or a research manager of the scholar. Leads see
    names 24 hours later, so a brief is not for them.

    Raises:
        ConfigurationError: they may not, or the roster does not have them.
    """
    if roster is None:
        raise ConfigurationError(
            "There is no roster, so nobody can be sent a brief.",
            "Name its settings file with --config, or write the brief to a file with --out.",
        )
    people = {it.id: it for it in roster.scholars if not it.disabled}
    own = people.get(to)
    if own is not None and to == scholar:  # who needs no address to sign in with
        return Viewer(None, own.name, frozenset({"scholar"}), Scope(scholars=(to,)), scholar=to)
    address = next(iter(own.emails), "") if own is not None else to
    viewer = viewer_of(roster, address, leads_see_individuals=False)
    if viewer and (
        scholar in viewer.scope.scholars
        or (stream is not None and viewer.scope.sees_stream(stream))
    ):
        return viewer
    raise ConfigurationError(
        f"The roster does not let {to} see this brief.",
        "It is for the scholar, research managers of the scholar, and, with --stream, mentors of "
        "that stream.",
    )


def find_address(known: Mapping[str, Address], to: str) -> Address:
    """Returns where the messages of a person go.

    Raises:
        ConfigurationError: the file of addresses does not have them.
    """
    if to in known:
        return known[to]
    raise ConfigurationError(
        f"There is no address for {to}.",
        "Add a line for them to the file that VELOCITY_ADDRESSES names, or write the brief to a "
        "file with --out.",
    )


def send_brief(
    where: Where,
    brief: Brief,
    scholar: str,
    *,
    reader: Viewer,
    address: Address,
    kept_days: float,
) -> None:
    """Sends a brief each time it is called. The scholar can see to whom it went.

    `where` has the looks at the scholar; those older than `kept_days` are removed.

    Raises:
        VelocityError: it does not fit, was not accepted, or it is not known whether it was.
    """
    form = address.form
    text = brief_as_message(brief, form, address.longest(_TITLE))
    record_look(where, reader, scholar, _TITLE, kept_days)
    address.deliver(text, title=_TITLE, form=form)
