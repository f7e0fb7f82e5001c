"""Makes text of strangers safe: as it is stored, and as a terminal or a log shows it."""

from __future__ import annotations

import re

#: Lines and tabs, which some text may have.
_LAYOUT = "\t\n\r"
#: What does something instead of standing for itself: control characters, separators of lines,
#: marks that turn text around, characters without width, half characters and tags.
_ACTING = (
    r"\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f"
    r"\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    r"\ud800-\udfff\U000e0000-\U000e0fff"
)
_ON_A_LINE = re.compile(f"[{_LAYOUT}{_ACTING}]")


def escaped(text: str) -> str:
    """The text on one line, with what would act on a terminal or a log written as its code."""
    return _ON_A_LINE.sub(lambda found: ascii(found[0])[1:-1], text)
