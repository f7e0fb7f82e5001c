"""The timeline of a scholar."""

from __future__ import annotations

from typing import TYPE_CHECKING

from velocity.charts.timeline import draw_timeline
from velocity.charts.timeline_frame import timeline_view
from velocity.reading import reads
from velocity.reading.periods import local_midnight
from velocity.sentences.timeline import timeline_caption
from velocity.ui.parts import Table, show_chart, theme_mode

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import date
    from typing import Any

    import polars as pl

    from velocity.ui.view import View


def show_timeline(
    view: View,
    who: Mapping[str, Any],
    *,
    days: tuple[date, date, date],
    title: str,
    on_click: Callable[[str], object],
    table: Callable[[pl.DataFrame], Table] = lambda frame: Table(frame, "timeline"),
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The timeline of a scholar whose hours of the day the viewer may see.

    Args:
        view: gives the zone of days, and the end of the data.
        who: the scholar's row of `reads.scholars`.
        days: first day, day after the last, and the day on which the timeline opens.
        title: of the chart.
        on_click: called with the id of a clicked experiment.
        table: makes the section's table of the experiments.

    Returns:
        The experiments and runs that it shows.
    """
    from_at, to_at, opens = (local_midnight(day, view.zone) for day in days)
    to_now = to_at >= view.as_of
    to_at = min(to_at, view.as_of)
    over = {"scholar": who["scholar"], "from_at": from_at, "to_at": to_at}
    drawn = timeline_view(from_at, to_at, view.as_of, who, opens)
    experiments = view.read(reads.timeline_experiments, **over)
    runs = view.read(reads.timeline_runs, **over)
    show_chart(
        draw_timeline(
            experiments,
            runs,
            view.read(reads.concurrency, **over),
            view=drawn,
            mode=theme_mode(),
            title=title,
            likely=view.read(reads.open_work, scholar=who["scholar"]) if to_now else None,
            off=view.read(reads.days_off, scholar=who["scholar"]),
        ),
        title=title,
        caption=timeline_caption(drawn),
        table=table(experiments),
        on_click=on_click,
    )
    return experiments, runs
