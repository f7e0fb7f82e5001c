"""The forms of a text: Slack's markup, Markdown and plain. Names act as markup in none of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from velocity import formats
from velocity.errors import VelocityError

if TYPE_CHECKING:
    from collections.abc import Callable

    from velocity.delivery import Form

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


def inert(text: str) -> str:
    """Returns text without anything that GitHub or Slack reads as markup, a link or a mention."""
    return text.translate(_ALIKE).replace("://", f":{_JOINER}//")


def named(text: str, form: Form) -> str:
    """Returns a user's text as code, in which Slack and GitHub read no markup, links or emoji."""
    code, label = MARKS[form].code, formats.label(text, 80)
    safe = label.translate(_IN_CODE).replace("://", f":{_JOINER}//") if code else inert(label)
    return f"{code}{safe}{code}" if safe.strip() else f"{code}(no name){code}"


def link(words: str, target: str, form: Form) -> str:
    """Returns a link with its words, which are inert."""
    if form == "slack":
        return f"<{target.replace('&', '&amp;')}|{words}>"
    return f"[{words}]({target})" if form == "markdown" else f"{words}: {target}"


def fitted(write: Callable[[int], str], lines: int, longest: int) -> str:
    """Returns the text with as many of its lines as fit.

    Args:
        write: returns the text with a number of lines.
        lines: how many there are.
        longest: maximum number of characters.

    Raises:
        VelocityError: it does not fit without any line either.
    """
    for kept in range(lines, -1, -1):
        text = write(kept)
        if len(text) <= longest:
            return text
    raise VelocityError(
        f"The text does not fit into a message of {formats.count(longest)} characters.",
        "Send it by mail, or to a service that takes longer messages.",
    )
