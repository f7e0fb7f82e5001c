"""The digest as Markdown for GitHub, as a message in any form, and as CSV."""

from __future__ import annotations

from typing import TYPE_CHECKING

from velocity import formats
from velocity.reading.downloads import csv_bytes
from velocity.report.forms import LONGEST, MARKS, fitted, inert, link, named
from velocity.report.parts import Line, Section

if TYPE_CHECKING:
    from velocity.delivery import Form
    from velocity.report.parts import Digest, Link


def as_csv(digest: Digest) -> str:
    """Returns the week by stream or group as CSV; streams add up to the programme."""
    return csv_bytes(digest.rows).decode()


def as_markdown(digest: Digest) -> str:
    """Returns the digest as Markdown: bold labels, lists and links, no tables."""
    title = f"{digest.title} {digest.week}"
    blocks = [
        f"**{title}**: {named(digest.about, 'markdown')}, {digest.days}",
        inert(f"{digest.headline} {digest.support}".strip()),
    ]
    figures = Section(
        f"{digest.whole} in figures",
        tuple(
            Line("; ".join(it.notes), strong=f"{it.label}: {it.value}.") for it in digest.figures
        ),
    )
    for section in (*digest.news, *([figures] if figures.lines else []), *digest.footing):
        lines = "\n".join(f"- {_line(digest, line, 'markdown')}" for line in section.lines)
        blocks.append(f"**{section.title}**\n\n{lines}")
    blocks.append(_spaced(f"As of {digest.as_of}.", _link(digest, digest.opens, "markdown")))
    return "\n\n".join(blocks) + "\n"


def as_message(digest: Digest, form: Form = "slack", longest: int = LONGEST) -> str:
    """Returns the headline and the first section, in at most so many characters.

    Lines that do not fit are left out from the end, and their number is given.

    Raises:
        VelocityError: it does not fit without any line either.
    """
    bold, slanted, _, item, gap = MARKS[form]
    about = "" if digest.about == "Programme" else f" {named(digest.about, form)}"
    title = f"{digest.title} {digest.week}:{about} {digest.days}"
    head = [
        f"{bold}{title}{bold} (as of {inert(digest.as_of)})",
        f"{bold}{inert(digest.headline)}{bold}",
        *([inert(digest.support)] if digest.support else []),
    ]
    figures = " \u00b7 ".join(
        f"{inert(it.label)} {inert(it.value)}" + (f" ({inert(it.notes[0])})" if it.notes else "")
        for it in digest.figures
    )
    note = "Counts tracked runs only. Compares weeks of a stream with its own, never people."
    foot = [
        *([figures] if figures else []),
        _spaced(f"{slanted}{note}{slanted}", _link(digest, digest.opens, form)),
    ]
    lines = [
        f"{item}{_line(digest, line, form)}"
        for section in digest.news[:1]
        for line in section.lines
    ]

    def write(kept: int) -> str:
        left = len(lines) - kept
        more = [f"{item}and {formats.count(left)} more"] if left else []
        blocks = gap.join(head), "\n".join([*lines[:kept], *more]), gap.join(foot)
        return "\n\n".join(filter(None, blocks)) + "\n"

    return fitted(write, len(lines), min(longest, LONGEST))


def _spaced(*parts: str) -> str:
    return " ".join(filter(None, parts))


def _line(digest: Digest, line: Line, form: Form) -> str:
    bold = MARKS[form].bold
    return _spaced(
        named(line.name, form) if line.name else "",
        f"{bold}{inert(line.strong)}{bold}" if line.strong else "",
        inert(line.text),
        _link(digest, line.link, form),
    )


def _link(digest: Digest, found: Link | None, form: Form) -> str:
    """Returns the link; "" if there is none, or if the address of the dashboard is not known."""
    if found is None or digest.address is None:
        return ""
    return link(found.words, f"{digest.address.rstrip('/')}/{found.path}", form)
