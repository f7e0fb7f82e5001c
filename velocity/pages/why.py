"""Why this number: one figure of a scholar, a stream or the programme, from raw rows on."""

import polars as pl
import streamlit as st

from velocity import explain, formats
from velocity.explain import Explanation, Result, Section, Total
from velocity.reading.definitions import definition
from velocity.reading.periods import whole_week
from velocity.sentences.why import why_this_number
from velocity.ui.choices import choose_titled
from velocity.ui.page import PROGRAMME, Page, of_stream
from velocity.ui.parts import Table, empty_state, heading
from velocity.ui.tables import plain_title, show_rows
from velocity.ui.view import View, current_view

_LONGEST_ID = 200  # characters; ids often differ only at the end
_LONGEST = 72  # characters of a folder within a sentence
_ADDENDS_SHOWN = 6
_ROWS_SHOWN = 8
#: Rows of a table that are sent to the browser; the menu "Data" has all of them.
_ROWS_SENT = 800
#: A table of three columns reads well from here on, px.
_NARROWEST = 400


def _draw() -> None:
    view = current_view()
    with st.container(horizontal=True):
        chosen = _choose_figure(view)
    if chosen is None:
        return
    found, result, name = chosen
    over = f"{formats.markdown(formats.label(name))}, times in {view.zone}"
    view.say(over, why_this_number(found, result, name), window=found.over)
    show_explanation(found, result, hours=view.scope.sees_hours(found.scholar))


def _choose_figure(view: View) -> tuple[Explanation, Result | None, str] | None:
    """The explanation of the chosen figure, the chosen one of its results, and whose it is."""
    group = _choose_group(view)
    if group is None:
        return None
    whose, name = group
    by, ways = next(iter(whose), PROGRAMME), explain.ways()
    known = explain.explained(hours=view.scope.sees_hours(whose.get("scholar")))
    titles = {it: definition(it).title for it in known if by in ways[it].kinds}
    metric = choose_titled("Figure", titles, key="metric", default="reaction_share", width=320)
    windows, week = ways[metric].windows, whole_week(view.window.last)
    window = {"any": view.window, "week": week}.get(windows)
    found = view.read(explain.explain, **whose, metric=metric, window=window)
    results = {it.of: it for it in found.results}
    of = next(iter(results), None)
    if of is not None and len(results) > 1:
        said = {it: formats.label(each.title or it, _LONGEST_ID) for it, each in results.items()}
        of = choose_titled("Of", said, key="of", default=of, width=420)
    return found, None if of is None else results[of], name


def _choose_group(view: View) -> tuple[dict[str, str], str] | None:
    """Whose figure is explained, as keywords of `explain`, and the name; None without anybody.

    Streams and the programme are offered to viewers who may see everybody in them.
    """
    choices: dict[str, tuple[dict[str, str], str]] = {}
    if view.scholar is not None:
        choices["scholar"] = {"scholar": view.scholar}, view.who(view.scholar)["name"]
    if view.scope.everything:
        choices[PROGRAMME] = {}, "the programme"
    for stream, name in view.stream_names.items():
        if view.scope.sees_stream(stream):
            choices[of_stream(stream)] = {"stream": stream}, name
    if not choices:
        empty_state("There are no scholars yet.", "velocity init")
        return None
    if len(choices) == 1:
        return next(iter(choices.values()))
    titles = {it: formats.label(name) for it, (_, name) in choices.items()}
    default = next(iter(choices))
    return choices[choose_titled("Whose", titles, key="whose", default=default, width=200)]


