"""The brief says what the sheet of Streams says, names nobody too early, and its text is inert."""

import re
from datetime import date, timedelta

import pytest

from tests.app_pages import BIDI, HOSTILE, open_page, ten_weeks
from tests.builders import run, store_of
from tests.commands import velocity
from tests.plain_sentences import plain
from tests.roster_texts import ADA, BEN, parsed
from tests.stores import built
from tests.test_needs_decision import LAUNCHES, STREAM
from velocity.errors import VelocityError
from velocity.reading.access import Scope, Viewer
from velocity.reading.periods import Window
from velocity.reading.viewed import ViewedDays
from velocity.report.brief import Brief, brief_as_html, brief_as_markdown, make_brief
from velocity.report.work import Work
from velocity.sentences import mentor_facts
from velocity.sentences.answer import Span, spans_of
from velocity.store import latest_snapshot
from velocity.ui import sign_in

pytestmark = pytest.mark.sampled(8)

WEEK = "2026-03-09..2026-03-15"


@pytest.fixture(scope="module")
def data():
    return built(ten_weeks)


def text_of(spans):
    return "".join(it.text for it in spans).replace("\u00a0", " ")


def sentences(brief):
    """Title, lines and questions, as they are read."""
    lines = [it.spans for it in brief.lines]
    return [text_of(it) for it in (brief.title, brief.caption, *lines, *brief.questions)]


def assert_same(brief, page):
    """The sheet has the sentences of the brief but for its list and questions: it fits a screen."""
    title, caption, *_ = sentences(brief)
    lines = {text_of(it.spans) for it in brief.lines if it.about != "Concluded"}
    found = [*page.header, *page.caption, *page.markdown]
    here = {plain(re.sub(r"(?<!\\)\*\*", "", it.value)) for it in found}
    assert {title, *lines} <= here
    # The page also says what its panels show.
    assert [it for it in here if re.match(rf"{re.escape(caption)} · \d+ weeks; ", it)]


@pytest.mark.parametrize(
    ("period", "days"),
    # The day after the data ends is a Monday, so that three days are the last ones of a week.
    [(WEEK, {}), ("2026-03-13..2026-03-15", {"days": 3})],
)
def test_the_brief_in_a_stream_says_what_the_sheet_says(period, days, data, monkeypatch):
    page = open_page("streams", data, monkeypatch, streams="even", period=period, scholar="ada")
    assert_same(make_brief(latest_snapshot(data), "ada", stream="even", **days), page)


def test_the_brief_of_all_work_says_what_a_research_manager_reads(data, monkeypatch):
    roles, scope = frozenset({"research manager"}), Scope(scholars=("ada",))
    manager = Viewer("r@x.org", "R", roles, scope, managed=("ada",))
    monkeypatch.setattr(sign_in, "ANYBODY", manager)
    page = open_page("streams", data, monkeypatch, period=WEEK)
    assert_same(make_brief(latest_snapshot(data), "ada"), page)
    assert {it.label for it in page.get("download_button")} >= {"Download Markdown"}


def test_names_are_inert_in_every_format_and_no_time_of_day_is_said(data):
    brief = make_brief(latest_snapshot(data), "ada")
    assert not re.search(r"\d\d:\d\d", "\n".join(sentences(brief)))
    assert HOSTILE[:12] in text_of(brief.questions[1])
    written, page = brief_as_markdown(brief), brief_as_html(brief)
    assert not [it for it in ("<img", BIDI) if it in written + page]
    assert not re.search(r"[<>`$~\\]|!\[|\]\(|:red\[|http:", written)
    assert "Content-Security-Policy" in page
    assert set(re.findall(r"<([a-z0-9]+)", page)) <= {
        *("html", "head", "meta", "title", "style", "body", "main"),
        *("p", "h1", "h2", "dl", "dt", "dd", "ol", "li", "strong"),
    }


def test_concluded_experiments_are_links_to_their_runs():
    url = "https://wandb.ai/e/p/runs/r1"
    rows = [
        run("r1", "09:00", "10:00", url=url, display_name="a](x) **b**"),
        run("r2", "11:00", "12:00", url="https://wandb.ai/a)b"),
    ]
    brief = make_brief(store_of(rows, "2026-01-07 20:00"), "ada")
    assert f"[a\uff3d(x) \u2217\u2217b\u2217\u2217]({url})" in brief_as_markdown(brief)
    html = brief_as_html(brief)
    assert f'<a href="{url}" rel="noreferrer">a](x) **b**</a>' in html
    assert html.count("href") == 1


