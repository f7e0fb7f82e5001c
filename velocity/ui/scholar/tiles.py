"""Today, and the three tiles: concluded, serial or parallel, feedback loop."""

from typing import Any
from zoneinfo import ZoneInfo

import streamlit as st

from velocity import formats
from velocity.charts.tile_trend import OFF, Line, Stack, draw_tile
from velocity.reading import reads
from velocity.reading.mine import spell_over
from velocity.reading.today import Today
from velocity.sentences import mine as words, today as today_words
from velocity.sentences.answer import linked
from velocity.sentences.headline import headline
from velocity.sentences.weeks import caption
from velocity.ui.page import runs_of, show_way, show_why
from velocity.ui.parts import data_menu, show_figure, show_key
from velocity.ui.scholar.sheet import Sheet


def show_figures_line(sheet: Sheet) -> None:
    """Over which days the figures are, and a link to how the headline's was worked out."""
    said = headline(sheet.facts, sheet.whose)
    if sheet.hours:
        off = set(sheet.view.read(reads.days_off, scholar=sheet.scholar)["day"])
        if away := spell_over(sheet.window, off):
            st.markdown(words.away_line(*away))
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        first = sheet.begins_here
        line = words.figures_line(sheet.facts, sheet.zone, hours=sheet.hours, first=first)
        st.caption(line, width="content")
        label = "Why this headline"
        if said.block:
            shown = sheet.loops_of(up_to_now=sheet.up_to_now)["experiment_id"]
            waits = (sheet.wait or {}).get("experiment_id")
            # Loops of other days than the page's are not in its list.
            older = said.block == "selected-loop" and waits not in shown
            block = "today" if older else said.block
            st.markdown(f":small[[{label}](#{block})]", width="content")
        else:
            over = said.window or sheet.window
            show_why(sheet.view, said.measure, scholar=sheet.scholar, window=over, label=label)


def show_tiles(sheet: Sheet) -> None:
    """Today for the scholar alone, beside three equal tiles with their twelve weeks."""
    tiles = (*([_today] if sheet.hours else []), _concluded, _serial, _loop)
    with st.grid(len(tiles), min_column_width=300, border=True):
        for show in tiles:
            with st.container(gap="xsmall"):
                show(sheet)
    with st.container(horizontal=True, vertical_alignment="center"):
        with st.container(width="stretch"):
            away = not sheet.trend.away.isdisjoint(sheet.trend.starts)
            show_key(words.key_of_tiles(away=away))
        with st.container(width="content"):
            data_menu(sheet.table(sheet.trend.frame, "weeks"), "Weeks")
    if happened := caption({sheet.whose.name: sheet.events}, sheet.trend.starts):
        st.caption(happened)


def _today(sheet: Sheet) -> None:
    """What finished, failed, runs and waits, and where something may be launched."""
    view, who = sheet.view, sheet.who
    today = Today.of(sheet.loops, sheet.waiting, as_of=view.as_of, zone=view.zone, who=who)
    open_work = view.read(reads.open_work, scholar=sheet.scholar)
    silent = today_words.silent(view.silent.filter(scholar=sheet.scholar), sheet.zone)
    st.header("Today", anchor="today", help=today_words.HELP)
    if silent:
        st.markdown(silent)
    elif step := today_words.next_step(today, open_work, sheet.facts, sheet.whose, sheet.zone):
        st.markdown(step)
    for group in today_words.groups(today, open_work, sheet.zone):
        if not group.rows:
            # It stays, so that nothing moves.
            st.caption(f"0 {group.title}")
            continue
        told = zip(group.rows, group.said, strict=False)
        lines = [f"{linked(row)} :small[{said}]" for row, said in told]
        st.markdown("  \n".join([f"**{len(group.rows)}** {group.title}", *lines]))
        if group.more:
            ids = [row["experiment_id"] for row in group.rows]
            first = group.rows[0]["started_at"].astimezone(ZoneInfo(view.zone)).date()
            show_way("runs", f"\\+ {group.more} more", **runs_of(ids, first, sheet.window))
    for line in (today_words.free(today), today_words.night(today)):
        if line:
            st.caption(line)