def show_explanation(found: Explanation, result: Result | None, *, hours: bool) -> None:
    """The steps of a result, their addends or ordered values, and all rows behind them.

    `hours`: whether the viewer may see the scholar's hours of the day.
    """
    notes = []
    if result is not None:
        heading("How it is worked out", formats.markdown(found.metric.text))
        st.text("\n".join(result.steps))
        notes.append(f"The figure's own query gives: {formats.written(result.headline)}")
    # Those of the result's experiment or line: an experiment has the id of its first run.
    of = "" if result is None else result.of
    within = pl.col("experiment").str.starts_with(f"{of}/")
    own = found.runs.filter((pl.col("experiment") == of) | within)["run"]
    if result is not None and 0 < own.len() < found.runs.height:
        said = formats.markdown(formats.label(result.title or of, _LONGEST))
        notes.append(f"The rows of {said} come first")
    st.caption("  \n".join(notes))
    if result is not None:
        _show_parts(result)
    for section in explain.sections(found):
        _show_section(section, own, hours=hours)


def _show_parts(result: Result) -> None:
    if result.totals:
        with st.grid(len(result.totals), min_column_width=_NARROWEST, gap="medium"):
            for part, total in enumerate(result.totals, start=1):
                with st.container():
                    _show_total(total, f"part-{part}")
    if result.latencies is not None and result.latencies.height:
        count = formats.plural(result.latencies.height, result.noun)
        several = result.latencies["scholar"].n_unique() > 1
        _show(
            f"How long it took, {result.noun} by {result.noun}",
            f"{count}, shortest first; at risk = lasts at least as long; survival = the share "
            "that lasts longer, with its 95 % limits",
            Table(result.latencies, "lengths"),
            result.latencies.drop("what", *([] if several else ["scholar"])),
            pinned="name",
            # The row that decides the median is in the middle.
            sent=result.latencies.height,
        )


def _show_total(total: Total, name: str) -> None:
    addends, value = total.addends, formats.with_unit(total.value, total.unit)
    shown = (
        addends.sort("amount", descending=True, maintain_order=True) if total.largest else addends
    )
    if (shown["amount"] == shown["amount"].round()).all():
        shown = shown.cast({"amount": pl.Int64})
    come_to = "of which the largest is" if total.largest else "adding up to"
    _show(
        f"{total.text[0].upper()}{total.text[1:]}",
        f"{formats.plural(addends.height, 'row')}, {come_to} {value}",
        Table(addends, name),
        shown,
        rows_shown=_ADDENDS_SHOWN,
    )


def _show_section(section: Section, own: pl.Series, *, hours: bool) -> None:
    # A viewer without access to the hours of the day would see a column of dashes.
    shown = [it for it in section.shown if hours or it != "reaction_awake_hours"]
    frame = section.frame
    named = [it for it in ("run", "experiment", "experiment_id") if it in frame.columns]
    if named:
        first = pl.col(named[0]).is_in(own.implode())
        frame = frame.sort(first, descending=True, maintain_order=True)
    rows = formats.plural(section.frame.height, "row")
    _show(
        section.title,
        f"{rows}: {section.about}",
        Table(section.frame, section.title.lower().replace(" ", "-").replace(",", "")),
        frame.select(shown),
        pinned=section.keys[0] if section.keys else None,
    )
    # The meaning of each word in a column, column beside column.
    words = {column: meanings for column, meanings in section.words.items() if meanings}
    if words:
        with st.grid(len(words), min_column_width=_NARROWEST, gap="small"):
            for column, meanings in words.items():
                lines = (f"**{word.replace('_', ' ')}**: {text}" for word, text in meanings.items())
                st.caption("  \n".join((plain_title(column), *lines)))


def _show(
    title: str,
    caption: str,
    table: Table,
    shown: pl.DataFrame,
    *,
    rows_shown: int = _ROWS_SHOWN,
    pinned: str | None = None,
    sent: int = _ROWS_SENT,
) -> None:
    some = not table.frame.is_empty()
    if shown.height > sent:
        caption = f"{caption}; the first {sent:,} are shown, and the menu Data has all"
    heading(title, caption, table=table if some else None)
    if some:
        show_rows(shown.head(sent), alt=title, rows_shown=rows_shown, pinned=pinned)


PAGE = Page(
    "why",
    "Why this number",
    ("period", "scholar"),
    ("lead", "mentor", "research manager", "scholar"),
    _draw,
    70,
    "Evidence",
    opens="4 weeks",
)
