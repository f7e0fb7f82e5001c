"""Files to download, made when they are asked for and served only to the viewer they are for."""

import hashlib
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace
from threading import Lock

import streamlit as st

from velocity.errors import VelocityError
from velocity.ui.sign_in import Admission, SignIn, admission

#: A file that falls out is made again by the next click.
_MOST_FILES = 1000
_made: OrderedDict[bytes, set[Admission]] = OrderedDict()
_lock = Lock()


def may_have(sign_in: SignIn | None, content: bytes) -> bool:
    """Whether a file with that content was made for this sign-in's person, who may still see it.

    Streamlit serves a file to anyone who has its address.
    """
    if sign_in is None:
        return False
    with _lock:
        admissions = tuple(_made.get(hashlib.sha256(content).digest(), ()))
    own = [replace(it, sign_in=sign_in) for it in admissions if it.viewer.email == sign_in.email]
    return any(it.holds() for it in own)


def download_button(
    label: str, file_name: str, mime: str, make: Callable[[], bytes], *, key: str
) -> None:
    """A button that downloads a file; `make` gives its content once it is clicked."""
    admitted = admission()

    def content() -> bytes:
        # A click runs no script.
        if not admitted.holds():
            raise VelocityError("This sign-in has ended.", "Sign in again.")
        made = make()
        digest = hashlib.sha256(made).digest()
        with _lock:
            _made.setdefault(digest, set()).add(admitted)
            _made.move_to_end(digest)
            while len(_made) > _MOST_FILES:
                _made.popitem(last=False)
        return made

    st.download_button(
        label, data=content, file_name=file_name, mime=mime, key=key, on_click="ignore"
    )
