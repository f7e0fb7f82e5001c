"""The blocks of Stand-up: tiles, the queue, what moved, and the streams."""

from datetime import timedelta

import polars as pl
import streamlit as st

from velocity import formats
from velocity.charts.balances import draw_ends
from velocity.charts.dumbbell import draw_dumbbell
from velocity.charts.panels import draw_panels
from velocity.reading import reads
from velocity.reading.definitions import definition
from velocity.reading.periods import Window
from velocity.reading.series import TREND_WEEKS, Ranges, at_edge, last_complete_week, recent
from velocity.sentences import moved, queue as queue_words
from velocity.sentences.answer import LINE_HELP, Row, defined
from velocity.sentences.compared import MEASURES, UNITS
from velocity.sentences.ends import credits_end
from velocity.sentences.streams import shown_waits
from velocity.sentences.weeks import caption
from velocity.ui.page import has_page, runs_of, show_step, show_way, show_why, way_in_text
from velocity.ui.parts import Table, heading, show_chart, show_figure, waits
from velocity.ui.week import TITLES, Week, show_why_it_ends, tiles, week_chart

_CONCLUDED = "experiments_concluded"
_MOVED = {
    "Concluded": _CONCLUDED,
    "One at a time": "serial_share",
    "Loop": "loop_hours_median",
}
_MOST_LINES = 6
_WEEK = timedelta(weeks=1)


def show_tiles(week: Week) -> None:
    """The four measures; each chart plots the figure above it."""
    title = "Credits run out"
    ends = draw_ends(week.ends, today=week.known_on, title=title)
    shown = [(it, said, week_chart(week, it), f"{it}-tile") for said, it in tiles(week)]
    when = credits_end(week.ends, week.known_on)
    with st.grid(4, min_column_width=300, border=True):
        for metric, said, chart, key in [*shown, ("exhausted_on", when, ends, "ends-tile")]:
            with st.container(gap="xsmall"):
                st.metric(
                    said.label,
                    said.value,
                    said.change,
                    delta_color="off",
                    delta_arrow="off",
                    delta_description=said.before,
                    help=defined(definition(metric).text, metric),
                )
                show_figure(chart, key=key)
                st.markdown(f":small[{said.second}]")
                st.caption(said.note)
                if metric == "exhausted_on":
                    show_why_it_ends(week)
                else:
                    show_why(week.view, metric)


def show_queue(week: Week) -> None:
    """The lines that need a decision: a link, what waits since when, and its wait as a bullet."""
    lines = week.decisions.filter("needs_decision")
    shown = lines.filter("named").head(_MOST_LINES)
    order = f"{queue_words.BULLET}. The furthest beyond its usual comes first."
    heading(
        queue_words.title(week.decisions),
        order if shown.height else "",
        table=Table(shown_waits(week.decisions), "decisions"),
        about=LINE_HELP,
    )
    for row, called, chart in waits(shown):
        link, sentence, bullet = st.columns([1.5, 2.4, 2.4], gap="small", vertical_alignment="top")
        scholar, label = row["scholar"], formats.markdown(called)
        with link:
            if scholar in week.view.seen_whole and has_page("my_velocity"):
                days = week.days.window.written
                show_way("my_velocity", f"{label} \u203a", scholar=scholar, period=days)
            else:
                st.markdown(label)
        with sentence, st.container(gap=None):
            st.markdown(queue_words.row_words(row, week.view.zone))
            st.caption(queue_words.usual_words(row))
        with bullet:
            show_figure(chart, key=f"wait-{row['experiment_id']}")
    stale = week.view.with_names(week.view.silent)
    if silent := queue_words.silent(stale, week.view.trust["stale_runs"], week.view.zone):
        st.markdown(silent)
    if rest := queue_words.rest(week.decisions, lines, shown.height):
        st.caption(rest)


def show_moved(week: Week) -> None:
    """Where the change came from, by stream, and the lines of a chosen stream."""
    days, measure = week.days, _measure()
    unit, title = UNITS[measure], TITLES[measure]
    rows = moved.stream_rows(week.now, week.before, week.view.stream_names, measure, unit)
    launched = moved.launched(week.programme)
    adds = "Rows add up to the programme." if unit == "count" else "Shares and times do not add up."
    groups = rows.filter(~pl.col("total"))["id"].to_list()
    of = st.session_state.get("of")
    chosen, these, those = of if of in groups else None, days.these, days.those
    chart = draw_dumbbell(rows, title=title, unit=unit, these=these, those=those, chosen=chosen)
    show_chart(
        chart,
        title=moved.title(rows, measure, days),
        caption=f"{title} by people, as known now; {launched}. {adds}",
        table=Table(rows.select("name", "now", "before"), f"moved-{measure.replace('_', '-')}"),
        on_click=lambda it: st.session_state.update(of=it),
    )
    named = dict(rows.select("id", "name").iter_rows())
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        st.segmented_control(
            "Measure",
            list(_MOVED),
            default="Concluded",
            required=True,
            key="moved",
            bind="query-params",
            label_visibility="collapsed",
        )
        if measure == _CONCLUDED:
            st.pills(
                "Lines of",
                groups,
                key="of",
                format_func=lambda group: formats.label(named.get(group, group), 16),
                label_visibility="collapsed",
            )


def _measure() -> str:
    return _MOVED.get(st.session_state.get("moved", ""), _CONCLUDED)


