"""Below the loops: side by side, what the compute bought, beside the cohort, what the page sees."""

import polars as pl
import streamlit as st

from velocity import formats
from velocity.charts.hours import draw_bought, draw_side_by_side
from velocity.charts.strips import draw_strips
from velocity.charts.tile_trend import Line, draw_tile
from velocity.reading import frames, reads
from velocity.sentences import bought, together
from velocity.sentences.seen import SEEN_BY_OTHERS, seen_by, sees
from velocity.sentences.together import COULD_HELP, SPARED_HELP, array_line, sweep_stub
from velocity.ui.page import show_way, show_why
from velocity.ui.parts import data_menu, heading, show_chart, show_figure, show_key
from velocity.ui.scholar.sheet import Sheet
from velocity.ui.tables import show_rows

_MOST_CHAINS = 3
#: What the bars and the figures beside them show.
_HOURS = (
    *("experiment_hours", "busy_hours", "serial_hours", "parallel_hours"),
    *("spared_hours", "side_by_side_hours"),
)


def show_together(sheet: Sheet) -> None:
    """Hours spared by parallel work, hours that could have been, and up to three chains."""
    now = sheet.now
    hours = pl.DataFrame([{it: now[it] for it in _HOURS}])
    table = sheet.table(hours, "side-by-side")
    heading("Side by side", sheet.facts.dates, table=table, anchor="side-by-side")
    spared, could = together.figures(now, sheet.chains)
    with st.container(horizontal=True, gap="small"):
        st.metric("Spared by working in parallel", spared, help=SPARED_HELP, width="stretch")
        st.metric("Could have run side by side", could, help=COULD_HELP, width="stretch")
    chart = draw_side_by_side(now, title="Side by side")
    show_figure(chart, key="together-chart")
    st.markdown(together.advice(sheet.facts))
    chains = sheet.chains.sort("spare_hours", descending=True).head(_MOST_CHAINS)
    for row in chains.iter_rows(named=True):
        st.markdown(together.chain(row, sheet.zone))
    # Something to copy, only where something was found.
    setting, longest = sheet.setting, max(map(len, sheet.chains["experiments"]), default=0)
    with st.container(key="wide-array"):
        if setting is not None:
            st.markdown(together.one_setting(setting))
            st.code(
                sweep_stub(setting.key, setting.experiments),
                language=None,
                wrap_lines=True,
            )
        elif longest:
            st.caption("Next time, launch such a chain at once:")
            # Their configs differ in several keys: one config file for each.
            st.code(array_line("config", longest), language=None, wrap_lines=True)
    with st.container(horizontal=True, vertical_alignment="center"):
        show_why(sheet.view, "side_by_side_hours", scholar=sheet.scholar)
        if longest:
            data_menu(sheet.table(sheet.chains, "chains"), "Chains")


def show_bought(sheet: Sheet) -> None:
    """GPU-hours, what they led to, and their cost per concluded experiment."""
    now = sheet.now
    parts = bought.parts(now)
    heading(
        "What my compute bought" if sheet.whose.own else "What the compute bought",
        bought.over(sheet.window),
        table=sheet.table(parts, "compute"),
    )
    with st.container(horizontal=True, gap="small"):
        for label, value, about in bought.figures(now):
            st.metric(label, value, help=about, width="stretch")
    show_figure(draw_bought(parts, title="GPU-hours"), key="bought-chart")
    show_key(bought.key(parts))
    spent = sheet.view.windowed(reads.compute_table, by_scholar=True)
    said = (
        bought.compared(now, sheet.before, sheet.change_of("gpu_hours_per_concluded")),
        bought.of_streams(spent, sheet.scholar),
        bought.after_decision(now),
    )
    st.markdown(" ".join(filter(None, said)))
    title = "GPU-hours per concluded experiment"
    panel = Line("gpu_hours_per_concluded", title, "count", value=now["gpu_hours_per_concluded"])
    weeks = sheet.weeks_of(panel.column)
    cost = draw_tile(sheet.trend.frame, upper=panel, weeks=weeks, title=title)
    show_figure(cost, key="cost-chart")
    if unknown := bought.unknown(now):
        st.caption(unknown)
    with st.container(horizontal=True, gap="small"):
        for metric, label in (
            ("gpu_hours", "Why these GPU-hours"),
            ("credits", "Why these credits"),
        ):
            show_why(sheet.view, metric, scholar=sheet.scholar, label=label)


def show_cohort(sheet: Sheet) -> None:
    """The tiles' figures beside the middle half of the others; only over the last four weeks."""
    title = "Beside the cohort"
    with st.container(key="wide-cohort"):
        if sheet.view.period != "4 weeks":
            # The cohort is known for the last four whole weeks only.
            heading(title, "Only for the last four full weeks: choose 4 weeks")
            return
        strips = frames.strips(sheet.now, sheet.view.read(reads.bands, scholar=sheet.scholar))
        who = "you" if sheet.whose.own else formats.label(sheet.whose.name)
        show_chart(
            draw_strips(strips, title=title, who=who),
            title=title,
            caption=f"{sheet.window.words}. Bar: the middle half of the others; tick: their "
            "median; both rounded to 5 points or a half. Nobody is named or ranked",
            table=sheet.table(strips, "cohort"),
        )


def show_seen(sheet: Sheet) -> None:
    """What is missing, who sees what, and who looked."""
    view, parts = sheet.view, ("volume", "automation")
    heading("What this page sees, and who sees it")
    counted = view.read(reads.metrics, by="scholar", groups=[sheet.scholar], parts=parts)
    runs, automated = counted.select("runs_started", "automated_started").row(0)
    st.markdown(sees(runs, automated, view.trust["first_day"], sheet.whose))
    if view.viewer.email is None:
        st.markdown(SEEN_BY_OTHERS)
    elif view.is_own(sheet.scholar):
        theirs = {*sheet.loops["stream"], *sheet.who["streams"]}
        own = {it: name for it, name in view.stream_names.items() if it in theirs}
        leads = view.settings.access.leads_see_individuals
        st.markdown("**You** see all of it. By the current roster, others see:")
        rows = seen_by(view.roster, sheet.scholar, own, leads_see_individuals=leads)
        show_rows(rows, alt="Who sees what about you")
        kept = formats.plural(view.settings.access.views_kept_days, "day")
        looks = view.looks(sheet.scholar)
        if looks.is_empty():
            st.caption(f"Nobody else opened your pages in the last {kept}.")
        else:
            st.caption(f"Who opened your pages in the last {kept}; times in {view.zone}")
            show_rows(looks, alt="Who looked at your pages, latest first")
    else:
        name = formats.markdown(formats.label(sheet.whose.name))
        st.markdown(
            f"You see {name}'s figures, runs and dates; no hours of the day, nights or days off. "
            f"{name} sees that you opened this page."
        )
    with st.container(horizontal=True, gap="small"):
        show_way("definitions", "Definitions")
        show_way("data_health", "Data health")
