"""Compute: whose credits end first, what they bought, and where they went."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import polars as pl
import streamlit as st

from velocity.charts.balances import draw_balances
from velocity.charts.compute import draw_compute
from velocity.charts.dumbbell import draw_dumbbell
from velocity.reading import reads
from velocity.reading.frames import ends_if
from velocity.sentences import spending as words
from velocity.sentences.ends import balances_caption, if_changed
from velocity.ui.page import Page, show_way, show_why, way_in_text
from velocity.ui.parts import Table, empty_state, heading, show_chart
from velocity.ui.tables import show_rows
from velocity.ui.view import current_view
from velocity.ui.week import Week, show_why_it_ends

_WEEK = timedelta(weeks=1)
#: Weeks to compare a cost with.
_EARLIER_WEEKS = 8
_GRANT = "a new grant"
_TYPES = ["gpu_type", "gpu_hours", "gpu_hours_failed", "credits"]


def _draw() -> None:
    view = current_view()
    week = Week(view)
    answer = words.compute(week.programme, week.ends, week.known_on)
    view.say("programme", answer, window=week.days.kicker)
    with view.answer, st.container(horizontal=True, gap="small", vertical_alignment="center"):
        st.caption(words.ALLOCATION, width="content")
        show_why_it_ends(week, label="Why this date")
        show_why(view, "credits_per_concluded", label="Why these credits")
    balances, what_if = st.columns([2, 1], gap="medium")
    with balances:
        _show_balances(week)
    with what_if:
        _show_what_if(week)
    _show_table(week)
    for pair in ((_show_costs, _show_spent), (_show_types, _show_by_week)):
        with st.grid(2, min_column_width=480, gap="medium"):
            for show in pair:
                with st.container():
                    show(week)
    _show_by_scholar(week)


def _show_balances(week: Week) -> None:
    """Each stream's balance day by day, and the day on which it ends."""
    title = "Each stream's balance, and the day it ends"
    balance = week.view.read(reads.balance, by="stream")
    caption, table = balances_caption(week.ends, week.known_on), Table(balance, "balances")
    if week.ends.height:
        chart = draw_balances(balance, week.ends, today=week.today, title=title)
        show_chart(chart, title=title, caption=caption, table=table)
        return
    heading(title, caption, table=table)
    missing = "No grant of a stream is recorded. Add grants and rates to the roster; see "
    empty_state(f"{missing}docs/configuration.md.", "[[credits.grants]]")


def _show_what_if(week: Week) -> None:
    """When a stream's credits would end at another pace, or with more of them."""
    heading("What if", "Nothing is saved; the link keeps the choice")
    names = dict(week.ends.select("group_id", "name").iter_rows())
    if not names:
        st.caption("No stream has a grant yet.")
        return
    with st.container(border=True):
        linked: dict[str, Any] = {"bind": "query-params"}
        stream = st.selectbox("Stream", [*names], format_func=names.__getitem__, key="if", **linked)
        pace = st.slider("Change of pace", -80, 100, 0, 5, format="%d %%", key="if-pace", **linked)
        more = st.number_input("Credits added", 0, 10**9, 0, 100, key="if-added", **linked)
        givers = [it for it in names if it != stream]
        giver = st.selectbox(
            "Taken from",
            [_GRANT, *givers],
            format_func=lambda it: names.get(it, it),
            key="if-from",
            **linked,
        )
        given_by = giver if giver in givers and more else None
        added = {stream: float(more)} | ({given_by: -float(more)} if given_by else {})
        # The newest project, as in the ledger.
        _, end, zone = reads.edge(week.view.snapshot).row(0)
        changed = ends_if(week.ends, end, zone, pace={stream: pace / 100}, added=added)
        st.markdown(if_changed(week.ends, changed, stream, given_by, today=week.known_on))


def _show_table(week: Week) -> None:
    """Where the compute went: rows and columns that add up, as printed."""
    rows = week.view.windowed(reads.compute_table)
    heading(
        words.table_title(rows),
        words.table_caption(rows, week.days.these),
        table=Table(rows, "compute-table"),
    )
    printed, period = words.table(rows), week.days.window.written
    linked = [
        way_in_text("streams", title, streams=stream, period=period) if stream else title
        for stream, title in zip(rows["stream"], printed["Stream"], strict=True)
    ]
    st.table(printed.with_columns(Stream=pl.Series(linked)), border="horizontal", hide_index=True)
    if rows["tokens"].sum():
        st.caption(words.tokens(week.view.read(reads.ledger, by="programme").row(0, named=True)))
    show_way("runs", "The runs \u203a", period=period)


