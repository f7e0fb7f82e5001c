"""Why this number: one figure of a scholar, from raw rows to the headline."""

from __future__ import annotations

import polars as pl
import streamlit as st

from velocity import explain, formats, reads, ui
from velocity.read_schemas import READ_SCHEMAS
from velocity.sentences import why_this_number

_ALL = "All weeks"
_NO_FIGURE = {"scholar", "period_start"}
_ROWS_SHOWN = 6


def _figures(*, hours: bool) -> list[str]:
    """The figures of `reads.metrics`, without what only stands beside one.

    Args:
        hours: whether those of the hours of the day may be seen.
    """
    beside = ("_n", "_events", "_low", "_high", "_largest")
    return [
        name
        for name in READ_SCHEMAS["metrics"]
        if name not in _NO_FIGURE
        and not name.endswith(beside)
        and (hours or name not in {"reaction_awake_hours_median", "reaction_off_share"})
    ]


def _rows(frame: pl.DataFrame, title: str, caption: str, name: str) -> None:
    ui.heading(f"{title}: {formats.count(frame.height)}", caption, table=ui.Table(frame, name))
    if frame.height:
        ui.show_rows(frame, alt=title, rows_shown=_ROWS_SHOWN)


view = ui.view()
scholar = view.scholar
if scholar is None:
    ui.empty_state("There is no scholar yet.", "velocity sync --project ENTITY/PROJECT")
    st.stop()
weeks = view.read(reads.weekly, by="scholar", groups=[scholar])["week_start"].unique().sort()
known = _figures(hours=view.scope.sees_hours(scholar))
choices = [_ALL, *(monday.isoformat() for monday in reversed(weeks.to_list()))]
ui.forget_unknown("week", choices)
with st.container(horizontal=True):
    metric = st.selectbox(
        "Figure",
        known,
        index=known.index("reaction_share"),
        key="metric",
        bind="query-params",
        width=320,
    )
    week = st.selectbox(
        "Week",
        choices,
        key="week",
        bind="query-params",
        width=200,
    )
monday = None if week == _ALL else pl.Series([week]).str.to_date()[0]
found = view.read(explain.explain, scholar=scholar, metric=metric, week=monday)
who = view.who(scholar)
view.say(
    f"{formats.markdown(formats.label(who['name']))}, times in {view.zone}", why_this_number(found)
)
ui.heading("The sum", formats.markdown(found.metric.text))
for step in found.steps:
    st.text(step)
for part, total in enumerate(found.totals, start=1):
    how = "The rows of which the largest counts" if total.largest else "The rows that are added up"
    _rows(total.addends, f"{total.unit.capitalize()} {total.text}", how, f"part-{part}")
if found.latencies is not None:
    _rows(found.latencies, "Lengths", "In order, with the share that lasts longer", "lengths")
with st.grid(2, min_column_width=470, gap="medium"):
    for frame, title, caption in (
        (found.runs, "Raw rows", "As W&B said, what they were taken for, and the rule that joined"),
        (found.sessions, "Sessions", "Stretches of activity; several for a resumed run"),
        (found.experiments, "Experiments", "Launch, signal and outcome"),
        (found.loops, "Loops", "Machine and reaction, and how each ended"),
        (found.left_out, "Excluded, imputed or flagged", "What does not count, or not as it was"),
    ):
        with st.container():
            _rows(frame, title, caption, title.lower().replace(" ", "-").replace(",", ""))
