"""Text as part of a sentence: on one line, inert, with names to suggest."""

import difflib
import re
import string
import unicodedata
from collections.abc import Iterable

NBSP = "\u00a0"
MINUS = "\u2212"
NOT_KNOWN = "not known"
#: Has no width and does not break a line.
_JOINER = "\u2060"
_WWW = re.compile(r"www(?=\.)", re.IGNORECASE)
#: Characters that reorder the text around them.
_BIDI = frozenset("\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def plain(text: str) -> str:
    """The text with ordinary spaces, for a terminal or a log."""
    return text.replace(NBSP, " ")


def mid_sentence(text: str) -> str:
    """The text inside a sentence: "busy hours", but "GPU-hours"."""
    first_word = text.split(maxsplit=1)[0] if text.strip() else ""
    return text if re.search(r"[A-Z&]", first_word[1:]) else text[:1].lower() + text[1:]


def capitalised(text: str) -> str:
    """`text` with a capital first letter."""
    return text[:1].upper() + text[1:]


def possessive(name: str) -> str:
    """Returns "Basalt's", or "Ibis'" after an s."""
    return f"{name}'" if name.endswith("s") else f"{name}'s"


def label(text: str | None, limit: int = 40) -> str:
    """Text on one line of at most `limit` characters, without control characters."""
    if text is None:
        return NOT_KNOWN
    kept = (
        " " if unicodedata.category(character) in {"Cc", "Zl", "Zp"} else character
        for character in text
        if character not in _BIDI
    )
    line = " ".join("".join(kept).split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def markdown(text: str) -> str:
    """Escape text for Markdown: no links, images, colours or formulas."""
    # Escaped addresses still become links, unless a joiner is inside them.
    text = text.replace("://", f":{_JOINER}//").replace("@", f"{_JOINER}@")
    text = _WWW.sub(rf"\g<0>{_JOINER}", text)
    return "".join(f"\\{part}" if part in string.punctuation else part for part in text)


def did_you_mean(asked: str, known: Iterable[str], *, otherwise: str = "") -> str:
    """A question that offers the nearest known names; `otherwise` if none is near."""
    near = difflib.get_close_matches(asked, list(known))
    return f"Did you mean {' or '.join(map(label, near))}?" if near else otherwise
