"""The stand-up digest: the same bytes every time, inert names, and one post to a webhook."""

import re
from contextlib import nullcontext
from dataclasses import replace
from datetime import date, timedelta
from html.parser import HTMLParser

import polars as pl
import pytest
from markdown_it import MarkdownIt

from tests import people
from tests.app_pages import BIDI, ten_weeks
from tests.commands import environment, velocity
from tests.receivers import SECRET, http_receiver
from tests.stores import built, copied
from tests.test_access import WORDS
from tests.test_restatement import LATE, NEXT_WEEK, ON_TIME, sync
from velocity import formats
from velocity.errors import VelocityError
from velocity.reading import reads
from velocity.reading.access import EVERYTHING, Scope, viewer_of
from velocity.reading.known import AtInstant
from velocity.reading.periods import local_midnight
from velocity.report.digest import make_digest
from velocity.report.html import as_html
from velocity.report.parts import Section, parse_week, week_id
from velocity.report.text import as_csv, as_markdown, as_message
from velocity.roster.models import load_roster
from velocity.sentences import week as sentences_of_week
from velocity.sentences.answer import as_read
from velocity.store import latest_snapshot

pytestmark = pytest.mark.sampled(6)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return copied(ten_weeks, tmp_path_factory.mktemp("ten-weeks"))


@pytest.fixture(scope="module")
def digest(data):
    return make_digest(latest_snapshot(data), scope=EVERYTHING)


class _Tags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags = []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))


def test_the_default_week_is_the_last_complete_one_with_figures_that_add_up(data, digest):
    assert digest.week == "2026-W11"
    days = {"from_day": date(2026, 3, 9), "to_day": date(2026, 3, 16)}
    now = reads.metrics(latest_snapshot(data), by="programme", **days).row(0, named=True)
    text = as_markdown(digest)
    count, serial = now["experiments_concluded"], formats.share(now["serial_share"])
    assert f"**Experiments concluded: {count}.**" in text
    assert f"{count} experiments concluded from Mon\u00a09 to Sun\u00a015\u00a0Mar" in text
    assert f"**Time with one experiment running: {serial}.**" in text
    assert f"{formats.share(now['failure_share'])} of runs failed" in text
    week, streams = digest.news
    labels = [line.strong for line in week.lines]
    assert labels == ["Changed:", "Going well:", "Stuck:", "Compute:", "Runs out:"]
    assert week.lines[0].text.startswith("[Slow]")
    counts = [int(line.text.split(" ")[0]) for line in streams.lines]
    assert sum(counts[:-1]) == counts[-1]
    assert streams.lines[-1].strong == "Programme:"


@pytest.mark.thorough
def test_a_digest_says_what_waited_at_the_end_of_its_week(demo_data):
    snapshot = latest_snapshot(demo_data)
    made = make_digest(snapshot, scope=EVERYTHING)
    (stuck,) = [line for line in made.news[0].lines if line.strong == "Stuck:"]
    sunday = parse_week(made.week) + timedelta(days=6)
    end = local_midnight(sunday + timedelta(days=1), str(reads.edge(snapshot)["timezone"][0]))
    then, now = (
        sentences_of_week.stuck(reads.needs_decision(it).with_columns(named=False), sunday)
        for it in (AtInstant(snapshot, end), snapshot)
    )
    assert stuck.text == as_read(f"{then.start} {then.rest}".rstrip())
    assert then != now


def test_the_digest_can_cover_an_earlier_week_and_one_stream_or_nobody(data):
    snapshot, week = latest_snapshot(data), parse_week("2026-W08")
    made = make_digest(snapshot, scope=EVERYTHING, week=week, stream="even")
    assert (made.week, made.about) == ("2026-W08", "Even")
    later = "; stuck lines and credits at the end of Sun 22 Feb"
    assert made.as_of.replace("\xa0", " ").endswith(later)
    assert "slow" not in as_markdown(made).lower().replace("slower", "")
    nobody = as_markdown(make_digest(snapshot, scope=Scope(scholars=("nobody",))))
    assert not [it for it in ("ada", "Even") if it in nobody]


@pytest.mark.parametrize("wrong", ["2026-20", "2026-W54", "2026-W00"])
def test_weeks_are_iso_weeks(wrong):
    assert parse_week("2026-W20") == date(2026, 5, 11)
    assert week_id(date(2025, 12, 29)) == "2026-W01"
    with pytest.raises(ValueError, match="is not a week such as"):
        parse_week(wrong)


