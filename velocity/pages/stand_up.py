"""Stand-up: what changed, what is stuck, what the compute bought, whose credits end first.

With `?present=1..3` it is one of three slides without names, navigation or choices.
"""

from datetime import timedelta

import streamlit as st

from velocity import formats
from velocity.charts.balances import draw_ends
from velocity.charts.base import Chart
from velocity.charts.waits import draw_waits
from velocity.reading import reads, series
from velocity.sentences import queue as queue_words, week as words
from velocity.sentences.answer import Answer
from velocity.sentences.ends import runs_out
from velocity.sentences.weeks import NOT_TRACKED, coverage, restated_clause
from velocity.ui import week_parts as parts
from velocity.ui.choices import asked_of
from velocity.ui.page import Page, show_why
from velocity.ui.parts import show_figure
from velocity.ui.share import show_share
from velocity.ui.view import current_view
from velocity.ui.week import Week, tiles, week_chart

_LATELY = timedelta(days=7)
#: Of the tiles on the first slide, which has few words.
_LABELS = ("Concluded", "One at a time", "Loop")
_ENDS_ROW = 48
#: Everything is as many times as large as on the page: text of 12 px is 24 px on a projector.
_LARGER = 2
#: Of the windows of projectors, px.
_NARROWEST = 1200
# The keys are buttons that show only while they have the focus. A window that is narrower than any
# projector has no room for words of twice the size.
_STYLE = f"""<style>
html {{ font-size: {14 * _LARGER}px }}
[data-testid="stHeader"] {{ display: none }}
[data-testid="stMainBlockContainer"] {{ padding: 1.5rem 2.5rem 0 }}
[data-testid="stMainBlockContainer"] > [data-testid="stVerticalBlock"]
  > :not(:has(.st-key-slide)) {{
  display: none
}}
.st-key-slide h1 {{ padding-top: 0 }}
.st-key-slide [data-testid="stGridCell"] {{ padding: .5rem }}
[data-testid="stLayoutWrapper"]:has(> .st-key-slide-keys) {{ position: absolute; right: 0 }}
.st-key-slide-keys {{ width: max-content; opacity: 0 }}
.st-key-slide-keys:focus-within {{ opacity: 1 }}
[class*="st-key-small-"] {{ display: none }}
@media (max-width: {_NARROWEST - 1}px) {{
  html {{ font-size: 14px }}
  [class*="st-key-large-"] {{ display: none }}
  [class*="st-key-small-"] {{ display: flex }}
}}
</style>"""


def _draw() -> None:
    view = current_view()
    week = Week(view)
    asked = asked_of("present", ("1", "2", "3"))
    if asked is not None:
        _present(week, int(asked))
        return
    week.begin()
    so_far = week.so_far("experiments_concluded")
    headline = words.headline(week.programme, so_far)
    about = f"programme, {formats.plural(view.trust['scholars'], 'scholar')}"
    view.say(about, Answer(headline), window=week.days.kicker)
    with view.choices:
        st.button("Present", on_click=_go_to, args=(1,), key="present")
    show_share(view, series.last_complete_week(view.window.last))
    with view.answer, st.container(horizontal=True, gap="small", vertical_alignment="center"):
        counts, scholars = view.windowed(reads.run_counts), view.read(reads.scholars)
        st.caption(coverage(counts, view.trust, scholars, week.days.on), width="content")
        show_why(view, "experiments_concluded", label="Why this headline")
    _five_lines(week)
    parts.show_tiles(week)
    with st.grid(2, min_column_width=520, gap="medium"):
        with st.container():
            parts.show_queue(week)
        with st.container():
            parts.show_moved(week)
    parts.show_moved_lines(week)
    parts.show_streams(week)
    moved = view.read(reads.restated, by="programme", since=view.as_of - _LATELY)
    clause = restated_clause(moved, week.today - _LATELY)
    st.caption(f"{NOT_TRACKED} {clause}".strip())


def _five_lines(week: Week) -> None:
    """Changed, Going well, Stuck, Compute, Runs out: always all five, in this order."""
    streams = [
        (name, *week.of(it).conclusions)
        for it, name in week.view.stream_names.items()
        if it in week.now and it in week.before
    ]
    stuck = words.stuck(week.decisions, week.known_on)
    lines = (
        words.changed(week.weekly, week.same_days, week.view.stream_names, week.days),
        words.going_well(week.programme, streams),
        words.with_silent(stuck, week.view.trust["stale_runs"]),
        words.compute(week.programme),
        runs_out(week.ends, week.known_on),
    )
    with st.container(gap="xxsmall"):
        for line in lines:
            about, text = st.columns([1, 11.5], gap=None)
            about.caption(line.about)
            text.markdown(line.text)


def _present(week: Week, slide: int) -> None:
    st.html(_STYLE)
    with st.container(key="slide"):
        with st.container(key="slide-keys", horizontal=True, width="content"):
            for label, shortcut, to in (
                ("Back", "Left", max(slide - 1, 1)),
                ("Next", "Right", min(slide + 1, len(_SLIDES))),
                ("Close", "Esc", None),
            ):
                st.button(label, shortcut=shortcut, on_click=_go_to, args=(to,), key=f"go-{label}")
        st.caption(f"{slide} of {len(_SLIDES)}")
        _SLIDES[slide - 1](week)


def _go_to(slide: int | None) -> None:
    if slide:
        st.query_params["present"] = str(slide)
    else:
        st.query_params.pop("present", None)


def _this_week(week: Week) -> None:
    # The charts show the usual range.
    st.title(words.headline(week.programme, None), anchor=False)
    with st.grid(3, min_column_width=250, border=True, gap="xsmall"):
        for label, (said, measure) in zip(_LABELS, tiles(week), strict=True):
            with st.container(gap="xsmall"):
                st.metric(label, said.value)
                chart = week_chart(week, measure, narrow=True)
                _show(chart, measure)


def _needs_a_decision(week: Week) -> None:
    st.title(queue_words.presented(week.decisions, week.known_on), anchor=False)
    waits = queue_words.by_stream(week.decisions, week.view.stream_names)
    figure = draw_waits(waits, title="Results that wait")
    _show(figure, "waits")
    silent = words.silent(week.view.trust["stale_runs"])
    st.caption(f"One dot per line, in working hours since its result. {silent}".rstrip())


def _credits(week: Week) -> None:
    said = runs_out(week.ends, week.known_on)
    st.title(f"{said.start} {said.rest}".strip(), anchor=False)
    title, today = "Credits run out", week.known_on
    figure = draw_ends(week.ends, today=today, title=title, row_height=_ENDS_ROW)
    _show(figure, "ends")


def _show(chart: Chart, key: str) -> None:
    """The chart for a projector, and for a narrow window: it shows the one for its width."""
    if chart.missing:
        show_figure(chart, key=key)
        return
    for size, drawn in (("large", chart.enlarged(_LARGER)), ("small", chart)):
        with st.container(key=f"{size}-{key}"):
            show_figure(drawn, key=f"slide-{size}-{key}")


#: This week, Needs a decision, Credits.
_SLIDES = (_this_week, _needs_a_decision, _credits)

PAGE = Page("stand_up", "Stand-up", ("period",), ("lead",), _draw, 10)