def _show_costs(week: Week) -> None:
    """Credits for each conclusion, by the rows of the table."""
    view, before = week.view, week.days.before
    then = None
    if before is not None:
        then = view.read(reads.compute_table, from_day=before.first, to_day=before.end)
    weeks = [
        view.soon(reads.compute_table, from_day=it, to_day=it + _WEEK)
        for it in week.mondays(week.days.window.first)[:-1][-_EARLIER_WEEKS:]
    ]
    _show_compared(
        week,
        words.costs(view.windowed(reads.compute_table), then),
        "Credits for each conclusion",
        "Log scale if rows are far apart. Streams ask different questions: compare a stream only "
        "with its own past",
        "costs",
        earlier=words.costs_of_weeks(it() for it in weeks) if weeks else {},
    )


def _show_spent(week: Week) -> None:
    """GPU-hours that failed, were silent, were killed or ran on."""
    _show_compared(
        week,
        words.spent(week.programme),
        "Failed, silent, killed, ran on",
        "GPU-hours. Failed late: after more than 30 minutes; silent: no sign of life; killed by "
        "hand is often good practice; ran on: after the next launch of its line. A run can be in "
        "two rows, so these do not add up",
        "spent",
    )
    allocated = week.view.windowed(reads.metrics, by="programme", parts=["allocations"])
    told = (
        words.hosts(week.view.windowed(reads.idle_hosts), week.view.zone),
        words.jobs(allocated.row(0, named=True)),
        words.measured(week.programme.now or {}),
    )
    st.caption(" ".join(filter(None, told)))


def _show_compared(
    week: Week,
    rows: pl.DataFrame,
    title: str,
    caption: str,
    key: str,
    *,
    earlier: Mapping[str, Sequence[float]] | None = None,
) -> None:
    """Rows of now and before; `earlier`: the same row's figures of earlier weeks, log scale."""
    chart = draw_dumbbell(
        rows,
        title=title,
        unit="count",
        these=week.days.these,
        those=week.days.those,
        earlier=earlier or {},
    )
    table = Table(rows.select("name", "now", "before"), key)
    show_chart(chart, title=title, caption=caption, table=table)


def _show_types(week: Week) -> None:
    """GPU types, most credits first."""
    types = week.view.windowed(reads.gpu_types)
    whole = words.all_types(week.programme.now or {})
    caption = f"{week.days.these}; a rate holds from its date{whole}"
    heading("GPU types", caption, table=Table(types, "gpu-types"))
    if types.is_empty():
        st.caption("No GPU type is known in these days.")
        return
    measured = types["gpu_utilisation"].count()
    show_rows(types if measured else types.select(_TYPES), alt="GPU types")


def _show_by_week(week: Week) -> None:
    """GPU-hours by week, once asked for."""
    if not st.toggle("GPU-hours by week", key="by-week"):
        return
    title, weeks = "GPU-hours by week and stream", week.view.windowed(reads.gpu_weeks)
    names = list(week.view.stream_names.values())
    stacked = weeks.with_columns(stream="stream_name")
    show_chart(
        draw_compute(stacked, streams=names, title=title),
        title=title,
        caption=f"{week.days.these}; the first and last week may be incomplete",
        table=Table(weeks, "gpu-weeks"),
    )


def _show_by_scholar(week: Week) -> None:
    """Credits by scholar, by name, once asked for; large experiments cost more."""
    if not st.toggle("Credits by scholar", key="by-scholar"):
        return
    rows = week.view.windowed(reads.compute_table, by_scholar=True)
    heading(
        "Credits by scholar",
        "By stream and name; rows add up. Large experiments cost more: this describes the work, "
        "not the person",
        table=Table(rows, "compute-scholar"),
    )
    st.table(words.by_scholar(rows), border="horizontal", hide_index=True)


PAGE = Page("compute", "Compute", ("period",), ("lead",), _draw, 50)
