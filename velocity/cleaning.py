"""Makes untrusted text safe to store and to show, and removes secrets from log text."""

import re
import traceback
from types import TracebackType

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

_EMAIL = re.compile(r"[^\s@<>\"']+@[^\s@<>\"']+")
_QUERY = re.compile(r"\?\S+")
_KEY = re.compile(r"\w{40,}")  # W&B's keys have 40 characters and more


def cleaned(text: str, longest: int) -> str:
    """The text on one line, with a mark for each character that acts, cut to `longest` with a "…".

    Nothing is removed without a mark, so that a name never turns into another name.
    """
    # Only the part that is kept is examined, no matter how long the text is.
    kept = _ACTS_ON_A_LINE.sub(MARK, text[:longest])
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


def without_addresses(text: str) -> str:
    """`text` without e-mail addresses."""
    return _EMAIL.sub("(address)", text)


def redacted(text: str) -> str:
    """`text` without e-mail addresses, query strings and possible keys."""
    return _KEY.sub("(key)", _QUERY.sub("?...", without_addresses(text)))


def where(kind: type[BaseException], trace: TracebackType | None) -> str:
    """Where an exception came from, without its message, which may quote a run or a person."""
    lines = [
        f"  {frame.filename}:{frame.lineno} in {frame.name}"
        for frame in traceback.extract_tb(trace)
    ]
    return "\n".join([*lines, kind.__qualname__])


def _code(found: re.Match[str]) -> str:
    return ascii(found[0])[1:-1]


def _utf16_codes(character: str) -> str:
    units = character.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2))
