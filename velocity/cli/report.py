"""velocity report: the stand-up digest of a week, to a file, the terminal or a webhook."""

# No `from __future__ import annotations`: Typer reads the types of the options at run time.

import os
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any, Literal

import typer

from velocity.cli.options import OutOption, Places, StreamOption, option
from velocity.cli.output import form_of, write_bytes
from velocity.cli.progress import say
from velocity.delivery import Address
from velocity.errors import VelocityError
from velocity.nudge.addresses import tell_operator
from velocity.reading import reads
from velocity.reading.access import EVERYTHING, GROUPS_ALONE
from velocity.report import (
    as_csv,
    as_html,
    as_markdown,
    as_message,
    make_digest,
    make_term_report,
    parse_week,
    week_id,
)
from velocity.report.post import WEBHOOK, post_once, title_of
from velocity.settings import load_settings
from velocity.state import Where
from velocity.store import Snapshot, latest_snapshot
from velocity.sync.watch import Log

_STANDARD_ERROR = 2

_WRITERS = {"md": as_markdown, "html": as_html, "csv": as_csv, "slack": as_message}
_EXTENSIONS = {".md": "md", ".html": "html", ".htm": "html", ".csv": "csv"}


def report(
    places: Places,
    *,
    week: Annotated[
        str | None,
        option(
            "--week", "W", "ISO week, such as 2026-W20. Default: the latest one that is complete."
        ),
    ] = None,
    since: Annotated[
        str | None,
        option(
            "--since",
            "W",
            "Write the end-of-term report over the published weeks from this one to --week.",
        ),
    ] = None,
    stream: StreamOption = None,
    form: Annotated[
        Literal["md", "html", "csv", "slack"] | None,
        option(
            "--format",
            None,
            "Markdown, one HTML file that prints on a page, conclusions by stream as CSV, or the "
            "text for Slack. Default: the extension of --out, else md.",
        ),
    ] = None,
    out: OutOption = None,
    post: Annotated[
        bool,
        option(
            "--post", None, "Send it to the address in VELOCITY_WEBHOOK_URL, at most once per week."
        ),
    ] = False,
    again: Annotated[
        bool, option("--again", None, "With --post: send it even if it was posted before.")
    ] = False,
) -> None:
    """Write the stand-up digest of a week on one page.

    It has the headline and the five lines of Stand-up, conclusions by stream, the week in
    figures, what was restated, and how reliable the data is. If the settings do not let leads see
    individuals, it has whole weeks of groups only. With --since it is the report of a whole term.
    """
    if again and not post:
        raise typer.BadParameter("--again needs --post")
    if since is not None and (post or stream is not None):
        raise typer.BadParameter("--since cannot be used with --post or --stream")
    chosen = form_of(form, out, _EXTENSIONS, "md")
    monday, first = _monday(week), _monday(since)
    settings = load_settings(places.config)
    individuals = settings.access.leads_see_individuals
    seen: dict[str, Any] = {
        "scope": EVERYTHING if individuals else GROUPS_ALONE,
        "address": settings.programme.address,
    }
    snapshot = latest_snapshot(places.data)
    if first is not None:
        made = make_term_report(snapshot, first=first, last=monday, **seen)
    else:
        if individuals and monday is not None:
            _refuse_before_data(snapshot, monday)
        made = make_digest(snapshot, week=monday, stream=stream, posted=post, **seen)
    if out is not None or not post:
        write_bytes(_WRITERS[chosen](made).encode(), out)
    if post:
        where = settings.state_of(places.data)
        address = Address(os.environ.get(WEBHOOK) or "", WEBHOOK)
        try:
            text = as_message(made, address.form, address.longest(title_of(made.week)))
            posted = post_once(where, address, text, week=made.week, stream=stream, again=again)
        except VelocityError as error:
            _tell_operator(where, made.week, error)
            raise
        if posted:
            say(f"Posted the digest of {made.week}.")
        else:
            say(
                f"The digest of {made.week} was posted before, or a post of it was interrupted. "
                "Nothing was sent; --again posts it once more."
            )


def _refuse_before_data(snapshot: Snapshot, monday: date) -> None:
    begins = reads.trust(snapshot)["first_day"].item()
    if begins is not None and monday + timedelta(weeks=1) <= begins:
        raise VelocityError(
            f"{week_id(monday)} is before the first day with a run, {begins}.",
            "Name a later week.",
        )


def _monday(week: str | None) -> date | None:
    try:
        return None if week is None else parse_week(week)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


def _tell_operator(where: Where, week: str, error: VelocityError) -> None:
    """Tell the operator about a failed post: a timer's own error is easily missed."""
    now = datetime.now(UTC)
    text = f"The digest of {week} was not posted. {error.message} {error.hint}"
    subject = f"{week} {now.date()}"
    tell_operator(where, Log(_STANDARD_ERROR), "post_failed", subject, text, now=now)
