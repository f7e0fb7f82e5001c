"""The sheet of one scholar for a mentor's hour."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from velocity import formats
from velocity.charts.launches import draw_launches
from velocity.sentences import mentor as words
from velocity.sentences import mentor_facts as rows_of
from velocity.ui.drill import show_way, way_in_text
from velocity.ui.experiment import clicked_experiment
from velocity.ui.files import show_brief
from velocity.ui.parts import Table, data_menu, show_figure, theme_mode
from velocity.ui.stream_parts import show_panels, weeks_caption

if TYPE_CHECKING:
    from collections.abc import Mapping

    from velocity.report.work import Work
    from velocity.sentences.answer import Row
    from velocity.sentences.mentor_facts import Facts

_TWO_WEEKS = timedelta(days=13)


def show_mentor_sheet(
    work: Work, scholar: str, *, order: Mapping[str, str], choice: str = ""
) -> None:
    """A claim, its sentences, two weeks of launches, thirteen weeks, the experiments.

    All of it fits a screen of 1440 x 900 px.

    Args:
        work: the scholar's work that counts.
        scholar: one of its people.
        order: id -> name of those whose sheets come before and after; empty for no links.
        choice: the choice on the page Streams, which these links keep.
    """
    facts = work.facts(scholar)
    # My velocity shows a sheet for each of the scholar's streams.
    key = _plain(work.stream or "")
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
                if scholar in order:
                    _steps(order, scholar, choice)
                with st.container(width="content"):
                    data_menu(Table(facts.experiments, f"sheet-{key}"), "Experiments")
                show_brief(work, facts, key=f"brief-{key}")
        projects = [*dict.fromkeys(facts.experiments["project"])]
        panels = weeks_caption(work, [scholar])
        st.caption(f"{words.caption(facts, projects)} \u00b7 {panels}")
        with st.container(gap="xxsmall"):
            for line in words.sheet_lines(facts):
                about, text = st.columns([1, 8.5], gap=None)
                about.caption(line.about)
                text.markdown(line.text)
        # Hidden on a phone.
        with st.container(key=f"wide-launches-{key}"):
            _launches(work, facts, f"launches-{key}")
        show_panels(work, scholar)
        _behind(work, facts)


def _steps(order: Mapping[str, str], scholar: str, choice: str) -> None:
    ids = [*order]
    at = ids.index(scholar)
    for step, form in ((-1, "\u2039 {}"), (1, "{} \u203a")):
        if 0 <= at + step < len(ids):
            other = ids[at + step]
            name = formats.markdown(formats.label(order[other], 16))
            show_way("streams", form.format(name), scholar=other, streams=choice)


def _launches(work: Work, facts: Facts, key: str) -> None:
    last = work.days.window.last
    frame = facts.experiments.reverse()
    rows = [
        {
            "experiment_id": row["experiment_id"],
            "label": row["label"],
            "outcome": row["outcome"],
            "loop_status": row["loop_status"],
            "launched": facts.day(row["started_at"]),
            "result": facts.day(row["result_at"]) if row["result_at"] is not None else None,
            "next": facts.day(row["next_at"]) if row["next_at"] is not None else None,
        }
        for row in frame.iter_rows(named=True)
    ]
    title = f"Launches, days in {facts.zone}"
    chart = draw_launches(rows, first=last - _TWO_WEEKS, last=last, mode=theme_mode(), title=title)
    show_figure(chart, key=key, on_select=partial(_take_clicked, key))


def _take_clicked(chart: str) -> None:
    """Keeps the experiment of the clicked mark, which the table then shows first."""
    clicked = clicked_experiment(chart)
    if clicked is not None:
        st.session_state["launch"] = clicked


def _behind(work: Work, facts: Facts) -> None:
    rows = rows_of.behind(facts, chosen=st.session_state.get("launch"))
    if rows:
        table = rows_of.table(facts, rows, [_link(work, facts, row) for row in rows])
        st.table(table, border="horizontal", hide_index=True)


def _link(work: Work, facts: Facts, row: Row) -> str:
    """The experiment's runs on the page Runs."""
    name = formats.markdown(formats.label(row["label"], 28))
    first = min(facts.day(row["started_at"]), work.days.window.first)
    choices = {
        "period": f"{first.isoformat()}..{work.days.window.last.isoformat()}",
        "runs-experiment": row["experiment_id"],
    }
    return way_in_text("runs", name, **choices)


def _plain(text: str) -> str:
    return "".join(it if it.isalnum() and it.isascii() else "-" for it in text)
