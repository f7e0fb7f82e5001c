"""The sheet of one scholar for a mentor's hour."""

from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from functools import partial

import polars as pl
import streamlit as st

from velocity import formats
from velocity.charts.launches import draw_launches
from velocity.charts.panels import ROW, draw_panels
from velocity.report.brief import Brief, brief_as_html, brief_as_markdown
from velocity.report.work import Work
from velocity.sentences import mentor as words, mentor_facts, streams as stream_words
from velocity.sentences.mentor_facts import MEASURES, Facts
from velocity.sentences.weeks import caption
from velocity.ui.files import download_button
from velocity.ui.page import runs_of, show_way, show_why, way_in_text
from velocity.ui.parts import Table, data_menu, plain_name, show_figure

_TWO_WEEKS = timedelta(days=13)
#: The sheet has to fit a screen of 900 px.
_SHEET_ROW = 52


def show_mentor_sheet(
    work: Work, scholar: str, *, order: Mapping[str, str], choice: str = ""
) -> None:
    """A claim, its sentences, two weeks of launches, some weeks, the experiments.

    All of it fits a screen of 1440 x 900 px. `order` has the names of those whose sheets come
    before and after, by id; empty for no links, which keep the `choice` on the page Streams.
    """
    facts = work.facts(scholar)
    # My velocity shows a sheet for each of the scholar's streams.
    key = plain_name(work.stream or "")
    with st.container(border=True, gap="xsmall", key=f"mentor-sheet-{key}"):
        with st.container(
            horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
        ):
            st.header(words.title(facts), anchor=False, width="stretch")
            with st.container(
                horizontal=True, width="content", gap="small", vertical_alignment="center"
            ):
                if order and work.view.scope.sees_whole(scholar):
                    show_way("my_velocity", "My velocity \u203a", scholar=scholar)
                show_way("runs", "Runs of these days \u203a", **{"runs-scholar": [scholar]})
                ids = [None, *order, None]
                at = ids.index(scholar) if scholar in order else 0
                for other, form in ((ids[at - 1], "\u2039 {}"), (ids[at + 1], "{} \u203a")):
                    if at and other is not None:
                        name = formats.markdown(formats.label(order[other], 16))
                        show_way("streams", form.format(name), scholar=other, streams=choice)
                with st.container(width="content"):
                    data_menu(Table(facts.experiments, f"sheet-{key}"), "Experiments")
                _show_brief(work, facts, f"brief-{key}")
        projects = [*dict.fromkeys(facts.experiments["project"])]
        panels = weeks_caption(work, [scholar])
        drawn = "bars of launches: by day, not to scale"
        st.caption(f"{words.caption(facts, projects)} \u00b7 {panels} \u00b7 {drawn}")
        with st.container(gap="xxsmall"):
            # The table of the sheet has what concluded.
            for line in (it for it in words.lines(facts) if it.about != "Concluded"):
                about, text = st.columns([1, 8.5], gap=None)
                about.caption(line.about)
                text.markdown(line.text)
        # Hidden on a phone.
        with st.container(key=f"wide-launches-{key}"):
            _launches(work, facts, f"launches-{key}")
        _show_panels(work, scholar)
        _behind(work, facts)


def _launches(work: Work, facts: Facts, key: str) -> None:
    last = work.days.window.last
    days = {"launched": "started_at", "result": "result_at", "next": "next_at"}
    rows = [
        row | {day: row[at] and facts.day(row[at]) for day, at in days.items()}
        for row in facts.experiments.reverse().iter_rows(named=True)
    ]
    title = f"Launches, days in {facts.zone}"
    chart = draw_launches(rows, first=last - _TWO_WEEKS, last=last, title=title)
    # The table shows the experiment of a clicked mark first.
    show_figure(chart, key=key, on_click=lambda it: st.session_state.update(launch=it))


def _behind(work: Work, facts: Facts) -> None:
    """The experiments, each with a link to its runs."""
    links = []
    rows = mentor_facts.behind(facts, chosen=st.session_state.get("launch"))
    for row in rows:
        choices = runs_of([row["experiment_id"]], facts.day(row["started_at"]), work.days.window)
        name = formats.markdown(formats.label(row["label"], 28))
        links.append(way_in_text("runs", name, **choices))
    if rows:
        table = mentor_facts.table(facts, rows, links)
        st.table(table, border="horizontal", hide_index=True)


def _show_brief(work: Work, facts: Facts, key: str) -> None:
    """The button "Brief": the sentences of the sheet as a file."""
    with st.popover("Brief", type="tertiary"):
        st.caption("These sentences on one page. It names a scholar: it is not for passing on.")
        for kind, ending, mime, write in (
            ("Markdown", "md", "text/markdown", brief_as_markdown),
            ("HTML", "html", "text/html", brief_as_html),
        ):
            days = facts.days.window
            name = f"brief-{days.first.isoformat()}-{days.last.isoformat()}.{ending}"
            make = partial(_brief, write, work, facts)
            download_button(f"Download {kind}", name, mime, make, key=f"{key}-{ending}")


def _brief(write: Callable[[Brief], str], work: Work, facts: Facts) -> bytes:
    return write(Brief.of(facts, work.view.as_of)).encode()


def _show_panels(work: Work, scholar: str) -> None:
    """The weeks of one scholar's measures, side by side."""
    explained = work.is_all_of(scholar)  # as an explanation is of all of the scholar's work
    with st.grid(4, min_column_width=190, gap="small"):
        for measure, (title, _) in MEASURES.items():
            with st.container(gap=None):
                with st.container(horizontal=True, gap="xsmall"):
                    st.caption(title, width="content")
                    if explained:
                        show_why(work.view, measure, scholar=scholar)
                key = f"sheet-{work.stream}-{measure}"
                show_measure(work, measure, {scholar: ""}, key, row_height=_SHEET_ROW)


def show_measure(
    work: Work, measure: str, groups: Mapping[str, str], key: str, *, row_height: int = ROW
) -> None:
    """A panel per scholar with the weeks of a measure."""
    title, unit = MEASURES[measure]
    chart = draw_panels(
        work.weeks.filter(measure=measure),
        groups=groups,
        unit=unit,
        title=title,
        events={it: found for it, found in work.events.items() if it in groups},
        row_height=row_height,
    )
    show_figure(chart, key=key)


def weeks_caption(work: Work, scholars: Iterable[str]) -> str:
    """Which days of how many weeks the panels show, and what happened in them."""
    ids = [*scholars]
    shown = work.weeks.filter(pl.col("group_id").is_in(ids))
    found = {work.people[it]: work.events.get(it, ()) for it in ids}
    happened = caption(found, set(work.weeks["week_start"]))
    return f"{stream_words.weeks_caption(shown, work.days)} {happened}".rstrip()
