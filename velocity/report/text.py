"""The digest as Markdown for GitHub, and in Slack's own markup for a webhook."""

from __future__ import annotations

from typing import TYPE_CHECKING

from velocity import formats
from velocity.report.parts import Line, Section

if TYPE_CHECKING:
    from velocity.report.parts import Digest

#: Slack decodes only its own escapes, and GitHub shows these escapes in code. So characters that
#: either of them reads as markup are replaced by similar ones.
_ALIKE = str.maketrans(
    "<>&`*_~[]!|\\#$@",
    "\u2039\u203a\uff06\u2019\u2217\uff3f\u223c\uff3b\uff3d\uff01\u00a6\u2216\uff03\uff04\uff20",
)
_IN_CODE = str.maketrans("<>&`", "\u2039\u203a\uff06\u2019")
_JOINER = "\u2060"


def as_markdown(digest: Digest) -> str:
    """Returns the digest as Markdown: bold labels and lists, no tables."""
    return _written(digest, "**")


def as_slack(digest: Digest) -> str:
    """Returns the digest in Slack's markup, where one asterisk makes bold."""
    return _written(digest, "*")


def _written(digest: Digest, bold: str) -> str:
    title = f"Stand-up digest {digest.week}"
    blocks = [
        f"{bold}{title}{bold}: {_name(digest.about)}, {digest.days}",
        inert(f"{digest.headline} {digest.support}".strip()),
    ]
    figures = Section(
        "The week in figures",
        tuple(
            Line("; ".join(it.notes), strong=f"{it.label}: {it.value}.") for it in digest.figures
        ),
    )
    for section in (*digest.news, *([figures] if figures.lines else []), *digest.footing):
        lines = "\n".join(f"- {_line(line, bold)}" for line in section.lines)
        blocks.append(f"{bold}{section.title}{bold}\n\n{lines}")
    blocks.append(f"As of {digest.as_of}.")
    return "\n\n".join(blocks) + "\n"


def _line(line: Line, bold: str) -> str:
    parts = (
        _name(line.name) if line.name else "",
        f"{bold}{inert(line.strong)}{bold}" if line.strong else "",
        inert(line.text),
    )
    return " ".join(part for part in parts if part)


def _name(text: str) -> str:
    """Returns a user's text as code, in which Slack and GitHub read no markup, links or emoji."""
    safe = formats.label(text, 80).translate(_IN_CODE).replace("://", f":{_JOINER}//")
    return f"`{safe}`" if safe.strip() else "`(no name)`"


def inert(text: str) -> str:
    """Returns text without anything that GitHub or Slack reads as markup, a link or a mention."""
    return text.translate(_ALIKE).replace("://", f":{_JOINER}//")
