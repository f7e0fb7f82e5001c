"""My velocity: where one scholar's time goes, and what is waiting for them now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import streamlit as st

from velocity import formats, sentences, ui
from velocity.charts.calendar import draw_calendar
from velocity.charts.loops import draw_loops, draw_share_bar
from velocity.charts.strips import draw_strips
from velocity.charts.trends import draw_dots, draw_throughput
from velocity.reading import frames as shape
from velocity.reading import reads
from velocity.reading.periods import last_four_weeks, last_whole_day
from velocity.sentences.medians import median_rows
from velocity.sentences.seen import SEEN_BY_OTHERS, seen_by
from velocity.sentences.tiles import present

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import polars as pl

    from velocity.reading.periods import Window
    from velocity.sentences.tiles import Tile

_WEEKS = 12


def _draw() -> None:
    view = ui.view()
    scholar = view.scholar
    if scholar is None:
        ui.empty_state("There is no scholar yet.", "velocity sync --project ENTITY/PROJECT")
        return
    mode, who = ui.theme_mode(), view.who(scholar)
    # Hours of the day, nights and weekends are visible to the scholar only.
    hours = view.scope.sees_hours(scholar)
    own = view.is_own(scholar)
    label = formats.label(who["name"])
    name = formats.markdown(label)
    since = view.window.last - timedelta(weeks=_WEEKS)
    lines = view.soon(reads.lines, scholar=scholar)
    runs = view.soon(reads.runs, scholars=[scholar], classes=["running", "stale"])
    open_work = view.soon(reads.open_work, scholar=scholar)
    waiting = view.soon(reads.waiting_results, scholar=scholar)
    usual = view.soon(reads.weekly, by="scholar", groups=[scholar])
    volume = {"by": "scholar", "groups": [scholar], "parts": ["volume"]}
    volume_by_week = view.soon(reads.metrics, period="week", **volume)
    volume_by_day = (
        view.soon(reads.metrics, period="day", from_day=since, to_day=view.window.end, **volume)
        if hours
        else None
    )
    cohort = _Cohort.soon(view, scholar) if view.compares else None
    parts = ["volume", "loops", "medians"]
    whole = view.windowed(reads.metrics, by="scholar", groups=[scholar], parts=parts)
    figures = whole.row(0, named=True)
    loops = view.windowed(reads.loops, scholar=scholar).reverse()
    awake = (who["awake_start_min"], who["awake_end_min"]) if hours else (0, 0)
    view.say(name, sentences.my_velocity(figures=figures, lines=lines(), awake=awake, own=own))
    stale_after = view.trust["stale_after_minutes"]
    counts = (runs(), open_work(), waiting())
    _show_now(present(*counts, stale_after_minutes=stale_after, own=own))
    if loops.is_empty():
        words = "No experiment was launched in this window: choose a longer one."
        ui.empty_state(words, "velocity sync")
    else:
        _show_loops(view, loops, figures)
    ui.show_timeline(view, who, title=f"Timeline of {'my experiments' if own else name}")
    with st.grid(3 if hours else 2, min_column_width=300, gap="medium"):
        with st.container():
            weekly = shape.throughput(usual(), volume_by_week())
            title = "Concluded and failed"
            ui.show_chart(
                draw_throughput(weekly, mode=mode, title=title),
                title=title,
                caption="Experiments concluded and runs failed a week; band = usual range",
                table=ui.Table(weekly, "throughput"),
            )
        if volume_by_day is not None:
            with st.container():
                title, alone = "Launches by day", "; only you see this" if own else ""
                days = volume_by_day().select(day="period_start", value="experiments_started")
                ui.show_chart(
                    draw_calendar(days, mode=mode, title=title, noun="launch"),
                    title=title,
                    caption=f"Experiments launched; a stronger colour means more{alone}",
                    table=ui.Table(days, "launches"),
                )
        with st.container():
            _show_cohort(cohort, "you" if own else label)
    _show_seen(view, who)


@dataclass(frozen=True)
class _Cohort:
    """The scholar beside the others, in the last four whole weeks."""

    over: Window
    figures: Callable[[], pl.DataFrame]
    bands: Callable[[], pl.DataFrame]

    @classmethod
    def soon(cls, view: ui.View, scholar: str) -> _Cohort:
        """Starts the reads."""
        over = last_four_weeks(last_whole_day(view.as_of, view.zone))
        figures = view.soon(
            reads.metrics,
            by="scholar",
            groups=[scholar],
            parts=["volume", "medians"],
            from_day=over.first,
            to_day=over.end,
        )
        return cls(over, figures, view.soon(reads.bands, scholar=scholar))


def _show_cohort(cohort: _Cohort | None, who: str) -> None:
    title = f"{'You' if who == 'you' else who} and the cohort"
    if cohort is None:
        words = "Only for the last four whole weeks: choose 4 weeks"
        ui.heading(formats.markdown(title), words)
        return
    strips = shape.strips(cohort.figures(), cohort.bands())
    ui.show_chart(
        draw_strips(strips, mode=ui.theme_mode(), title=title, who=who),
        title=formats.markdown(title),
        caption=f"{cohort.over.words}, the last four whole weeks; bar = middle half of the others, "
        "tick = their median, both rounded; no names",
        table=ui.Table(strips, "cohort"),
    )


def _show_now(tiles: Sequence[Tile]) -> None:
    with st.container(border=True), st.grid(4, min_column_width=196):
        for tile in tiles:
            with st.container(gap="xsmall"):
                st.metric(tile.label, tile.value)
                st.caption(tile.note)


def _show_loops(view: ui.View, loops: pl.DataFrame, figures: Mapping[str, Any]) -> None:
    """A bar per loop, and the shares and medians of machine and reaction; dots if too few."""
    mode = ui.theme_mode()
    left, right = st.columns([2.4, 1], gap="medium")
    with left:
        ui.show_chart(
            draw_loops(loops, mode=mode, title="Loops", zone=view.zone),
            title="Loops, in order of launch",
            caption=f"One bar per experiment, hours, {formats.sample(loops.height)}; "
            "bars above 20 h are cut",
            table=ui.Table(loops, "loops"),
        )
    with right:
        medians_table = median_rows(figures)
        ui.show_chart(
            draw_share_bar(
                machine_hours=figures["machine_hours_closed"],
                reaction_hours=figures["reaction_hours_closed"],
                reaction_share=figures["reaction_share"],
                loops=figures["loops_closed"],
                mode=mode,
                title="The loop",
            ),
            title="Where the loop goes",
            caption=f"Hours of {formats.plural(figures['loops_closed'], 'closed loop')}; "
            f"medians of all loops, {figures['loops_abandoned']} abandoned",
            table=ui.Table(medians_table, "medians"),
        )
        if figures["loop_hours_median"] is None:
            few = draw_dots(shape.dots(loops, view.zone), mode=mode, title="Loops")
            ui.show_figure(few, key="loop-dots")
        else:
            st.table(medians_table, border="horizontal")


def _show_seen(view: ui.View, who: Mapping[str, Any]) -> None:
    """Who sees what about the scholar, and who looked; other viewers see nothing here."""
    if view.viewer.email is None:
        ui.heading(f"What others can see about {formats.markdown(formats.label(who['name']))}")
        st.markdown(SEEN_BY_OTHERS)
        return
    scholar = who["scholar"]
    if not view.is_own(scholar):
        return
    streams = view.read(reads.experiments, scholar=scholar)["stream"].drop_nulls().to_list()
    names = view.stream_names
    own = {it: name for it, name in names.items() if it in {*streams, *who["streams"]}}
    ui.heading(
        "What others can see about you",
        "By the current roster. Every scholar sees quartiles of at least 8 other people, without "
        "names; only you see the figures of single days",
    )
    leads = view.settings.access.leads_see_individuals
    seen = seen_by(view.roster, scholar, own, leads_see_individuals=leads)
    ui.show_rows(seen, alt="Who sees what about you")
    looks = view.looks(scholar)
    ui.heading(
        "Who looked at your pages",
        "My velocity, Why this number, or Runs with only yours, opened by others in the last "
        f"{formats.plural(view.settings.access.views_kept_days, 'day')}; times in {view.zone}",
    )
    if looks.is_empty():
        st.markdown("Nobody.")
    else:
        ui.show_rows(looks, alt="Who looked at your pages, latest first")


PAGE = ui.Page(
    "my_velocity",
    "My velocity",
    ("period", "scholar"),
    ("lead", "scholar"),
    _draw,
    40,
    opens="4 weeks",
)
