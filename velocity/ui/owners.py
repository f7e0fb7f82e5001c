"""Whose downloaded files are: Streamlit serves a file to whoever has its address."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from velocity.ui.sign_in import Admission, SignIn

#: A file that falls out is made again by the next click.
_MOST_FILES = 1000
_made: OrderedDict[bytes, set[Admission]] = OrderedDict()
_lock = Lock()


def made_for(admitted: Admission, content: bytes) -> None:
    """Writes down that a file with that content was made for somebody."""
    key = hashlib.sha256(content).digest()
    with _lock:
        _made.setdefault(key, set()).add(admitted)
        _made.move_to_end(key)
        while len(_made) > _MOST_FILES:
            _made.popitem(last=False)


def may_have(sign_in: SignIn | None, content: bytes) -> bool:
    """Whether a file with that content was made for whoever signed in so, and they may see it."""
    if sign_in is None:
        return False
    with _lock:
        admissions = tuple(_made.get(hashlib.sha256(content).digest(), ()))
    return any(
        it.viewer.email == sign_in.email and it.renewed(sign_in).holds() for it in admissions
    )
