"""E-mail addresses, by which people sign in and stand in the roster."""

from __future__ import annotations

import re

_ADDRESS = re.compile(r"[!-?A-~]+@[!-?A-~]+")  # printable ASCII around one "@"


def folded_address(text: str) -> str | None:
    """The address in small letters; None for what is no address in ASCII.

    Beyond ASCII, letters that look or fold alike belong to different addresses: the Kelvin sign
    becomes "k" in small letters.
    """
    return text.lower() if _ADDRESS.fullmatch(text) else None
