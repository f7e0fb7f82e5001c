"""Sentences as plain text with bold parts and links, for formats that are not Markdown."""

from __future__ import annotations

import re
from typing import NamedTuple

#: An escaped character, the code or bold around words, and the beginning and end of a link. Names
#: are escaped, so an unescaped sign is always one of the sentence's own.
_SIGN = re.compile(
    r"\\(?P<escaped>[!-/:-@\[-`{-~])|`(?P<code>[^`]*)`|(?P<bold>\*\*)|(?P<link>\[)"
    r"|\]\((?P<url>[^()\s]*)\)"
)
_WEB = re.compile(r"https?://")


class Span(NamedTuple):
    """A part of a sentence.

    Args:
        text: plain.
        strong: whether it is bold.
        url: a web address that it leads to; "" without one.
    """

    text: str
    strong: bool = False
    url: str = ""


def spans_of(markdown: str) -> tuple[Span, ...]:
    """Returns the parts of a sentence of `velocity.sentences`, in order."""
    found: list[Span] = []
    strong, text, at = False, "", 0
    for sign in _SIGN.finditer(markdown):
        text += markdown[at : sign.start()]
        at = sign.end()
        if sign["escaped"] or sign["code"]:
            text += sign["escaped"] or sign["code"]
            continue
        url = sign["url"] or ""
        found.append(Span(text, strong, url if _WEB.match(url) else ""))
        text, strong = "", strong != bool(sign["bold"])
    found.append(Span(text + markdown[at:], strong))
    return tuple(it for it in found if it.text)
