"""The digest as Markdown for GitHub, as a message in any form, and as CSV.

The forms are Slack's markup, Markdown and plain. Names act as markup in none of them.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from velocity import formats
from velocity.delivery import Form
from velocity.errors import VelocityError
from velocity.reading.downloads import csv_bytes
from velocity.report.parts import Digest, Line, Link, Section

#: Slack decodes only its own escapes, and GitHub shows these escapes in code. So characters that
#: either of them reads as markup are replaced by similar ones.
_ALIKE = str.maketrans(
    "<>&`*_~[]!|\\#$@",
    "\u2039\u203a\uff06\u2019\u2217\uff3f\u223c\uff3b\uff3d\uff01\u00a6\u2216\uff03\uff04\uff20",
)
_IN_CODE = str.maketrans("<>&`", "\u2039\u203a\uff06\u2019")
_JOINER = "\u2060"
#: Characters of a message; Slack folds longer ones.
LONGEST = 1_999


class Marks(NamedTuple):
    """What a form writes around and between parts of a text."""

    bold: str
    slanted: str
    code: str
    item: str
    gap: str  # between paragraphs that belong together


MARKS: dict[Form, Marks] = {
    "slack": Marks("*", "_", "`", "\u2022 ", "\n"),
    "markdown": Marks("**", "_", "`", "- ", "\n\n"),
    # Services that Apprise calls plain may read markup all the same: names stay inert.
    "text": Marks("", "", "", "- ", "\n"),
}


def as_csv(digest: Digest) -> str:
    """Returns the week by stream or group as CSV; streams add up to the programme."""
    return csv_bytes(digest.rows).decode()


def as_markdown(digest: Digest) -> str:
    """Returns the digest as Markdown: bold labels, lists and links, no tables."""
    title = f"{digest.title} {digest.week}"
    blocks = [
        f"**{title}**: {_named(digest.about, 'markdown')}, {digest.days} (as of {digest.as_of})",
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
    blocks.append(_link(digest, digest.opens, "markdown"))
    return "\n\n".join(filter(None, blocks)) + "\n"


def as_message(digest: Digest, form: Form = "slack", longest: int = LONGEST) -> str:
    """Returns the headline and the first section, in at most so many characters.

    Lines that do not fit are left out from the end, and their number is given.

    Raises:
        VelocityError: it does not fit without any line either.
    """
    bold, slanted, _, item, gap = MARKS[form]
    about = "" if digest.about == "Programme" else f" {_named(digest.about, form)}"
    title = f"{digest.title} {digest.week}:{about} {digest.days}"
    head = (
        f"{bold}{title}{bold} (as of {inert(digest.as_of)})",
        f"{bold}{inert(digest.headline)}{bold}",
        inert(digest.support),
    )
    figures = " \u00b7 ".join(
        f"{inert(it.label)} {inert(it.value)}" + (f" ({inert(it.notes[0])})" if it.notes else "")
        for it in digest.figures
    )
    note = "Counts tracked runs only. Compares weeks of a stream with its own, never people."
    foot = figures, _spaced(f"{slanted}{note}{slanted}", _link(digest, digest.opens, form))
    lines = [
        f"{item}{_line(digest, line, form)}"
        for section in digest.news[:1]
        for line in section.lines
    ]

    def write(told: str) -> str:
        blocks = gap.join(filter(None, head)), told, gap.join(filter(None, foot))
        return "\n\n".join(filter(None, blocks)) + "\n"

    return fitted(write, lines, item, min(longest, LONGEST))


def inert(text: str) -> str:
    """Returns text without anything that GitHub or Slack reads as markup, a link or a mention."""
    return text.translate(_ALIKE).replace("://", f":{_JOINER}//")


def link(words: str, target: str, form: Form) -> str:
    """Returns a link with its words, which are inert."""
    if form == "slack":
        return f"<{target.replace('&', '&amp;')}|{words}>"
    return f"[{words}]({target})" if form == "markdown" else f"{words}: {target}"


def fitted(write: Callable[[str], str], lines: Sequence[str], item: str, longest: int) -> str:
    """Returns the text with as many of its lines as fit in `longest` characters.

    `write` returns the text around some lines, and `item` is how a line begins that says how many
    are left out.

    Raises:
        VelocityError: it does not fit without any line either.
    """
    for left in range(len(lines) + 1):
        more = [f"{item}and {formats.count(left)} more"] if left else []
        text = write("\n".join([*lines[: len(lines) - left], *more]))
        if len(text) <= longest:
            return text
    raise VelocityError(
        f"The text does not fit into a message of {formats.count(longest)} characters.",
        "Send it by mail, or to a service that takes longer messages.",
    )


def _named(text: str, form: Form) -> str:
    """A user's text as code, in which Slack and GitHub read no markup, links or emoji."""
    code, label = MARKS[form].code, formats.label(text, 80)
    safe = label.translate(_IN_CODE).replace("://", f":{_JOINER}//") if code else inert(label)
    return f"{code}{safe}{code}" if safe.strip() else f"{code}(no name){code}"


def _spaced(*parts: str) -> str:
    return " ".join(filter(None, parts))


def _line(digest: Digest, line: Line, form: Form) -> str:
    bold = MARKS[form].bold
    return _spaced(
        _named(line.name, form) if line.name else "",
        f"{bold}{inert(line.strong)}{bold}" if line.strong else "",
        inert(line.text),
        _link(digest, line.link, form),
    )


def _link(digest: Digest, found: Link | None, form: Form) -> str:
    """The link; "" if there is none, or if the address of the dashboard is not known."""
    if found is None or digest.address is None:
        return ""
    return link(found.words, f"{digest.address.rstrip('/')}/{found.path}", form)