def test_a_scholar_without_runs_has_a_brief_and_a_store_without_any_has_none():
    with pytest.raises(VelocityError, match="There are no runs"):
        make_brief(store_of([], "10:00"), "ada")
    store = store_of([run("r1", "09:00", "10:00")], "2026-01-07 20:00", roster=parsed(ADA + BEN))
    brief = make_brief(store, "ben")
    assert text_of(brief.title).endswith("no run has arrived yet")
    assert [it.about for it in brief.lines] == ["Before"]
    assert len(brief.questions) == 3


@pytest.mark.parametrize("as_of", ["10:00", "2026-01-06 00:00", "2026-01-20 12:00"])
def test_a_store_with_one_run_has_a_brief(as_of):
    brief = make_brief(store_of([run("r1", "09:00", "09:30")], as_of), "ada")
    # One run has not failed, and there is no usual range yet.
    good = "Before" if as_of == "2026-01-20 12:00" else "Good"
    assert [it.about for it in brief.lines] == [
        *("Decide", "Ask", good, "Concluded", "In flight", "Compute")
    ]
    assert all(text_of(it.spans) for it in brief.lines)


def work_of(snapshot, scope):
    """The work in vision, as a viewer with that scope reads it."""
    window = Window(date(2026, 1, 6), date(2026, 1, 12))
    return Work(ViewedDays(snapshot, scope, window, None), "vision")


def brief_of(snapshot, scope):
    work = work_of(snapshot, scope)
    return Brief.of(work.facts("ada"), work.view.as_of)


def test_a_lead_reads_the_name_of_a_line_a_day_after_it_met_the_rule():
    roster, lead = parsed(ADA + BEN + STREAM), Scope(everything=True)
    rows = [
        run(f"r{n}", start, start + timedelta(hours=1), group_name=f"g{n}")
        for n, start in enumerate(LAUNCHES)
    ]
    early, late = (store_of(rows, f"2026-01-13 {it}", roster=roster) for it in ("08:59", "09:00"))
    assert text_of(brief_of(early, lead).lines[0].spans) == (
        "Nothing that leads may see yet needs a decision; they see a line 24 hours after its "
        "scholar."
    )
    for brief in (
        brief_of(late, lead),
        brief_of(early, Scope(streams=("vision",))),
        brief_of(early, Scope(scholars=("ada",))),
        make_brief(early, "ada"),
    ):
        assert text_of(brief.lines[0].spans).startswith("g19")
    # How long that line waits is not in the sheet of a lead either.
    for scope, waits in ((lead, 0), (Scope(streams=("vision",)), 1)):
        facts = work_of(early, scope).facts("ada")
        rows = facts.experiments.to_dicts()
        since = mentor_facts.table(facts, rows, [""] * len(rows))["Since then"]
        assert since.str.starts_with("waits").sum() == waits


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (["--scholar", "adda"], "There is no scholar 'adda'.\nDid you mean ada?\n"),
        (
            ["--scholar", "ada", "--stream", "nope"],
            "'ada' has no work in a stream 'nope'.\nLeave it out for the work in all streams.\n",
        ),
    ],
)
def test_an_unknown_id_is_one_clear_error(asked, said, data, tmp_path):
    refused = velocity("--data", data, "brief", *asked, cwd=tmp_path)
    assert (refused.returncode, refused.stdout) == (1, b"")
    assert refused.stderr.decode() == f"Error: {said}"


@pytest.mark.parametrize(("ending", "begins"), [("md", "**Ada, "), ("html", "<!DOCTYPE html>")])
def test_the_command_writes_the_format_of_the_file(ending, begins, data, tmp_path):
    file = tmp_path / f"brief.{ending}"
    asked = ("--data", data, "brief", "--scholar", "ada", "--out", file)
    assert velocity(*asked, cwd=tmp_path).returncode == 0
    assert file.read_text(encoding="utf-8").startswith(begins)


@pytest.mark.parametrize(
    ("markdown", "spans"),
    [
        ("plain", [Span("plain")]),
        ("**a\\*b** c", [Span("a*b", strong=True), Span(" c")]),
        (
            "`x_y` and [n\\](](https://w.b/1).",
            [Span("x_y and "), Span("n](", url="https://w.b/1"), Span(".")],
        ),
        ("[n](javascript:x)", [Span("n")]),
        ("", []),
    ],
)
def test_sentences_become_text_with_bold_parts_and_links(markdown, spans):
    assert [*spans_of(markdown)] == spans
