"""The blocks of Stand-up: tiles, the queue, what moved, and the streams."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import polars as pl
import streamlit as st

from velocity import formats
from velocity.charts.bullet import draw_bullet
from velocity.charts.dumbbell import draw_dumbbell
from velocity.charts.ends import draw_ends
from velocity.charts.panels import draw_panels
from velocity.charts.to_date import draw_to_date
from velocity.charts.trends import draw_trend
from velocity.reading import reads
from velocity.reading.series import TREND_WEEKS, Ranges, at_edge, last_complete_week, recent, trend
from velocity.sentences import moved, week_tiles
from velocity.sentences import queue as queue_words
from velocity.sentences import week as words
from velocity.sentences.answer import LINE_HELP, possessive
from velocity.sentences.compared import MEASURES, UNITS
from velocity.sentences.queue import nothing_near
from velocity.sentences.weeks import caption
from velocity.ui.drill import has_page, show_way, way_in_text
from velocity.ui.parts import Table, heading, show_figure, theme_mode, tile
from velocity.ui.why import show_why

if TYPE_CHECKING:
    from velocity.charts.base import Chart
    from velocity.reading.periods import Window
    from velocity.sentences.answer import Row
    from velocity.sentences.week import Said
    from velocity.sentences.week_tiles import Tile
    from velocity.ui.week import Week

_TITLES = {
    "experiments_concluded": "Experiments concluded",
    "failure_share": "Share of runs failed",
    "serial_share": "Time with one experiment running",
    "loop_hours_median": "Feedback loop, median",
}
_MOVED = {
    "Concluded": "experiments_concluded",
    "One at a time": "serial_share",
    "Loop": "loop_hours_median",
}
_MOST_LINES = 6
_WEEK = timedelta(weeks=1)


def five_lines(week: Week) -> list[Said]:
    """Changed, Going well, Stuck, Compute, Runs out: always all five, in this order."""
    now, before, days = week.programme, week.programme_before, week.days
    streams = [
        (name, week.now[it]["experiments_concluded"], week.before[it]["experiments_concluded"])
        for it, name in week.names.items()
        if it in week.now and it in week.before
    ]
    return [
        words.changed(week.weekly, week.same_days, week.names, days),
        words.going_well(now, before, streams, days),
        words.with_silent(
            words.stuck(week.decisions, week.known_on), week.view.trust["stale_runs"]
        ),
        words.compute(now, before, days),
        words.runs_out(week.ends, week.known_on),
    ]


def show_tiles(week: Week) -> None:
    """The four measures; each chart plots the figure above it."""
    mode = theme_mode()
    with st.grid(4, min_column_width=300, border=True):
        for said, measure in tiles(week):
            figure = week_chart(week, measure)
            tile(
                said.label,
                said.value,
                change=said.change,
                before=said.before,
                charts=[figure],
                second=said.second,
                note=said.note,
                key=measure,
                metric=measure,
                why=partial(show_why, week.view, measure),
            )
        last = week_tiles.credits_end(week.ends, week.known_on)
        title = "Credits run out"
        figure = draw_ends(week.ends, today=week.known_on, mode=mode, title=title)
        tile(
            last.label,
            last.value,
            change=last.change,
            before=last.before,
            charts=[figure],
            second=last.second,
            note=last.note,
            key="ends",
            metric="exhausted_on",
            why=partial(show_why_it_ends, week),
        )


def show_why_it_ends(week: Week, label: str = "why") -> None:
    """A link to the rows behind the day on which the first stream's credits end."""
    ending = week.ends.drop_nulls("runs_out_on").sort("runs_out_on", maintain_order=True)
    if ending.height:
        show_why(week.view, "exhausted_on", stream=ending["group_id"][0], label=label)


def tiles(week: Week) -> list[tuple[Tile, str]]:
    """The first three tiles, each with its measure."""
    now, before, days = week.programme, week.programme_before, week.days
    return [
        (make(now, before, week.so_far(measure), days), measure)
        for make, measure in (
            (week_tiles.concluded, "experiments_concluded"),
            (week_tiles.serial, "serial_share"),
            (week_tiles.loop, "loop_hours_median"),
        )
    ]


def week_chart(week: Week, measure: str) -> Chart:
    """The programme's figure through each day; by week if there are no days before."""
    days, mode = week.days, theme_mode()
    if days.before is None and not days.is_week:
        weeks = trend(week.weekly.filter(group_id="programme"), measure)
        return draw_trend(weeks, mode=mode, title=_TITLES[measure], unit=UNITS[measure])
    return draw_to_date(
        week.through(measure),
        mode=mode,
        title=_TITLES[measure],
        unit=UNITS[measure],
        these=days.these,
        those=days.those,
    )


