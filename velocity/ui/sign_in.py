"""The viewer: the sign-in, its age and end, and the page for people who may not see anything."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, get_args

import streamlit as st

from velocity import formats, state
from velocity.errors import ConfigurationError, VelocityError
from velocity.network import host_name, is_forwarded, is_loopback
from velocity.paths import SERVED_MODE, config_file, data_folder
from velocity.reading.access import ANYBODY, Role, Viewer, current_roster, viewer_of
from velocity.roster.fields import folded_address
from velocity.settings import Settings, load_settings
from velocity.toml import until_changed

#: An identity provider's clock may be a little ahead of ours.
_CLOCKS_DIFFER = timedelta(minutes=5)
_AGAIN = "Sign in again to continue where you left off."


_latest_settings = until_changed(load_settings)


def settings_now() -> Settings:
    """The settings as their file is now; a ConfigurationError if they are wrong."""
    return _latest_settings(config_file())


@dataclass(frozen=True)
class SignIn:
    """A sign-in that the identity provider has verified."""

    email: str | None  # lower case; None if the provider has not verified it, or it is not ASCII
    issued_at: datetime  # when, by the provider's clock


@dataclass(frozen=True)
class Admission:
    """An admitted viewer and the sign-in; the right to see data may end at any time."""

    viewer: Viewer  # from when the page was last drawn
    sign_in: SignIn | None  # None without sign-in

    def holds(self) -> bool:
        """Whether the viewer would still see the same. Works without a script run."""
        try:
            return viewer_now(self.sign_in) == self.viewer
        except (NotAdmitted, VelocityError):
            return False


class NotAdmitted(Exception):  # noqa: N818 - not an error: a visitor who sees no data
    """The visitor may not see anything: why, what to do, and whether signing in or out helps."""

    def __init__(self, title: str, words: str, *, way: Literal["in", "out"] | None = None) -> None:
        super().__init__(title)
        self.title, self.words, self.way = title, words, way


def admit() -> Admission:
    """The viewer of this rerun, looked up each time; `admission` gives it from then on.

    Raises:
        NotAdmitted: there is no sign-in, it ended, the roster does not know it, or the access mode
            has changed since the server started.
        VelocityError: the settings cannot be used.
    """
    st.session_state.pop("admission", None)
    elsewhere = _from_elsewhere()
    try:
        settings = settings_now()
    except ConfigurationError as error:
        # The error quotes the file: it is for the person who runs the app.
        if os.environ.get(SERVED_MODE) != "oidc" and elsewhere is None:
            raise
        raise NotAdmitted(
            "The settings cannot be read, so nothing is shown.",
            "The person who runs this dashboard can see why with “velocity doctor”.",
        ) from error
    _check_mode(settings)
    sign_in = None
    if settings.access.mode != "open":
        sign_in = sign_in_now()
    elif elsewhere is not None:
        raise NotAdmitted(
            "Without sign-in, pages are shown on this machine only.",
            f"{elsewhere} Serve them on 127.0.0.1, or set up sign-in: docs/sign-in.md says how.",
        )
    admitted = Admission(viewer_now(sign_in), sign_in)
    st.session_state["admission"] = admitted
    return admitted


def admission() -> Admission:
    """The admission that the page was drawn for; if none, one without sign-in."""
    found: Admission = st.session_state.get("admission", Admission(ANYBODY, None))
    return found


def viewer_now(sign_in: SignIn | None) -> Viewer:
    """The viewer of a sign-in at this moment. Works without a script run.

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
            "Verify it with the identity provider, then sign in again. Addresses with "
            "non-ASCII letters cannot be used.",
            way="out",
        )
    age = datetime.now(UTC) - sign_in.issued_at
    if not -_CLOCKS_DIFFER <= age < timedelta(hours=settings.access.session_hours):
        raise NotAdmitted("Your sign-in has ended.", _AGAIN, way="in")
    if state.is_signed_out(settings.state_of(data_folder()), sign_in.email, sign_in.issued_at):
        raise NotAdmitted("You have signed out.", _AGAIN, way="in")
    try:
        roster = current_roster(settings)
    except ConfigurationError as error:
        # The error names people: it is for the person who runs the app.
        raise NotAdmitted(
            "The roster cannot be read, so nothing is shown.",
            "The person who runs this dashboard can see why with “velocity roster check”.",
            way="out",
        ) from error
    leads = settings.access.leads_see_individuals
    viewer = roster and viewer_of(roster, sign_in.email, leads_see_individuals=leads)
    if not viewer:
        raise NotAdmitted(
            "You don't have access.",
            f"{sign_in.email} is not in the programme's roster, or may no longer sign in. If that "
            "is a mistake, ask the programme lead to add it.",
            way="out",
        )
    return viewer


def sign_in_now() -> SignIn | None:
    """The sign-in of this session; None without one.

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
    """The sign-in of an ID token's claims; None if they have no time of issue."""
    issued, email = claims.get("iat"), claims.get("email")
    if not isinstance(issued, int | float):
        return None
    # Some providers write the claim as text.
    verified = claims.get("email_verified") in (True, "true") and isinstance(email, str)
    address = folded_address(str(email)) if verified else None
    return SignIn(address, datetime.fromtimestamp(issued, UTC))


def show_not_admitted(why: NotAdmitted) -> None:
    """A page without data: the reason, and how to sign in or out."""
    st.title(formats.markdown(why.title), anchor=False)
    st.text(why.words)
    if why.way == "in":
        st.button("Sign in", on_click=st.login, type="primary", key="sign-in")
    elif why.way == "out":
        st.button("Sign out", on_click=end_sign_in, key="sign-out")


def show_development() -> None:
    """Warns on the page if plain `streamlit run` serves it, which does not protect it."""
    if SERVED_MODE not in os.environ:
        st.info(
            "Development server: this page has no token, origin check or security headers. Use "
            "velocity app to serve data of real people."
        )


def show_who(viewer: Viewer) -> None:
    """Who is signed in, and a button to sign out; nothing without sign-in."""
    if viewer.email is not None:
        roles = ", ".join(role for role in get_args(Role) if role in viewer.roles)
        look: dict[str, Any] = {"horizontal_alignment": "right", "vertical_alignment": "center"}
        with st.container(horizontal=True, **look):
            st.text(f"{viewer.email} · {roles}", width="content")
            st.button("Sign out", on_click=end_sign_in, type="tertiary", key="sign-out")


def end_sign_in() -> None:
    """Ends this sign-in here and on the server, so that other tabs stop too."""
    sign_in = sign_in_now()
    if sign_in is not None and sign_in.email is not None:
        where = settings_now().state_of(data_folder())
        state.sign_out(where, sign_in.email, sign_in.issued_at)
    st.logout()


def _check_mode(settings: Settings) -> None:
    """Admits nobody if `access.mode` has changed since the server started."""
    if os.environ.get(SERVED_MODE, settings.access.mode) != settings.access.mode:
        raise NotAdmitted(
            "The way to sign in has changed, so nothing is shown.",
            "access.mode has a new value. Restart velocity app to use it.",
        )


def _from_elsewhere() -> str | None:
    """Why the viewer may be elsewhere; None if only this machine can reach the pages."""
    served_on = st.get_option("server.address")
    headers = st.context.headers
    if not is_loopback(served_on):
        return f"They are served on {served_on or 'every address of this machine'}."
    if is_forwarded(headers):
        return "The request came through a proxy, which others may reach."
    if not is_loopback(host_name(headers.get("Host", "localhost"))):
        return "The request used a host name that is not this machine's own."
    return None
