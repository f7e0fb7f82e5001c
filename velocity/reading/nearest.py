"""What someone may have meant by a name that is not known."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from velocity.formats import label

if TYPE_CHECKING:
    from collections.abc import Iterable


def did_you_mean(asked: str, known: Iterable[str], *, otherwise: str) -> str:
    """The known names nearest to the one asked for, as a question; `otherwise` where none is."""
    near = difflib.get_close_matches(asked, list(known))
    return f"Did you mean {' or '.join(map(label, near))}?" if near else otherwise
