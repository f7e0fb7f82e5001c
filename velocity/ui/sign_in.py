"""Who is looking: the sign-in, its age, its end, and what is said to those not let in."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

import streamlit as st

from velocity import formats, state
from velocity.errors import ConfigurationError, VelocityError
from velocity.network import host_name, is_forwarded, is_loopback
from velocity.paths import SERVED_MODE, data_folder
from velocity.reading.access import ANYBODY, Viewer, current_roster, viewer_of
from velocity.roster.models import folded_address
from velocity.ui.places import settings_now

if TYPE_CHECKING:
    from collections.abc import Mapping

    from velocity.settings import Settings

#: An identity provider's clock may be a little ahead of ours.
_CLOCKS_DIFFER = timedelta(minutes=5)
_AGAIN = "Sign in again to go on where you were."


@dataclass(frozen=True)
class SignIn:
    """A sign-in, as the identity provider vouched for it.

    Args:
        email: address, in small letters; None where the provider has not verified one in ASCII.
        issued_at: when, by the provider's clock.
    """

    email: str | None
    issued_at: datetime


@dataclass(frozen=True)
class Admission:
    """Somebody let in, and by which sign-in: what was sent to them may have to stop at any time.

    Args:
        viewer: as whom, when the page was last drawn.
        sign_in: by which sign-in; None where there is none.
    """

    viewer: Viewer
    sign_in: SignIn | None

    def renewed(self, sign_in: SignIn) -> Admission:
        """The same, by another sign-in of the same person."""
        return replace(self, sign_in=sign_in)

    def holds(self) -> bool:
        """Whether the same viewer would be let in now, to see the same. Needs no script run."""
        try:
            return viewer_now(self.sign_in) == self.viewer
        except (NotAdmitted, VelocityError):
            return False


class NotAdmitted(Exception):  # noqa: N818 - not an error: somebody who sees no data
    """Nobody is let in, and why.

    Args:
        title: one sentence.
        words: what to do about it.
        way: whether to sign in or out is of any help.
    """

    def __init__(self, title: str, words: str, *, way: Literal["in", "out"] | None = None) -> None:
        super().__init__(title)
        self.title = title
        self.words = words
        self.way = way


def admit() -> Admission:
    """Who looks in this rerun, looked up anew each time; `admission` gives it from then on.

    Raises:
        NotAdmitted: no sign-in, one that ended, one that the roster does not know, or another
            access mode than the server started with.
        VelocityError: the settings cannot be used.
    """
    st.session_state.pop("admission", None)
    sign_in = None
    settings = _settings()
    _check_mode(settings)
    if settings.access.mode == "open":
        _check_loopback()
    else:
        sign_in = sign_in_now()
    admitted = Admission(viewer_now(sign_in), sign_in)
    st.session_state["admission"] = admitted
    return admitted


def admission() -> Admission:
    """Who the page was drawn for; where nobody was let in, one that holds only without sign-in."""
    found: Admission = st.session_state.get("admission", Admission(ANYBODY, None))
    return found


def viewer_now(sign_in: SignIn | None) -> Viewer:
    """Whom a sign-in stands for at this moment; no script need be running.

    Raises:
        NotAdmitted: as for `admit`.
        VelocityError: as for `admit`.
    """
    settings = settings_now()
    _check_mode(settings)
    if settings.access.mode == "open":
        return ANYBODY
    if sign_in is None:
        raise NotAdmitted(
            f"Sign in to {settings.programme.name}.",
            "Your address must be in the programme's roster.",
            way="in",
        )
    if sign_in.email is None:
        raise NotAdmitted(
            "Your e-mail address is not verified.",
            "The identity provider does not vouch for it, so nothing is shown. Verify the address "
            "there, and sign in again. An address with other letters than ASCII cannot be used.",
            way="out",
        )
    age = datetime.now(UTC) - sign_in.issued_at
    if not -_CLOCKS_DIFFER <= age < timedelta(hours=settings.access.session_hours):
        raise NotAdmitted("Your sign-in has ended.", _AGAIN, way="in")
    if state.is_signed_out(data_folder(), sign_in.email, sign_in.issued_at):
        raise NotAdmitted("You have signed out.", _AGAIN, way="in")
    try:
        roster = current_roster(settings)
    except ConfigurationError as error:
        # What is wrong in it names people: that is for who runs the app.
        raise NotAdmitted(
            "The roster cannot be read, so nothing is shown.",
            "Whoever runs this dashboard can see why with “velocity roster check”.",
            way="out",
        ) from error
    viewer = roster and viewer_of(
        roster,
        sign_in.email,
        leads_see_individuals=settings.access.leads_see_individuals,
    )
    if not viewer:
        raise NotAdmitted(
            "There is nothing here for this address.",
            f"{sign_in.email} is not in the programme's roster, or may no longer sign in. If that "
            "is a mistake, ask the programme lead to add it.",
            way="out",
        )
    return viewer


def sign_in_now() -> SignIn | None:
    """The sign-in of this session; None where there is none.

    Raises:
        ConfigurationError: no identity provider is configured.
    """
    if "is_logged_in" not in st.user:
        raise ConfigurationError(
            "Sign-in is required, but no identity provider is configured.",
            "docs/sign-in.md says what the secrets file must hold.",
        )
    return sign_in_of(st.user.to_dict()) if st.user.is_logged_in else None


def sign_in_of(claims: Mapping[str, Any]) -> SignIn | None:
    """The sign-in that an ID token's claims stand for; None where they have no time of issue."""
    issued = claims.get("iat")
    if not isinstance(issued, int | float):
        return None
    email = claims.get("email")
    # Some providers write the claim as a text.
    verified = claims.get("email_verified") in (True, "true") and isinstance(email, str)
    address = folded_address(str(email)) if verified else None
    return SignIn(address, datetime.fromtimestamp(issued, UTC))


