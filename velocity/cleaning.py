"""Makes text of strangers safe: as it is stored, and as a terminal or a log shows it."""

from __future__ import annotations

import re

#: Stands where something was that acts instead of standing for itself.
MARK = "\ufffd"
#: What acts, as a class of characters that `re` and polars both read: control characters, line
#: separators, marks that turn text around, characters without width, and tags. Not in it are the
#: joiners that scripts and emoji need, and the characters of `LAYOUT`.
ACTING = (
    r"\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f"
    r"\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    r"\U000e0000-\U000e007f"
)
#: Lines and tabs, which only text of several lines may have.
LAYOUT = r"\t\n\r"
_HALVES = r"\ud800-\udfff"  # of a character; polars holds none

_ACTS = re.compile(f"[{ACTING}{_HALVES}]")
_ACTS_ON_A_LINE = re.compile(f"[{LAYOUT}{ACTING}{_HALVES}]")
_ACTS_ON_A_TERMINAL = re.compile(rf"[\r{ACTING}{_HALVES}]")


def cleaned(text: str, longest: int, *, lines: bool = False) -> str:
    """The text with a mark for each character that acts, cut to `longest` characters.

    Nothing is taken out without a trace, so that a name never becomes the name of another.

    Args:
        text: of a stranger.
        longest: characters to keep; a text that is longer ends in "…".
        lines: whether it may have lines and tabs.
    """
    # No more than is kept is looked at, however much there is.
    kept = (_ACTS if lines else _ACTS_ON_A_LINE).sub(MARK, text[:longest])
    return kept if len(text) <= longest else f"{kept[: longest - 1]}…"


def escaped(text: str) -> str:
    """The text on one line, with the code of each character that acts."""
    return _ACTS_ON_A_LINE.sub(_code, text)


def for_terminal(text: str) -> str:
    """The text in its lines, with the code of each character that acts."""
    return _ACTS_ON_A_TERMINAL.sub(_code, text)


def json_escaped(text: str) -> str:
    """JSON text that means the same, without a character that acts outside of an escape."""
    return _ACTS.sub(lambda it: _utf16_codes(it[0]), text)


def _code(found: re.Match[str]) -> str:
    return ascii(found[0])[1:-1]


def _utf16_codes(character: str) -> str:
    units = character.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2))
