"""Why this number: one figure of a scholar, from raw rows to the headline."""

from __future__ import annotations

import polars as pl
import streamlit as st

from velocity import explain, formats, reads, ui
from velocity.definitions import definition
from velocity.sentences import why_this_number

_ALL = {"any": "All weeks", "end": "End of the data"}
_ROWS_SHOWN = 6
_LONGEST = 200  # characters of an id, whose end tells it apart
#: Of every loop the page says, or the experiment beside it does.
_SAID = ["scholar", "stream", "entity", "project"]


def _rows(frame: pl.DataFrame, title: str, caption: str, name: str) -> None:
    table = ui.Table(frame, name) if frame.height else None
    ui.heading(f"{title}: {formats.count(frame.height)}", caption, table=table)
    if table is not None:
        shown = frame.drop(_SAID) if name == "loops" else frame
        ui.show_rows(shown, alt=title, rows_shown=_ROWS_SHOWN)


view = ui.view()
scholar = view.scholar
if scholar is None:
    ui.empty_state("There is no scholar yet.", "velocity sync --project ENTITY/PROJECT")
    st.stop()
weeks = view.read(reads.weekly, by="scholar", groups=[scholar])["week_start"].unique().sort()
known = explain.explained(hours=view.scope.sees_hours(scholar))
with st.container(horizontal=True):
    metric = ui.choose_titled(
        "Figure",
        {it: definition(it).title for it in known},
        key="metric",
        default="reaction_share",
        width=320,
    )
    windows = explain.WAYS[metric].windows
    mondays = [] if windows == "end" else [it.isoformat() for it in reversed(weeks.to_list())]
    choices = [*([_ALL[windows]] if windows in _ALL else []), *mondays]
    ui.forget_unknown("week", choices)
    week = st.selectbox("Week", choices, key="week", bind="query-params", width=200)
    monday = pl.Series([week]).str.to_date()[0] if week in mondays else None
    found = view.read(explain.explain, scholar=scholar, metric=metric, week=monday)
    results = {it.of: it for it in found.results}
    of = next(iter(results), None)
    if of is not None and len(results) > 1:
        titles = {it: formats.label(each.title or it, _LONGEST) for it, each in results.items()}
        of = ui.choose_titled("Of", titles, key="of", default=of, width=420)
    result = None if of is None else results[of]
who = view.who(scholar)
view.say(
    f"{formats.markdown(formats.label(who['name']))}, times in {view.zone}",
    why_this_number(found, result),
)
ui.heading("The sum", formats.markdown(found.metric.text))
if result is not None:
    st.text("\n".join(result.steps))
with st.grid(2, min_column_width=470, gap="medium"):
    if result is not None:
        for part, total in enumerate(result.totals, start=1):
            with st.container():
                how = "The largest of these counts" if total.largest else "Added up"
                title = f"{total.unit[0].upper()}{total.unit[1:]} {total.text}"
                _rows(total.addends, title, how, f"part-{part}")
        if result.latencies is not None:
            with st.container():
                lengths = "In order, with the share that lasts longer"
                _rows(result.latencies, "Lengths", lengths, "lengths")
    for frame, title, caption in (
        (found.runs, "Raw rows", "As W&B said, what they were taken for, and the rule that joined"),
        (found.sessions, "Sessions", "Stretches of activity; several for a resumed run"),
        (found.experiments, "Experiments", "Launch, signal and outcome"),
        (found.loops, "Loops", "Machine and reaction, and how each ended"),
        (found.left_out, "Excluded, imputed or flagged", "What does not count, or not as it was"),
    ):
        with st.container():
            _rows(frame, title, caption, title.lower().replace(" ", "-").replace(",", ""))
