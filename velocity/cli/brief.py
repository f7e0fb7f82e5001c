"""velocity brief: what the sheet of one scholar says, to a file, the terminal or a person."""

from datetime import UTC, datetime
from typing import Annotated, Literal

import typer

from velocity import state
from velocity.api.arguments import check_scholar
from velocity.cli.options import OutOption, Places, option
from velocity.cli.output import form_of, write_bytes
from velocity.cli.progress import say
from velocity.nudge.addresses import addresses
from velocity.record import exclusions
from velocity.report import brief_as_html, brief_as_markdown, make_brief
from velocity.report.send_brief import find_address, find_reader, send_brief
from velocity.roster.models import load_roster
from velocity.settings import load_settings
from velocity.store import latest_snapshot

_LONGEST_DAYS = 366
_EXTENSIONS = {".md": "md", ".html": "html", ".htm": "html"}


def brief(
    places: Places,
    *,
    scholar: Annotated[str, option("--scholar", "ID", "The scholar whom it is about.")],
    stream: Annotated[
        str | None,
        option("--stream", "ID", "Only their work in this stream, as its mentors see it."),
    ] = None,
    days: Annotated[
        int,
        typer.Option(
            "--days", metavar="N", min=1, max=_LONGEST_DAYS, help="How many whole days it covers."
        ),
    ] = 7,
    form: Annotated[
        Literal["md", "html"] | None,
        option(
            "--format",
            None,
            "Markdown, or one HTML file. Default: the extension of --out, else md.",
        ),
    ] = None,
    out: OutOption = None,
    to: Annotated[
        str | None,
        option(
            "--to",
            "WHO",
            "Send it to the scholar, a mentor or a research manager, by roster id or e-mail "
            "address; see docs/nudges.md.",
        ),
    ] = None,
) -> None:
    """Write what to talk about with one scholar, on one screen.

    It has the sentences of the scholar's sheet on Streams: what waits, what failed, what concluded,
    what is beyond the scholar's own usual range, what could run side by side, the cost, and three
    questions. It names the scholar and the experiments, so do not pass it on. It has days, never
    times of day.
    """
    chosen = form_of(form, out, _EXTENSIONS, "md")
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
            now=datetime.now(UTC),
        )
        say(f"Sent the brief to {to}.")
