"""velocity nudge: messages to people who asked for them."""

from datetime import UTC, date, datetime, timedelta

import typer

from velocity.cli.options import FROM, QUIET, TO, Places, check_window, flag
from velocity.cli.output import draw_table, width_of
from velocity.cli.progress import show_progress
from velocity.cli.watched import log_nudges
from velocity.nudge.addresses import check_syncs
from velocity.nudge.send import send_due
from velocity.reading import reads
from velocity.reading.periods import last_whole_day, monday_of
from velocity.settings import load_settings
from velocity.store import latest_snapshot
from velocity.sync.results import Progress
from velocity.sync.watch import Log


def nudge(
    places: Places,
    *,
    replay: bool = flag(
        "--replay",
        "Send nothing: count the messages of the past, as if everybody had asked for them.",
    ),
    from_day: date | None = FROM,
    to_day: date | None = TO,
    quiet: bool = QUIET,
    watched: bool = flag(
        "--watched", "How `velocity sync --watch` starts it: it ends with the watch.", hidden=True
    ),
) -> None:
    """Send the messages that people asked for, if any are due.

    `velocity sync --watch` does this after each sync. Who gets which message, and when, is in
    docs/nudges.md; addresses come from the file that VELOCITY_ADDRESSES names.
    """
    if replay:
        _replay(places, from_day, to_day, quiet=quiet)
        return
    if from_day is not None or to_day is not None or quiet:
        raise typer.BadParameter("--from, --to and --quiet need --replay")

    def work(log: Log) -> None:
        settings, now = load_settings(places.config), datetime.now(UTC)
        check_syncs(places.data, settings, log, now=now)
        send_due(places.data, settings, log, now=now)

    raise typer.Exit(log_nudges(work, watched=watched))


def _replay(places: Places, from_day: date | None, to_day: date | None, *, quiet: bool) -> None:
    """Print the table of a replay; by default of the last eight whole weeks."""
    from velocity.nudge.replay import replay  # noqa: PLC0415 - not for a message

    snapshot = latest_snapshot(places.data)
    as_of, zone, begins = reads.trust(snapshot).select("as_of", "timezone", "first_day").row(0)
    if as_of is None or begins is None:
        raise typer.BadParameter("there are no runs to replay")
    today = last_whole_day(as_of, zone) + timedelta(days=1)
    end = to_day or monday_of(today)
    first = from_day or end - timedelta(weeks=8)
    check_window(first, end)
    if end <= begins or first > today:
        raise typer.BadParameter(f"there are runs only from {begins} to {as_of:%Y-%m-%d}")
    days: list[date] = []

    def tell(day: date) -> None:
        on_progress(Progress("replay", f"{day}", len(days), len(days) + (end - day).days))
        days.append(day)

    with show_progress(quiet=quiet) as on_progress:
        table = replay(snapshot, first, end, on_day=tell)
    typer.echo(draw_table(table, ["rule"], width=width_of(None)))