@pytest.mark.thorough
@pytest.mark.parametrize("form", ["md", "html"])
def test_the_same_snapshot_week_and_viewer_give_the_same_bytes(data, form):
    asked = ("--data", data, "report", "--format", form)
    first, second = (velocity(*asked, cwd=data) for _ in range(2))
    assert first.returncode == 0, first.stderr
    assert first.stdout == second.stdout != b""


@pytest.mark.thorough
def test_only_restatements_since_last_week_are_listed(tmp_path):
    sync(tmp_path, ON_TIME, "2026-01-12 08:00")
    snapshot = sync(tmp_path, LATE, "2026-01-13 08:00")
    told = as_markdown(make_digest(snapshot, scope=EVERYTHING))
    assert "- Experiments concluded, week of 5\u00a0Jan: 1 → 2." in told
    assert not re.search(r"\.;|[;.] ?[;.]", told)
    later = sync(tmp_path, NEXT_WEEK, "2026-01-21 08:00")
    assert "- No past week was restated." in as_markdown(make_digest(later, scope=EVERYTHING))


@pytest.mark.thorough
def test_if_leads_may_not_see_people_the_digest_covers_groups_and_names_nobody(tmp_path):
    copied(people.populate, tmp_path)
    snapshot = latest_snapshot(tmp_path)
    config = tmp_path / "velocity.toml"
    config.write_text("[access]\nleads_see_individuals = false\n", encoding="utf-8")
    places = ("--data", tmp_path, "--config", config, "report")
    roster = load_roster(tmp_path / "roster.toml")
    lead = viewer_of(roster, people.LEAD, leads_see_individuals=False)
    for form, write in (("md", as_markdown), ("html", as_html)):
        made = velocity(*places, "--format", form, cwd=tmp_path)
        assert made.returncode == 0, made.stderr
        assert made.stdout.decode() == write(make_digest(snapshot, scope=lead.scope))
        assert b"Other streams" in made.stdout
        assert WORDS.findall(made.stdout.decode()) == []
    quiet = parse_week("2026-W02") + timedelta(weeks=people.QUIET_WEEK)
    shown = as_markdown(make_digest(snapshot, scope=lead.scope, week=quiet))
    assert "`Language` Fewer than 4 people were active: not shown." in shown
    refused = velocity(*places, "--stream", "vision", cwd=tmp_path)
    assert b"no digest of one stream" in refused.stderr


@pytest.mark.thorough
def test_the_digest_never_names_a_person():
    snapshot = latest_snapshot(built(people.populate))
    rows = reads.scholars(snapshot)
    names = {*rows["scholar"], *rows["name"]} - {"(no user)"}
    individual = re.compile(r"\b(?:" + "|".join(map(re.escape, names)) + r")\b")
    for stream in (None, *reads.streams(snapshot)["stream"]):
        made = make_digest(snapshot, scope=EVERYTHING, stream=stream)
        for write in (as_markdown, as_html, as_message):
            assert not individual.search(write(made))


def test_a_posted_digest_names_no_stream_with_fewer_than_four_active_people():
    snapshot = latest_snapshot(built(people.populate))
    week = parse_week("2026-W02") + timedelta(weeks=people.QUIET_WEEK)
    active = reads.active_people(snapshot, from_day=week, to_day=week + timedelta(weeks=1))
    counts = dict(active.iter_rows())
    names = dict(reads.streams(snapshot).select("stream", "name").iter_rows())
    few = {stream for stream in names if counts.get(stream, 0) < 4}
    assert set() != few != set(names)
    text = as_message(make_digest(snapshot, scope=EVERYTHING, week=week, posted=True))
    assert not [stream for stream in few if f"`{names[stream]}`" in text or names[stream] in text]
    for stream in names:
        refused = pytest.raises(VelocityError, match="Fewer than 4 people")
        with refused if stream in few else nullcontext():
            make_digest(snapshot, scope=EVERYTHING, week=week, stream=stream, posted=True)


def test_the_page_loads_nothing_runs_nothing_and_shows_names_as_text(digest):
    page = as_html(digest)
    parsed = _Tags()
    parsed.feed(page)
    tags = [tag for tag, _ in parsed.tags]
    assert not {"script", "img", "a", "link", "iframe", "form"} & set(tags)
    assert {name for _, attrs in parsed.tags for name in attrs if name.startswith("on")} == set()
    assert parsed.tags[0] == ("html", {"lang": "en"})
    policy = next(attrs for _, attrs in parsed.tags if "http-equiv" in attrs)["content"]
    assert policy.startswith("default-src 'none'")
    assert tags.count("h1") == 1
    assert all(attrs.get("scope") for tag, attrs in parsed.tags if tag == "th")
    drawings = tags.count("svg")
    assert drawings >= 5
    assert page.count("</title><desc>") == drawings
    assert BIDI not in page


