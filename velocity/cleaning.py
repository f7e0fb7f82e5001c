"""Makes untrusted text safe to store, and to show in a terminal or a log."""

from __future__ import annotations

import re

#: Replaces each character that acts instead of being shown.
MARK = "\ufffd"
#: Characters that act, as a class that both `re` and polars understand: control characters, line
#: separators, marks that change the direction of text, zero-width characters, and tags. It does not
#: contain the joiners that scripts and emoji need, or the characters of `LAYOUT`.
ACTING = (
    r"\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f"
    r"\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    r"\U000e0000-\U000e007f"
)
#: Line breaks and tabs, which only multi-line text may have.
LAYOUT = r"\t\n\r"
_HALVES = r"\ud800-\udfff"  # half of a character; polars cannot hold these

_ACTS = re.compile(f"[{ACTING}{_HALVES}]")
_ACTS_ON_A_LINE = re.compile(f"[{LAYOUT}{ACTING}{_HALVES}]")
_ACTS_ON_A_TERMINAL = re.compile(rf"[\r{ACTING}{_HALVES}]")


def cleaned(text: str, longest: int, *, lines: bool = False) -> str:
    """The text with a mark for each character that acts, cut to `longest` characters.

    Nothing is removed without a mark, so that a name never turns into another name.

    Args:
        text: untrusted text.
        longest: characters to keep; a longer text ends in "…".
        lines: whether it may have line breaks and tabs.
    """
    # Only the part that is kept is examined, no matter how long the text is.
    kept = (_ACTS if lines else _ACTS_ON_A_LINE).sub(MARK, text[:longest])
    return kept if len(text) <= longest else f"{kept[: longest - 1]}…"


def escaped(text: str) -> str:
    """The text on one line, with the code of each character that acts."""
    return _ACTS_ON_A_LINE.sub(_code, text)


def for_terminal(text: str) -> str:
    """The text with its line breaks, and with the code of each character that acts."""
    return _ACTS_ON_A_TERMINAL.sub(_code, text)


def json_escaped(text: str) -> str:
    """Equivalent JSON text in which every character that acts is escaped."""
    return _ACTS.sub(lambda it: _utf16_codes(it[0]), text)


def _code(found: re.Match[str]) -> str:
    return ascii(found[0])[1:-1]


def _utf16_codes(character: str) -> str:
    units = character.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2))
