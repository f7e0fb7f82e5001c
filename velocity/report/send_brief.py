"""Sends the brief about a scholar to one person who may see it on Streams."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from velocity import state
from velocity.errors import ConfigurationError
from velocity.reading.access import Scope, Viewer, viewer_of
from velocity.report.brief import brief_as_message

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from velocity.delivery import Address
    from velocity.report.brief import Brief
    from velocity.roster.models import Roster
    from velocity.state import Where

_TITLE = "Brief"


def find_reader(roster: Roster | None, to: str, scholar: str, stream: str | None) -> Viewer:
    """Returns the person with a roster id or e-mail address, who may read the brief at once.

    That is the scholar, a mentor of the stream, or a research manager of the scholar. Leads see
    names 24 hours later, so a brief is not for them.

    Raises:
        ConfigurationError: they may not, or the roster does not have them.
    """
    if roster is None:
        raise ConfigurationError(
            "There is no roster, so nobody can be sent a brief.",
            "Name its settings file with --config, or write the brief to a file with --out.",
        )
    people = {it.id: it for it in roster.scholars if not it.disabled}
    own = people.get(to)
    if own is not None and to == scholar:  # who needs no address to sign in with
        return Viewer(None, own.name, frozenset({"scholar"}), Scope(scholars=(to,)), scholar=to)
    address = next(iter(own.emails), "") if own is not None else to
    viewer = viewer_of(roster, address, leads_see_individuals=False)
    if viewer and (
        scholar in viewer.scope.scholars
        or (stream is not None and viewer.scope.sees_stream(stream))
    ):
        return viewer
    raise ConfigurationError(
        f"The roster does not let {to} see this brief.",
        "It is for the scholar, research managers of the scholar, and, with --stream, mentors of "
        "that stream.",
    )


def find_address(known: Mapping[str, Address], to: str) -> Address:
    """Returns where the messages of a person go.

    Raises:
        ConfigurationError: the file of addresses does not have them.
    """
    if to in known:
        return known[to]
    raise ConfigurationError(
        f"There is no address for {to}.",
        "Add a line for them to the file that VELOCITY_ADDRESSES names, or write the brief to a "
        "file with --out.",
    )


def send_brief(
    where: Where,
    brief: Brief,
    scholar: str,
    *,
    reader: Viewer,
    address: Address,
    kept_days: float,
    now: datetime,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Sends a brief each time it is called. The scholar can see to whom it went.

    Args:
        where: where the state is, which has the looks at the scholar.
        brief: the brief.
        scholar: id of the scholar whom it is about.
        reader: who gets it.
        address: where it goes.
        kept_days: looks older than this are removed.
        now: the time.
        sleep: waits between attempts, in seconds.

    Raises:
        VelocityError: it does not fit, was not accepted, or it is not known whether it was.
    """
    form = address.form
    text = brief_as_message(brief, form, address.longest(_TITLE))
    if reader.email is not None and scholar != reader.scholar:
        state.record_look(
            where,
            scholar=scholar,
            email=reader.email,
            name=reader.name,
            page=_TITLE,
            at=now,
            kept_days=kept_days,
        )
    address.deliver(text, title=_TITLE, form=form, sleep=sleep)
