"""Streams on a small store: the queue, the sheet of a scholar, and inert names."""

from datetime import date, timedelta

import polars as pl
import pytest

from tests.app_pages import open_page, ten_weeks, words
from tests.builders import at, one_run, run, store_of
from tests.plain_sentences import plain
from tests.roster_texts import ADA, BEN, parsed, stream
from tests.stores import built, copied
from velocity import formats
from velocity.reading import reads
from velocity.reading.access import EVERYTHING, Scope, Viewer
from velocity.reading.periods import Window
from velocity.reading.viewed import ViewedDays
from velocity.report.work import Work
from velocity.store import latest_snapshot
from velocity.ui import sign_in

pytestmark = pytest.mark.sampled(8)

WEEK = "2026-03-09..2026-03-15"
FIRST, END = date(2026, 3, 9), date(2026, 3, 16)


@pytest.fixture(scope="module")
def data():
    return built(ten_weeks)


@pytest.fixture(scope="module")
def page(data):
    """Ada's sheet in the stream "even"; read-only."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        return open_page("streams", data, monkeypatch, streams="even", period=WEEK, scholar="ada")


def tables(page):
    return [table.value for table in page.table]


def figures(data, by, **over):
    days = {"from_day": FIRST, "to_day": END}
    return reads.metrics(latest_snapshot(data), by=by, **days, **over).row(0, named=True)


def test_the_headline_is_dated_and_the_line_below_has_the_figures(page, data):
    assert plain(page.title[0].value).startswith("On Mon 16 Mar ")
    now = figures(data, "stream", groups=["even"])
    assert formats.plural(now["experiments_concluded"], "experiment") in words(page)
    assert f"{plain(formats.share(now['failure_share']))} of runs failed" in words(page)


def test_without_a_choice_it_opens_on_the_first_stream_with_a_queue(data, monkeypatch):
    page = open_page("streams", data, monkeypatch)
    waiting = reads.needs_decision(latest_snapshot(data)).filter("needs_decision")
    known = reads.streams(latest_snapshot(data))["stream"].to_list()
    first = next((it for it in known if it in waiting["stream"]), known[0])
    assert page.session_state["streams"] == first
    decisions = reads.needs_decision(latest_snapshot(data), streams=["even"])
    assert set(decisions["stream"]) <= {"even"}


def test_the_sheet_shows_the_figures_of_the_scholar_in_the_stream(page, data):
    now = figures(data, "scholar", within="even")
    text = words(page)
    assert any(plain(it.value).startswith("Ada, Mon 9 to Sun 15 Mar") for it in page.header)
    assert f"**One experiment at a time for {plain(formats.share(now['serial_share']))}" in text
    assert f"({now['runs_failed']} of {now['runs_failed'] + now['runs_finished']})" in text
    rows = tables(page)[0]
    assert list(rows.columns)[:2] == ["Experiment", "Launched"]
    assert all("](runs?" in it for it in rows["Experiment"])
    assert list(tables(page)[-1]["Stream"]) == ["Even"]


def test_no_times_of_day_and_no_markup_are_shown_even_where_hours_may_be_seen(data, monkeypatch):
    page = open_page("streams", data, monkeypatch, streams="slow", period=WEEK, scholar="ada")
    shown = [*words(page).splitlines(), *(str(it) for it in tables(page)[0].to_numpy().ravel())]
    assert not [it for it in shown if "](http:" in it or "http://" in it]
    # The end of the data is not about a person.
    assert not [it for it in shown if " 09:" in it or " 10:" in it or ", 17:" in it]


def test_the_scholars_page_has_the_same_sheet(page, data, monkeypatch):
    own = open_page("my_velocity", data, monkeypatch, scholar="ada", period=WEEK)
    before = len(own.table)
    own.toggle(key="as-others-see").set_value(True).run()
    assert not own.exception
    said = [it.value for it in own.markdown]
    about = next(it.value for it in page.markdown if "One experiment at a time" in it.value)
    assert about in said
    # One for each stream.
    assert len(own.table) == before + 2
    assert any(it.equals(tables(page)[0]) for it in tables(own))


def test_all_streams_have_one_queue_and_no_sheet_until_one_is_chosen(data, monkeypatch):
    page = open_page("streams", data, monkeypatch, streams="all", period=WEEK)
    (rows,) = tables(page)
    assert rows.columns[0] == "Stream"
    for cell in rows["Scholar"]:
        assert cell.startswith("[Ada](streams?scholar=ada&streams=all&period=2026-")
    named = [it.replace("\\", "") for it in rows["Stream"]]
    assert [it.endswith("Even") for it in named] == [False, True]
    states = reads.line_states(latest_snapshot(data), from_day=FIRST, to_day=END)
    even = states.filter(stream="even").row(0, named=True)
    assert rows["Concluded"][1] == str(even["experiments_concluded"])
    chosen = open_page("streams", data, monkeypatch, streams="all", period=WEEK, scholar="ada")
    assert [it.columns[0] for it in tables(chosen)] == ["Experiment", "Stream"]


def test_a_mentor_reads_the_same_without_the_right_to_the_whole_scholar(page, data, monkeypatch):
    mentor = Viewer("m@x.org", "M", frozenset({"mentor"}), Scope(streams=("even",)))
    monkeypatch.setattr(sign_in, "ANYBODY", mentor)
    theirs = open_page("streams", data, monkeypatch, period=WEEK)
    assert any(it.value.startswith("Ada, ") for it in theirs.header)
    sentences = [it.value for it in page.markdown if it.value.startswith("**")]
    assert set(sentences) <= {it.value for it in theirs.markdown}


_STREAMS = """
[[streams]]
id = "here"
name = "Here"
projects = ["e/here"]
"""


@pytest.mark.parametrize(
    ("elsewhere", "scope", "explained"),
    [
        ("2026-01-13 09:00", EVERYTHING, True),
        # It fails as often as what is here, so single figures are equal.
        ("2026-01-06 09:00", EVERYTHING, False),
        # Launched the week before, it ends in this one.
        ("2026-01-04 23:30", EVERYTHING, False),
        ("2026-01-13 09:00", Scope(streams=("here",)), False),
    ],
)
def test_the_sheet_links_to_explanations_where_all_of_the_work_is_in_the_stream(
    elsewhere, scope, explained
):
    start = at(elsewhere)
    rows = [
        run("r1", "2026-01-07 09:00", "2026-01-07 10:00", project="here"),
        run("r2", start, start + timedelta(hours=1), project="other"),
    ]
    snapshot = store_of(rows, "2026-01-20 12:00", roster=parsed(ADA + _STREAMS))
    week = Window(date(2026, 1, 5), date(2026, 1, 11))
    work = Work(ViewedDays(snapshot, scope, week, None), "here")
    assert work.is_all_of("ada") == explained


@pytest.mark.parametrize(
    ("day", "away", "known"),
    [
        ("2026-01-07", "", False),
        ("2026-01-01", "", True),
        # Nobody else learns why.
        ("2026-01-01", "away = [{ from = 2025-12-29, to = 2026-01-03 }]\n", False),
    ],
)
def test_days_before_the_first_launch_of_a_scholar_or_away_are_not_compared(day, away, known):
    rows = [run("r1", f"{day} 09:00", f"{day} 10:00", project="here")]
    snapshot = store_of(rows, "2026-01-20 12:00", roster=parsed(ADA + away + _STREAMS))
    earlier = Window(date(2025, 12, 29), date(2026, 1, 4))
    week = Window(date(2026, 1, 5), date(2026, 1, 11))
    work = Work(ViewedDays(snapshot, EVERYTHING, week, earlier), "here")
    assert ("ada" in work.before) == known


@pytest.mark.parametrize(("moved", "known"), [("2025-12-29", True), ("2026-01-02", False)])
def test_who_came_from_another_stream_is_not_compared_with_the_days_before(moved, known):
    earlier, week = Window(date(2025, 12, 29), date(2026, 1, 4)), Window(date(2026, 1, 5), END)
    there = stream("there", members=f'[{{ scholar = "ada", to = {moved} }}]')
    here = stream("here", members=f'[{{ scholar = "ada", from = {moved} }}]')
    rows = [
        run("r0", "2025-12-22 09:00", "2025-12-22 10:00"),
        run("r1", "2026-01-03 09:00", "2026-01-03 10:00"),
    ]
    snapshot = store_of(rows, "2026-01-20 12:00", roster=parsed(ADA + there + here))
    work = Work(ViewedDays(snapshot, EVERYTHING, week, earlier), "here")
    assert ("ada" in work.before) == known


def test_who_left_a_stream_is_among_its_people_only_where_they_worked_in_it():
    here = _STREAMS + 'members = [{ scholar = "ada", to = 2026-01-12 }, { scholar = "ben" }]\n'
    roster = parsed(ADA + BEN + here)
    rows = [
        run("r1", "2026-01-06 09:00", "2026-01-06 10:00", project="here"),
        run("r2", "2026-01-20 09:00", "2026-01-20 10:00", project="elsewhere"),
    ]
    snapshot = store_of(rows, "2026-01-26 12:00", roster=roster)
    for first, people in ((date(2026, 1, 5), ["ada", "ben"]), (date(2026, 1, 19), ["ben"])):
        days = ViewedDays(snapshot, EVERYTHING, Window(first, first + timedelta(6)), None)
        assert [*Work(days, "here").people] == people


def test_the_failures_of_lines_are_those_of_their_scholar(data):
    snapshot = latest_snapshot(data)
    lines = reads.line_states(snapshot)
    whole = reads.metrics(snapshot, by="scholar").row(0, named=True)
    failed = (lines["failure_share"] * lines["runs_ended"]).sum()
    assert failed == pytest.approx(whole["runs_failed"])
    assert failed / lines["runs_ended"].sum() == pytest.approx(whole["failure_share"])


def test_without_streams_the_page_says_where_to_define_them(tmp_path, monkeypatch):
    page = open_page("streams", copied(one_run, tmp_path), monkeypatch)
    assert "velocity roster suggest" in page.code[0].value


@pytest.mark.thorough
@pytest.mark.parametrize("stream", ["all", "aurora", "basalt", "cirrus", "dune", "ember"])
def test_every_stream_of_the_demo_opens_and_a_lead_reads_some_names_a_day_later(
    demo_data, monkeypatch, stream
):
    lead = Viewer("l@x.org", "L", frozenset({"lead"}), Scope(everything=True))
    decisions = reads.needs_decision(latest_snapshot(demo_data), scope=lead.scope)
    hidden = {*decisions.filter(~pl.col("named"))["stream"]}
    assert hidden
    page = open_page("streams", demo_data, monkeypatch, streams=stream)
    assert "None" not in words(page)
    assert "in the last 24 hours" not in words(page)
    monkeypatch.setattr(sign_in, "ANYBODY", lead)
    page = open_page("streams", demo_data, monkeypatch, streams=stream)
    assert "None" not in words(page)
    assert ("in the last 24 hours" in words(page)) == (stream in hidden | {"all"})


def test_a_mentor_who_is_a_research_manager_too_chooses_between_the_two(data, monkeypatch):
    roles, scope = {"mentor", "research manager"}, Scope(streams=("even",), scholars=("ada",))
    both = Viewer("m@x.org", "M", frozenset(roles), scope, managed=("ada",))
    monkeypatch.setattr(sign_in, "ANYBODY", both)
    page = open_page("streams", data, monkeypatch, period=WEEK)
    assert page.session_state["streams"] == "even"
    assert list(tables(page)[-1]["Stream"]) == ["Even"]
    page = open_page("streams", data, monkeypatch, period=WEEK, streams="Your scholars")
    named = [it.replace("\\", "") for it in tables(page)[-1]["Stream"]]
    assert [it.endswith("Even") for it in named] == [False, True]
    count = figures(data, "scholar", groups=["ada"])["experiments_concluded"]
    assert f"**{count} experiments concluded" in words(page)