def _concluded(sheet: Sheet) -> None:
    now, facts, own = sheet.now, sheet.facts, sheet.whose.own
    counted = "experiments_concluded" if facts.counts else "throughput_per_week"
    over = "" if facts.counts else " per week"
    _figures(
        f"Concluded{' so far' if facts.so_far else over}",
        f"How many experiments {'of yours ' if own else ''}had a result.",
        ("Experiments", formats.rate(now[counted]), words.concluded_help(sheet.facts)),
        ("Runs failed", words.failed_value(now), words.FAILED_HELP),
    )
    concluded = "experiments_concluded"
    _status(sheet, concluded, counted)
    _chart(
        sheet,
        "Concluded per week",
        _line(sheet, concluded, "experiments concluded", "count", over=counted),
        _line(sheet, "failure_share", "share of runs failed", "share", ink="failed"),
        key="concluded-chart",
    )
    st.caption(words.concluded_caption(now, sheet.trend, sheet.window))


def _serial(sheet: Sheet) -> None:
    title = "Serial or parallel"
    serial, parallel = words.serial_hours(sheet.now)
    _figures(
        title,
        "Serial: exactly one experiment in flight. Parallel: two or more.",
        ("Serial share", formats.share(sheet.now["serial_share"]), words.SERIAL_HELP),
        ("Hours, serial : parallel", f"{serial} : {parallel}", words.HOURS_HELP),
    )
    _status(sheet, "serial_share", "serial_share")
    one, more = ("serial_hours", "one in flight"), ("parallel_hours", "two or more")
    hours = Stack(((*one, "serial"), (*more, "parallel")), "hours")
    line = _line(sheet, "serial_share", "serial share", "share")
    _chart(sheet, title, line, hours, key="serial-chart")
    st.caption(words.serial_caption(sheet.now, sheet.trend))


def _loop(sheet: Sheet) -> None:
    title, loop = "Feedback loop", "loop_hours_median"
    value, too_few = words.loop_value(sheet.now)
    _figures(
        title,
        words.LOOP_HELP,
        ("Launch to next launch", value, words.loop_help(sheet.now)),
        words.largest_part(sheet.parts),
    )
    if too_few:
        st.markdown(too_few)
    else:
        _status(sheet, loop, loop)
    layers: list[Any] = [
        ("machine_part", "machine", "machine"),
        ("waiting_part", "waiting" if sheet.hours else "waiting or off", "reaction"),
        *([("off_part", "nights, days off", OFF)] if sheet.hours else []),
    ]
    line = _line(sheet, loop, "median loop, log scale", "hours", log=True)
    _chart(sheet, title, line, Stack(tuple(layers), "share"), key="loop-chart")
    st.caption(words.loop_caption(sheet.now, sheet.parts))


def _figures(title: str, about: str, *metrics: tuple[str, str, str]) -> None:
    st.header(title, anchor=False, help=about)
    with st.container(horizontal=True, gap="small"):
        for label, value, tip in metrics:
            st.metric(label, value, help=tip, width="stretch")


def _status(sheet: Sheet, measure: str, metric: str) -> None:
    if sheet.facts.counts:
        said = words.part_status(measure, sheet.trend)
    else:
        said = words.status(measure, sheet.trend, sheet.facts)
    if aim := sheet.aims.get(measure):
        said = f"{said}. {words.aim(aim, own=sheet.whose.own)}"
    with st.container(
        horizontal=True, gap="xsmall", vertical_alignment="center", key=f"one-row-{measure}"
    ):
        st.markdown(said, width="content")
        show_why(sheet.view, metric, scholar=sheet.scholar)


def _line(
    sheet: Sheet, measure: str, title: str, unit: str, *, over: str = "", **look: Any
) -> Line:
    """A weekly measure; `over` is the figure of the days, if that is another one."""
    usual, earlier = sheet.trend.usual(measure), sheet.trend.earlier(measure)
    value = sheet.now[over or measure]
    return Line(measure, title, unit, value=value, usual=usual, earlier=earlier, **look)


def _chart(sheet: Sheet, title: str, upper: Line, lower: Line | Stack, *, key: str) -> None:
    weeks = sheet.weeks_of(upper.column)
    frame = sheet.trend.frame
    chart = draw_tile(frame, upper=upper, lower=lower, weeks=weeks, title=title)
    show_figure(chart, key=key)