def show_not_admitted(why: NotAdmitted) -> None:
    """A page without data: why, and the way in or out."""
    st.title(formats.markdown(why.title), anchor=False)
    st.text(why.words)
    if why.way == "in":
        st.button("Sign in", on_click=st.login, type="primary", key="sign-in")
    elif why.way == "out":
        st.button("Sign out", on_click=end_sign_in, key="sign-out")


def show_development() -> None:
    """Says on the page that nothing guards it, where plain `streamlit run` serves it."""
    if SERVED_MODE not in os.environ:
        st.info(
            "Development server: this page has no token, origin check or security headers. Use "
            "velocity app to serve data of real people."
        )


def show_who(viewer: Viewer) -> None:
    """Who is signed in, and the way out; nothing where there is no sign-in."""
    if viewer.email is None:
        return
    with st.container(horizontal=True, horizontal_alignment="right", vertical_alignment="center"):
        roles = ", ".join(role for role in ("lead", "mentor", "scholar") if role in viewer.roles)
        st.text(f"{viewer.email} · {roles}", width="content")
        st.button("Sign out", on_click=end_sign_in, type="tertiary", key="sign-out")


def end_sign_in() -> None:
    """Ends this sign-in, here and on the server, so that other tabs stop too."""
    sign_in = sign_in_now()
    if sign_in is not None and sign_in.email is not None:
        state.sign_out(data_folder(), sign_in.email, sign_in.issued_at)
    st.logout()


def _settings() -> Settings:
    """The settings.

    Raises:
        ConfigurationError: they cannot be used.
        NotAdmitted: likewise. What is wrong quotes the file: it is for whoever is at this machine.
    """
    try:
        return settings_now()
    except ConfigurationError as error:
        signed_in = os.environ.get(SERVED_MODE) == "oidc"
        if not signed_in and _from_elsewhere() is None:
            raise
        raise NotAdmitted(
            "The settings cannot be read, so nothing is shown.",
            "Whoever runs this dashboard can see why with “velocity doctor”.",
        ) from error


def _check_mode(settings: Settings) -> None:
    """Makes sure that the server's checks fit the settings: it made them for the mode of its start.

    Raises:
        NotAdmitted: `access.mode` changed meanwhile.
    """
    if os.environ.get(SERVED_MODE, settings.access.mode) != settings.access.mode:
        raise NotAdmitted(
            "The settings now ask for another way in, so nothing is shown.",
            "access.mode has changed. Restart velocity app to use the new value.",
        )


def _check_loopback() -> None:
    """Lets in only whoever is at this machine.

    Raises:
        NotAdmitted: the pages could be reached from elsewhere.
    """
    if reason := _from_elsewhere():
        raise NotAdmitted(
            "Without sign-in, pages are shown on this machine only.",
            f"{reason} Serve them on 127.0.0.1, or set up sign-in: docs/sign-in.md says how.",
        )


def _from_elsewhere() -> str | None:
    """Why somebody elsewhere may be looking; None where only this machine can."""
    served_on = st.get_option("server.address")
    headers = st.context.headers
    if not is_loopback(served_on):
        return f"They are served on {served_on or 'every address of this machine'}."
    if is_forwarded(headers):
        return "They came through a proxy, which others may reach."
    if not is_loopback(host_name(headers.get("Host", "localhost"))):
        return "They were asked for under a name that is not this machine's own."
    return None