def show_queue(week: Week) -> None:
    """The lines that need a decision: a link, what waits since when, and its wait as a bullet."""
    lines = week.queue
    shown = lines.filter("named").head(_MOST_LINES)
    order = f"{queue_words.BULLET}. The furthest beyond its usual comes first."
    heading(
        queue_words.title(week.decisions),
        order if shown.height else "",
        table=Table(week.decisions, "decisions"),
        about=LINE_HELP,
    )
    longest = max([*shown["waited_working_hours"], *shown["usual_working_hours"]], default=0)
    for at, row in enumerate(shown.iter_rows(named=True)):
        _show_line(week, row, longest, axis=at == shown.height - 1)
    stale = week.view.with_names(week.silent)
    if silent := queue_words.silent(stale, week.view.trust["stale_runs"], week.view.zone):
        st.markdown(silent)
    if rest := queue_words.rest(week.decisions, lines, shown.height):
        st.caption(rest)


def _show_line(week: Week, row: Row, longest: float, *, axis: bool) -> None:
    link, sentence, bullet = st.columns([1.5, 2.4, 2.4], gap="small", vertical_alignment="top")
    called = f"{formats.label(row['name'], 16)} / {formats.label(row['project'], 24)}"
    known = row["scholar"] in week.view.read(reads.scholars)["scholar"]
    with link:
        if known and week.view.scope.sees_whole(row["scholar"]) and has_page("my_velocity"):
            period = week.days.window.written
            show_way(
                "my_velocity",
                f"{formats.markdown(called)} \u203a",
                scholar=row["scholar"],
                period=period,
            )
        else:
            st.markdown(formats.markdown(called))
    with sentence, st.container(gap=None):
        st.markdown(queue_words.row_words(row, week.view.zone))
        st.caption(queue_words.usual_words(row))
    with bullet:
        chart = draw_bullet(
            waited=row["waited_working_hours"],
            usual=row["usual_working_hours"],
            median=row["usual_median_working_hours"],
            longest=longest,
            mode=theme_mode(),
            title=called,
            axis=axis,
        )
        show_figure(chart, key=f"wait-{row['experiment_id']}")


def show_moved(week: Week) -> None:
    """Where the change came from, by stream, and the lines of a chosen stream."""
    days = week.days
    measure = _measure()
    unit = UNITS[measure]
    rows = moved.stream_rows(week.now, week.before, week.names, measure, unit)
    launched = moved.launched(week.programme, week.programme_before)
    adds = "Rows add up to the programme." if unit == "count" else "Shares and times do not add up."
    groups = rows.filter(~pl.col("total"))["id"].to_list()
    figure = draw_dumbbell(
        rows,
        mode=theme_mode(),
        title=_TITLES[measure],
        unit=unit,
        these=days.these,
        those=days.those,
        chosen=_chosen(groups),
    )
    table = Table(
        rows.select("name", "now", "before"),
        f"moved-{measure.replace('_', '-')}",
        charts=(figure,),
    )
    heading(
        moved.title(rows, measure, days),
        f"{_TITLES[measure]} by people, as known now; {launched}. {adds}",
        table=table,
    )
    show_figure(figure, key="moved-chart", on_select=_take_point)
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
        if measure == "experiments_concluded":
            st.pills(
                "Lines of",
                groups,
                key="of",
                format_func=lambda group: formats.label(named.get(group, group), 16),
                label_visibility="collapsed",
            )


def _measure() -> str:
    return _MOVED.get(st.session_state.get("moved", "Concluded"), "experiments_concluded")


def _chosen(groups: list[str]) -> str | None:
    of = st.session_state.get("of")
    return of if of in groups else None


def _take_point() -> None:
    """Chooses the stream whose mark was clicked; the browser sends the mark's own id."""
    state: Any = st.session_state.get("moved-chart")
    match state:
        case {"selection": {"points": [{"customdata": [_, str(group)]}, *_]}}:
            st.session_state["of"] = group
        case _:
            return


def show_moved_lines(week: Week) -> None:
    """The lines of the chosen stream: this, before, change, and the experiments."""
    before = week.days.before
    group = st.session_state.get("of")
    if before is None or _measure() != "experiments_concluded" or group is None:
        return
    if group not in {*week.names, moved.UNATTRIBUTED}:
        return
    view = week.view
    now = view.with_names(view.windowed(reads.concluded))
    then = view.with_names(view.read(reads.concluded, from_day=before.first, to_day=before.end))
    rows = moved.line_rows(now, then, group, lambda row: _link(week, row))
    titles = {
        "line": "Scholar / line",
        "now": week.days.these,
        "before": week.days.those,
        "change": "Change",
        "experiments": "Latest conclusions, newest first",
    }
    name = week.names.get(group, "Unattributed")
    with st.container(border=True):
        heading(f"What moved it: {formats.markdown(formats.label(name))}")
        if group in week.names:
            these, those = (_launched(week, group, it) for it in (week.days.window, before))
            told = moved.launched_by_day(these, week.days.window.days, those, before.days)
            st.markdown(told)
        st.table(rows.rename(titles), border="horizontal", hide_index=True)
        st.caption(
            "Ordered by name. Shown to those who may see these scholars; never in presentation "
            "mode, the digest or a post."
        )


