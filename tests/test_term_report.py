"""The end-of-term report adds published weeks up and names nobody."""

from datetime import date

import pytest

from tests.commands import velocity
from tests.programmes import PEOPLE, programme
from tests.stores import built
from velocity.errors import VelocityError
from velocity.formats import NBSP
from velocity.reading import reads
from velocity.reading.access import EVERYTHING, GROUPS_ALONE
from velocity.report.groups import make_term_report
from velocity.report.html import as_html
from velocity.report.text import as_csv, as_markdown
from velocity.store import latest_snapshot

pytestmark = pytest.mark.sampled(5)

FIRST, LAST = date(2026, 1, 12), date(2026, 2, 23)


@pytest.fixture(scope="module")
def snapshot():
    return latest_snapshot(built(programme) / "data")


def _made(snapshot, scope=EVERYTHING):
    return make_term_report(snapshot, scope=scope, first=FIRST, last=LAST)


def test_its_figures_are_the_sums_of_the_published_weeks(snapshot):
    made = _made(snapshot)
    weeks = reads.group_weeks(snapshot, scope=GROUPS_ALONE)
    weeks = weeks.filter(weeks["week_start"].is_between(FIRST, LAST))
    assert made.rows["group_name"].to_list() == ["Stream vision", "All groups shown"]
    for row in made.rows.iter_rows(named=True):
        mine = weeks.filter(group_name=row["group_name"])
        assert (row["weeks"], row["weeks_shown"]) == (7, 7)
        for amount in ("experiments_concluded", "runs_ended", "busy_hours", "gpu_hours"):
            assert row[amount] == mine[amount].sum()
    assert made.week == "2026-W03 to 2026-W09"


def test_it_says_what_the_credits_bought_to_those_who_may_know(snapshot):
    told = as_markdown(_made(snapshot)).replace(NBSP, " ")
    days = {"from_day": FIRST, "to_day": date(2026, 3, 2)}
    figures = reads.metrics(snapshot, by="programme", **days, parts=["compute"])
    assert f"**{round(figures['credits'].item())} credits spent** for" in told
    assert "Of these GPU-hours:** 8" in told
    for of_groups in (_made(snapshot, GROUPS_ALONE), _made(snapshot)):
        for form in (as_markdown, as_html, as_csv):
            text = form(of_groups)
            assert not any(it in text.lower() for it in PEOPLE)
            assert "End-of-term report" in text or form is as_csv
    assert "credits spent" not in as_markdown(_made(snapshot, GROUPS_ALONE))


def test_a_term_without_published_weeks_is_an_error(snapshot):
    with pytest.raises(VelocityError, match="No week of groups from 2025-W02 to 2025-W03"):
        make_term_report(snapshot, scope=EVERYTHING, first=date(2025, 1, 6), last=date(2025, 1, 13))
    with pytest.raises(VelocityError, match="is not over in the data"):
        make_term_report(snapshot, scope=EVERYTHING, first=FIRST, last=date(2027, 1, 4))


def test_the_command_writes_it(snapshot, tmp_path):
    folder = built(programme)
    places = ("--data", folder / "data", "--config", folder / "velocity.toml", "report")
    term = ("--since", "2026-W03", "--week", "2026-W09")
    done = velocity(*places, *term, "--out", "term.html", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "term.html").read_text("utf-8") == as_html(_made(snapshot))
    for wrong in (("--post",), ("--stream", "vision")):
        assert velocity(*places, *term, *wrong, cwd=tmp_path).returncode == 2
    assert velocity(*places, "--since", "March", cwd=tmp_path).returncode == 2
