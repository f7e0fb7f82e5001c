"""The shared parts of pages, run without a browser."""

# ruff: noqa: PLC0415 - AppTest runs the source of each of these functions alone

import json
from datetime import date

import polars as pl
import pytest
from streamlit.testing.v1 import AppTest

from scripts.waiting import PATIENCE_S


def section():
    import polars as pl

    from tests.chart_frames import weeks
    from velocity.charts.weeks import draw_trend
    from velocity.ui import parts as ui

    frame = weeks([4.0, 5.0]).with_columns(name=pl.lit("=1+1"))
    chart = draw_trend(frame, title="Reaction", unit="hours")
    table = ui.Table(frame, "reaction")
    ui.show_chart(chart, title="Reaction", caption="2 weeks, n = 20", table=table)


def period():
    from datetime import date

    import streamlit as st

    from velocity.reading.periods import Window
    from velocity.ui.choices import period_control

    first_run = "opened" not in st.session_state
    st.session_state["opened"] = True
    data = Window(date(2026, 8, 31), date(2026, 11, 28))
    chosen = period_control(data, opens="4 weeks", from_address=first_run)
    st.text(chosen.window.words.replace("\u00a0", " "))


def first_page_with_a_bound_choice():
    import streamlit as st

    from velocity.ui.page import go_on_to

    def other() -> None:
        st.write("other")

    def home() -> None:
        st.selectbox("Period", ["a", "b"], key="period", bind="query-params")
        go_on_to(theirs)

    theirs = st.Page(other, title="Theirs", url_path="theirs")
    st.navigation([st.Page(home, title="Home", default=True), theirs]).run()


def trouble():
    from velocity.errors import VelocityError
    from velocity.ui import parts as ui

    ui.show_error(VelocityError("No ![x](http://evil) here.", "Run *velocity sync*."))
    ui.empty_state("No runs yet.", "velocity sync")


def run(page, **query):
    test = AppTest.from_function(page, default_timeout=PATIENCE_S)
    for name, value in query.items():
        test.query_params[name] = value
    test.run()
    assert not test.exception
    return test


def test_a_chart_has_an_alternative_text_our_theme_and_a_menu_with_its_table():
    test = run(section)
    chart = test.get("plotly_chart")[0].proto
    assert chart.alt.startswith("Reaction, 2 weeks from")
    assert not chart.theme
    assert json.loads(chart.config)["displayModeBar"] is False
    assert len(test.get("menu_button")) == 1
    assert [header.value for header in test.header] == ["Reaction"]


@pytest.mark.parametrize(
    ("query", "words", "all_there"),
    [
        ({}, "26 Oct to 22 Nov 2026", True),
        ({"period": "Last week"}, "16 to 22 Nov 2026", True),
        ({"period": "nonsense"}, "26 Oct to 22 Nov 2026", False),
        ({"period": "2026-10-05..2026-10-11"}, "5 to 11 Oct 2026", True),
        ({"period": "2026-08-01..2026-08-30"}, "26 Oct to 22 Nov 2026", False),
        ({"period": "2026-08-01..2026-09-06"}, "31 Aug to 6 Sep 2026", False),
    ],
)
def test_the_window_is_the_one_in_the_address(query, words, all_there):
    test = run(period, **query)
    assert test.text[0].value.replace("\u00a0", " ") == words
    told = [it.value.replace("\u00a0", " ") for it in test.caption]
    said = "The days of the address are not all here: data is from 31 Aug to 28 Nov 2026."
    assert told == ([] if all_there else [said])


def test_a_period_by_name_becomes_days_in_the_address():
    test = run(period)
    control = test.segmented_control[0]
    assert control.value == "4 weeks"
    control.set_value("This week").run()
    assert test.query_params["period"] == "2026-11-23..2026-11-28"


def test_custom_days_count_once_they_are_applied():
    test = run(period)
    test.segmented_control[0].set_value("Custom").run()
    assert test.text[0].value == "26 Oct to 22 Nov 2026"
    first, last = test.date_input
    first.set_value(date(2026, 10, 5))
    last.set_value(date(2026, 10, 11))
    test.button[0].click().run()
    assert test.text[0].value == "5 to 11 Oct 2026"
    assert test.query_params["period"] == "2026-10-05..2026-10-11"
    assert test.segmented_control[0].value == "Custom"


def test_an_error_on_a_page_links_to_another_one():
    test = run(first_page_with_a_bound_choice, period="b")
    (link,) = test.get("page_link")
    assert link.proto.label == "Theirs"


def test_an_error_is_a_sentence_and_a_hint_and_never_markup():
    test = run(trouble)
    assert "![x]" not in test.warning[0].value
    assert "velocity sync" in test.code[0].value


def test_boolean_columns_keep_their_names():
    from velocity.ui.tables import readable

    said = {"open": [True], "estimated": [False], "clock": [None]}
    frame = pl.DataFrame(said, schema=dict.fromkeys(said, pl.Boolean))
    assert readable(frame, "UTC").to_dicts() == [{"open": "yes", "estimated": "", "clock": ""}]


def test_a_table_shortens_figures_in_lists_too():
    from velocity.ui.tables import readable

    frame = pl.DataFrame({"last_loops_hours": [[21.729166666666668, 1.5]], "streams": [["a"]]})
    assert readable(frame, "UTC").to_dicts() == [{"last_loops_hours": "21.73, 1.5", "streams": "a"}]