def show_moved_lines(week: Week) -> None:
    """The lines of the chosen stream: this, before, change, and the experiments."""
    view, over, before = week.view, week.days.window, week.days.before
    group = st.session_state.get("of")
    if before is None or _measure() != _CONCLUDED:
        return
    if group not in {*week.view.stream_names, moved.UNATTRIBUTED}:
        return

    def link(row: Row) -> str:
        name = formats.markdown(formats.label(row["label"], 24))
        return way_in_text("runs", name, **runs_of([row["experiment_id"]], row["start_day"], over))

    def launched(days: Window) -> pl.DataFrame:
        asked = {"by": "stream", "groups": [group], "parts": ["volume"], "period": "day"}
        return view.read(reads.metrics, from_day=days.first, to_day=days.end, **asked)

    now = view.with_names(view.windowed(reads.concluded))
    then = view.with_names(view.read(reads.concluded, from_day=before.first, to_day=before.end))
    titles = {
        "line": "Scholar / line",
        "now": week.days.these,
        "before": week.days.those,
        "change": "Change",
        "experiments": "Latest conclusions, newest first",
    }
    rows = moved.line_rows(now, then, group, link).rename(titles)
    with st.container(border=True):
        name = week.view.stream_names.get(group, "Unattributed")
        heading(f"What moved it: {formats.markdown(formats.label(name))}")
        if group in week.view.stream_names:
            these, those = launched(over), launched(before)
            st.markdown(moved.launched_by_day(these, over.days, those, before.days))
        st.table(rows, border="horizontal", hide_index=True)
        st.caption(
            "Ordered by name. Shown to those who may see these scholars; never in presentation "
            "mode, the digest or a post."
        )


def show_streams(week: Week) -> None:
    """Each stream against its own usual range; by default only series at the edge of it."""
    names = week.view.stream_names
    if not names:
        return
    frame = _stream_weeks(week)
    edge, ranges = at_edge(frame, names, TITLES), Ranges.of(frame, names, TITLES)
    shifts, beyond = _claims(week, frame)
    every = bool(st.session_state.get("all-streams"))
    shown = {it: names if every else edge[it] for it in TITLES}
    figures = {
        measure: draw_panels(
            frame.filter(measure=measure),
            groups=groups,
            unit=UNITS[measure],
            title=TITLES[measure],
            events=week.events,
        )
        for measure, groups in shown.items()
        if groups
    }
    heading(
        moved.streams_title(shifts, beyond, week.days, ranges),
        _streams_caption(week),
        table=Table(frame, "stream-weeks", charts=tuple(figures.values())),
    )
    st.toggle("Show all, not only what is near the edge of its usual range", key="all-streams")
    if not figures:
        st.markdown(queue_words.nothing_near(ranges))
        return
    with st.grid(max(2, len(figures)), min_column_width=300, gap="medium"):
        for measure, figure in figures.items():
            with st.container(gap=None):
                st.markdown(f"**{TITLES[measure]}**")
                show_figure(figure, key=f"panels-{measure}")
    drawn = {names[it]: week.events.get(it, ()) for groups in shown.values() for it in groups}
    if happened := caption(drawn, set(frame["week_start"])):
        st.caption(happened)
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        st.caption("Lines and scholars of", width="content")
        for stream, name in names.items():
            show_step("streams", name, streams=[stream], period=week.days.window.written)


def _stream_weeks(week: Week) -> pl.DataFrame:
    """The last twelve weeks and these days; of a running week, the same days of each."""
    last = last_complete_week(week.days.window.last)
    if not week.days.is_week or week.days.is_whole_week:
        return recent(week.weekly.filter(pl.col("group_id") != "programme"), last, MEASURES)
    since = week.days.window.first - TREND_WEEKS * _WEEK
    # Only a whole week can be a shift.
    key = ["group_id", "measure", "week_start"]
    shifts = week.weekly.select(*key, shift="signal", whole="value")
    asked = pl.col("measure").is_in(list(MEASURES)) & (pl.col("week_start") >= since)
    rows = week.same_days.filter(asked).join(shifts, on=key, how="left")
    return rows.with_columns(signal=pl.col("shift").fill_null(value=False)).drop("shift")


def _claims(week: Week, frame: pl.DataFrame) -> tuple[list[tuple[str, str]], int]:
    """Shifts of the latest whole weeks, and how many series are beyond the range of these days."""
    last = last_complete_week(week.days.window.last)
    found = week.weekly.filter(
        pl.col("signal")
        & pl.col("week_start").is_between(min(week.days.window.first, last), last)
        & pl.col("group_id").is_in(list(week.view.stream_names))
    ).sort("week_start", descending=True, maintain_order=True)
    shifts = []
    for group, measure, start in found.select("group_id", "measure", "week_start").iter_rows():
        whose = formats.possessive(formats.markdown(formats.label(week.view.stream_names[group])))
        shifts.append((f"{whose} {MEASURES[measure]}", formats.week(start)))
    out = (pl.col("value") > pl.col("limit_high")) | (pl.col("value") < pl.col("limit_low"))
    return shifts, frame.filter(pl.col("running") & out).height


def _streams_caption(week: Week) -> str:
    same = ""
    if week.days.is_week and not week.days.is_whole_week:
        first, last = (f"{it:%A}" for it in (week.days.window.first, week.days.window.last))
        through = f"the {first}" if first == last else f"{first} to {last}"
        same = f"Each point is {through} of its week, so the open point compares like with like. "
    return (
        f"{same}Grey: the stream's own usual range, its limits in figures at the left. A diamond "
        "is a whole week beyond it, filled if it is the latest. Each panel has its own range; "
        "times are on a log scale: compare levels by the figures."
    )