def _launched(week: Week, stream: str, over: Window) -> pl.DataFrame:
    """What a stream launched by day."""
    days = {"period": "day", "from_day": over.first, "to_day": over.end}
    return week.view.read(reads.metrics, by="stream", groups=[stream], parts=["volume"], **days)


def _link(week: Week, row: Row) -> str:
    """The experiment's runs on the page Runs, over the same days."""
    name = formats.markdown(formats.label(row["label"], 24))
    first = min(row["start_day"], week.days.window.first)
    choices = {
        "period": f"{first.isoformat()}..{week.days.window.last.isoformat()}",
        "runs-experiment": row["experiment_id"],
    }
    return way_in_text("runs", name, **choices)


def show_streams(week: Week) -> None:
    """Each stream against its own usual range; by default only series at the edge of it."""
    names = week.names
    if not names:
        return
    frame = _stream_weeks(week)
    edge = at_edge(frame, names, _TITLES)
    shifts, beyond = _claims(week, frame)
    ranges = Ranges.of(frame, names, _TITLES)
    every = bool(st.session_state.get("all-streams"))
    shown = {it: names if every else edge[it] for it in _TITLES}
    figures = {
        measure: draw_panels(
            frame.filter(measure=measure),
            groups=groups,
            unit=UNITS[measure],
            mode=theme_mode(),
            title=_TITLES[measure],
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
        st.markdown(nothing_near(ranges))
        return
    with st.grid(max(2, len(figures)), min_column_width=300, gap="medium"):
        for measure, figure in figures.items():
            with st.container(gap=None):
                st.markdown(f"**{_TITLES[measure]}**")
                show_figure(figure, key=f"panels-{measure}")
    drawn = {names[it]: week.events.get(it, ()) for groups in shown.values() for it in groups}
    if happened := caption(drawn, set(frame["week_start"])):
        st.caption(happened)
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        st.caption("Lines and scholars of", width="content")
        for stream, name in names.items():
            label = f"{formats.markdown(formats.label(name))} \u203a"
            show_way("streams", label, streams=[stream], period=week.days.window.written)


def _stream_weeks(week: Week) -> pl.DataFrame:
    """The last twelve weeks and these days; of a running week, the same days of each."""
    last = last_complete_week(week.days.window.last)
    if not week.days.is_week or week.days.is_whole_week:
        return recent(week.weekly.filter(pl.col("group_id") != "programme"), last, MEASURES)
    since = week.days.window.first - TREND_WEEKS * _WEEK
    # Only a whole week can be a shift.
    shifts = week.weekly.select("group_id", "measure", "week_start", shift="signal", whole="value")
    return (
        week.same_days.filter(
            pl.col("measure").is_in(list(MEASURES)) & (pl.col("week_start") >= since)
        )
        .join(shifts, on=["group_id", "measure", "week_start"], how="left")
        .with_columns(signal=pl.col("shift").fill_null(value=False))
        .drop("shift")
    )


def _claims(week: Week, frame: pl.DataFrame) -> tuple[list[tuple[str, str]], int]:
    """Shifts of the latest whole weeks, and how many series are beyond the range of these days."""
    last = last_complete_week(week.days.window.last)
    found = week.weekly.filter(
        pl.col("signal")
        & pl.col("week_start").is_between(min(week.days.window.first, last), last)
        & pl.col("group_id").is_in(list(week.names))
    ).sort("week_start", descending=True, maintain_order=True)
    shifts = []
    for group, measure, start in found.select("group_id", "measure", "week_start").iter_rows():
        whose = possessive(formats.markdown(formats.label(week.names[group])))
        shifts.append((f"{whose} {MEASURES[measure]}", formats.week(start)))
    out = (pl.col("value") > pl.col("limit_high")) | (pl.col("value") < pl.col("limit_low"))
    return shifts, frame.filter(pl.col("running") & out).height


def _streams_caption(week: Week) -> str:
    same = ""
    if week.days.is_week and not week.days.is_whole_week:
        through = f"{week.days.window.first:%A} to {week.days.window.last:%A}"
        same = f"Each point is {through} of its week, so the open point compares like with like. "
    return (
        f"{same}Grey: the stream's own usual range, its limits in figures at the left. A diamond "
        "is a whole week beyond it, filled if it is the latest. Each panel has its own range; "
        "times are on a log scale: compare levels by the figures."
    )
