"""The digest as Markdown for GitHub, in Slack's own markup, and as CSV."""

from __future__ import annotations

from typing import TYPE_CHECKING

from velocity import formats
from velocity.reading.downloads import csv_bytes
from velocity.report.parts import Line, Section

if TYPE_CHECKING:
    from velocity.report.parts import Digest, Link

#: Slack decodes only its own escapes, and GitHub shows these escapes in code. So characters that
#: either of them reads as markup are replaced by similar ones.
_ALIKE = str.maketrans(
    "<>&`*_~[]!|\\#$@",
    "\u2039\u203a\uff06\u2019\u2217\uff3f\u223c\uff3b\uff3d\uff01\u00a6\u2216\uff03\uff04\uff20",
)
_IN_CODE = str.maketrans("<>&`", "\u2039\u203a\uff06\u2019")
_JOINER = "\u2060"
#: Characters of a Slack text; Slack folds longer ones.
_LONGEST_SLACK = 1_999


def as_csv(digest: Digest) -> str:
    """Returns the week by stream or group as CSV; streams add up to the programme."""
    return csv_bytes(digest.rows).decode()


def as_markdown(digest: Digest) -> str:
    """Returns the digest as Markdown: bold labels, lists and links, no tables."""
    title = f"Stand-up digest {digest.week}"
    blocks = [
        f"**{title}**: {_name(digest.about)}, {digest.days}",
        inert(f"{digest.headline} {digest.support}".strip()),
    ]
    figures = Section(
        "The week in figures",
        tuple(
            Line("; ".join(it.notes), strong=f"{it.label}: {it.value}.") for it in digest.figures
        ),
    )
    for section in (*digest.news, *([figures] if figures.lines else []), *digest.footing):
        lines = "\n".join(f"- {_line(digest, line)}" for line in section.lines)
        blocks.append(f"**{section.title}**\n\n{lines}")
    blocks.append(_spaced(f"As of {digest.as_of}.", _link(digest, digest.opens)))
    return "\n\n".join(blocks) + "\n"


def as_slack(digest: Digest) -> str:
    """Returns the headline and the first section in Slack's markup, in under 2,000 characters.

    Lines that do not fit are left out from the end, and their number is given.
    """
    about = "" if digest.about == "Programme" else f" {_name(digest.about)}"
    head = [
        f"*Stand-up digest {digest.week}:{about} {digest.days}* (as of {inert(digest.as_of)})",
        f"*{inert(digest.headline)}*",
        *([inert(digest.support)] if digest.support else []),
        "",
    ]
    figures = " \u00b7 ".join(
        f"{inert(it.label)} {inert(it.value)}" + (f" ({inert(it.notes[0])})" if it.notes else "")
        for it in digest.figures
    )
    note = "_Counts tracked runs only. Compares weeks of a stream with its own, never people._"
    foot = [
        "",
        *([figures] if figures else []),
        _spaced(note, _link(digest, digest.opens, "slack")),
    ]
    lines = [
        f"\u2022 {_line(digest, line, 'slack')}"
        for section in digest.news[:1]
        for line in section.lines
    ]
    for kept in range(len(lines), -1, -1):
        left = len(lines) - kept
        more = [f"\u2022 and {formats.count(left)} more"] if left else []
        text = "\n".join([*head, *lines[:kept], *more, *foot]) + "\n"
        if len(text) <= _LONGEST_SLACK:
            break
    return text


def _spaced(*parts: str) -> str:
    return " ".join(filter(None, parts))


def _line(digest: Digest, line: Line, markup: str = "markdown") -> str:
    bold = "*" if markup == "slack" else "**"
    return _spaced(
        _name(line.name) if line.name else "",
        f"{bold}{inert(line.strong)}{bold}" if line.strong else "",
        inert(line.text),
        _link(digest, line.link, markup),
    )


def _link(digest: Digest, link: Link | None, markup: str = "markdown") -> str:
    """Returns the link; "" if there is none, or if the address of the dashboard is not known."""
    if link is None or digest.address is None:
        return ""
    target = f"{digest.address.rstrip('/')}/{link.path}"
    if markup == "slack":
        return f"<{target.replace('&', '&amp;')}|{link.words}>"
    return f"[{link.words}]({target})"


def _name(text: str) -> str:
    """Returns a user's text as code, in which Slack and GitHub read no markup, links or emoji."""
    safe = formats.label(text, 80).translate(_IN_CODE).replace("://", f":{_JOINER}//")
    return f"`{safe}`" if safe.strip() else "`(no name)`"


def inert(text: str) -> str:
    """Returns text without anything that GitHub or Slack reads as markup, a link or a mention."""
    return text.translate(_ALIKE).replace("://", f":{_JOINER}//")
