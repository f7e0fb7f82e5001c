"""velocity brief: what the sheet of one scholar says, to a file or the terminal."""

# No `from __future__ import annotations`: Typer reads the types of the options at run time.

from typing import Annotated, Literal

import typer

from velocity import state
from velocity.api.arguments import check_scholar
from velocity.cli.options import OutOption, Places, option
from velocity.cli.output import write_bytes
from velocity.report import brief_as_html, brief_as_markdown, make_brief
from velocity.settings import load_settings
from velocity.store import latest_snapshot

_LONGEST_DAYS = 366


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
) -> None:
    """Write what to talk about with one scholar, on one screen.

    It has the sentences of the scholar's sheet on Streams: what waits, what failed, what concluded,
    what is beyond the scholar's own usual range, what could run side by side, the cost, and three
    questions. It names the scholar and the experiments, so it is for the mentor's hour, and not for
    passing on. It has days, never times of day.
    """
    snapshot = latest_snapshot(places.data)
    marks = state.read_marks(load_settings(places.config).state_of(places.data))
    check_scholar(snapshot, scholar)
    made = make_brief(snapshot, scholar, stream=stream, days=days, marks=marks)
    extension = "" if out is None else out.suffix.lower()
    is_page = extension in {".html", ".htm"} if form is None else form == "html"
    write_bytes((brief_as_html(made) if is_page else brief_as_markdown(made)).encode(), out)
