"""velocity report, brief: the digest of a week, and what to talk about with one scholar."""

import os
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import typer

from velocity import state
from velocity.api.arguments import check_scholar
from velocity.cli.options import OUT, STREAM, Places, flag, option
from velocity.cli.output import form_of, write_bytes
from velocity.cli.progress import say
from velocity.delivery import Address
from velocity.errors import VelocityError
from velocity.nudge.addresses import addresses, tell_operator
from velocity.reading import reads
from velocity.reading.access import EVERYTHING, GROUPS_ALONE
from velocity.record import exclusions
from velocity.report.brief import (
    brief_as_html,
    brief_as_markdown,
    find_address,
    find_reader,
    make_brief,
    send_brief,
)
from velocity.report.digest import make_digest
from velocity.report.groups import make_term_report
from velocity.report.html import as_html
from velocity.report.parts import parse_week, week_id
from velocity.report.post import WEBHOOK, post_once, title_of
from velocity.report.text import as_csv, as_markdown, as_message
from velocity.roster.models import load_roster
from velocity.settings import load_settings
from velocity.store import latest_snapshot
from velocity.sync.watch import Log

_STANDARD_ERROR = 2

_WRITERS = {"md": as_markdown, "html": as_html, "csv": as_csv, "slack": as_message}
_PAGES = {".md": "md", ".html": "html", ".htm": "html"}
_EXTENSIONS = _PAGES | {".csv": "csv"}


def report(
    places: Places,
    *,
    week: str | None = option(
        "W", "ISO week, such as 2026-W20. Default: the latest one that is complete."
    ),
    since: str | None = option(
        "W", "Write the end-of-term report over the published weeks from this one to --week."
    ),
    stream: str | None = STREAM,
    form: Literal["md", "html", "csv", "slack"] | None = option(
        None,
        "Markdown, one HTML file that prints on a page, conclusions by stream as CSV, or the "
        "text for Slack. Default: the extension of --out, else md.",
        "--format",
    ),
    out: Path | None = OUT,
    post: bool = flag(
        "--post", "Send it to the address in VELOCITY_WEBHOOK_URL, at most once per week."
    ),
    again: bool = flag("--again", "With --post: send it even if it was posted before."),
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
            begins = reads.trust(snapshot)["first_day"].item()
            if begins is not None and monday + timedelta(weeks=1) <= begins:
                raise VelocityError(
                    f"{week_id(monday)} is before the first day with a run, {begins}.",
                    "Name a later week.",
                )
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
            # A timer's own error is easily missed.
            now = datetime.now(UTC)
            said = f"The digest of {made.week} was not posted. {error.message} {error.hint}"
            subject = f"{made.week} {now.date()}"
            tell_operator(where, Log(_STANDARD_ERROR), "post_failed", subject, said, now=now)
            raise
        if posted:
            say(f"Posted the digest of {made.week}.")
        else:
            say(
                f"The digest of {made.week} was posted before, or a post of it was interrupted. "
                "Nothing was sent; --again posts it once more."
            )


def _monday(week: str | None) -> date | None:
    try:
        return None if week is None else parse_week(week)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


def brief(
    places: Places,
    *,
    scholar: str = option("ID", "The scholar whom it is about.", default=...),
    stream: str | None = option("ID", "Only their work in this stream, as its mentors see it."),
    days: int = option("N", "How many whole days it covers.", default=7, min=1, max=366),
    form: Literal["md", "html"] | None = option(
        None, "Markdown, or one HTML file. Default: the extension of --out, else md.", "--format"
    ),
    out: Path | None = OUT,
    to: str | None = option(
        "WHO",
        "Send it to the scholar, a mentor or a research manager, by roster id or e-mail "
        "address; see docs/nudges.md.",
    ),
) -> None:
    """Write what to talk about with one scholar, on one screen.

    It has the sentences of the scholar's sheet on Streams: what waits, what failed, what concluded,
    what is beyond the scholar's own usual range, what could run side by side, the cost, and three
    questions. It names the scholar and the experiments, so do not pass it on. It has days, never
    times of day.
    """
    chosen = form_of(form, out, _PAGES, "md")
    settings = load_settings(places.config)
    where = settings.state_of(places.data)
    snapshot, marks = latest_snapshot(places.data), state.read_marks(where)
    check_scholar(snapshot, scholar)
    made = make_brief(snapshot, scholar, stream=stream, days=days, marks=marks)
    if out is not None or to is None:
        text = brief_as_html(made) if chosen == "html" else brief_as_markdown(made)
        write_bytes(text.encode(), out)
    if to is not None:
        roster = exclusions.load(places.data).keep_roster(load_roster(settings.roster))
        send_brief(
            where,
            made,
            scholar,
            reader=find_reader(roster, to, scholar, stream),
            address=find_address(addresses(), to),
            kept_days=settings.access.views_kept_days,
        )
        say(f"Sent the brief to {to}.")