@pytest.mark.parametrize("write", [as_markdown, as_message])
def test_names_are_code_and_other_text_has_no_markup(digest, write):
    text = write(digest)
    without_code = re.sub(r"`[^`\n]*`", "", text)
    assert text.count("`") % 2 == 0
    assert not [it for it in ("`", "<", ">", "](", "![", "http://", "&") if it in without_code]
    assert "<" not in text
    assert BIDI not in text


def test_markdown_is_bold_labels_lists_and_code_and_nothing_else(digest):
    read = MarkdownIt("commonmark", {"html": True}).enable("table").parse(as_markdown(digest))
    spans = [it for block in read for it in block.children or ()]
    assert {it.type for it in spans} == {"text", "strong_open", "strong_close", "code_inline"}
    assert {block.tag for block in read} == {"", "p", "ul", "li"}
    labels = [spans[n + 1].content for n, it in enumerate(spans) if it.type == "strong_open"]
    for title in ("The week", "By stream", "The week in figures", "Data trust"):
        assert title in labels


def test_the_slack_text_uses_only_slack_markup(digest):
    """Bold has one asterisk on each side, the last line one underscore; there are no tables."""
    without_code = re.sub(r"`[^`\n]+`", "", as_message(digest))
    plain, bold = re.subn(r"(?<!\w)\*(?!\s)[^*\n]+(?<!\s)\*(?!\w)", "", without_code)
    assert bold == 7  # the week, the headline and the five lines
    assert not re.search(r"[*~|#]", plain)
    assert plain.count("_") == 2


def test_with_the_address_of_the_dashboard_each_line_links_to_its_days(digest):
    linked = replace(digest, address="https://velocity.example.org/")
    days = "period=2026-03-09..2026-03-15"
    streams, compute = f"streams?{days}&streams=all", f"compute?{days}"
    expected = [f"?{days}", streams, streams, compute, compute, f"?{days}"]
    found = re.findall(r"\]\(https://velocity\.example\.org/([^)]*)\)", as_markdown(linked))
    assert sorted(found) == sorted(expected)
    slack = re.findall(r"<https://velocity\.example\.org/([^|>]*)\|[\w ]+>", as_message(linked))
    assert [it.replace("&amp;", "&") for it in slack] == expected
    parsed = _Tags()
    parsed.feed(as_html(linked))
    targets = [attrs["href"] for tag, attrs in parsed.tags if tag == "a"]
    assert sorted(targets) == sorted(f"https://velocity.example.org/{it}" for it in expected)


def test_the_slack_text_stays_short_and_says_how_much_it_leaves_out(digest):
    week = digest.news[0]
    lines = tuple(replace(line, text=line.text + " more words" * 30) for line in week.lines * 3)
    long = replace(digest, address="https://v.example", news=(Section("The week", lines),))
    text = as_message(long)
    assert len(text) < 2_000
    kept = text.count("\u2022 *")
    assert f"\u2022 and {len(lines) - kept} more\n" in text
    assert 0 < kept < len(lines)
    assert text.endswith("|Open the week>\n")


def test_the_rows_of_the_csv_add_up_to_the_programme(data, digest):
    rows = pl.read_csv(as_csv(digest).encode())
    parts, whole = rows[:-1], rows[-1]
    assert whole["name"].to_list() == ["Programme"]
    for column in ("now", "before"):
        assert parts[column].sum() == whole[column][0]
    quiet = make_digest(latest_snapshot(data), scope=EVERYTHING, posted=True)
    posted = pl.read_csv(as_csv(quiet).encode())
    # One scholar in each stream: neither is named, and the sum stays.
    assert posted["name"].to_list() == ["Others", "Programme"]
    assert posted["now"].to_list() == [whole["now"][0]] * 2


def test_the_command_posts_once_and_does_not_show_the_address(data):
    with http_receiver() as server:
        env = environment(data, VELOCITY_WEBHOOK_URL=server.url)
        done = [velocity("--data", data, "report", "--post", cwd=data, env=env) for _ in range(2)]
        assert [it.returncode for it in done] == [0, 0]
        assert b"was posted before" in done[1].stderr
        assert len(server.got) == 1
        assert "*Changed:*" in server.got[0]["text"]
    kept = b"".join(path.read_bytes() for path in data.rglob("*") if path.is_file())
    assert SECRET.encode() not in kept + done[0].stderr + done[0].stdout
