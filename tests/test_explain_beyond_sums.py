"""Explanations of shifts, credits and open work."""

from datetime import UTC, date, datetime, timedelta

import pytest

from tests.builders import run, store_of
from tests.explained_stores import MONDAY, only, worked
from tests.roster_texts import FULL, parsed, rate
from velocity.explain import explain
from velocity.reading.periods import whole_week

pytestmark = pytest.mark.thorough


def test_a_week_beyond_the_usual_range_is_a_shift():
    """One launch per week for ten weeks, then twelve in a week, and one in the running week."""
    weekly = [timedelta(weeks=number) for number in range(10)]
    launches = [*weekly, *[timedelta(weeks=10)] * 12, timedelta(weeks=11)]
    begin = datetime(2026, 1, 5, 9, tzinfo=UTC)
    rows = [
        run(f"r{number}", begin + since, begin + since + timedelta(hours=1), project=f"p{number}")
        for number, since in enumerate(launches)
    ]
    snapshot = store_of(rows, begin + timedelta(weeks=11, hours=2))

    def steps_of(week):
        told = explain(
            snapshot,
            scholar="ada",
            metric="signal",
            window=whole_week(MONDAY + timedelta(weeks=week)),
        )
        (result,) = (it for it in told.results if it.of == "experiments_started")
        assert result.value is result.headline
        return result.steps

    assert steps_of(10) == (
        "22 experiments (sum of 11 rows): each complete week",
        "11 experiments (sum of 10 rows): from one such week to the next",
        "2 experiments = 22 / 11, the centre",
        "1.1 experiments = 11 / 10, the mean move",
        "0 to 4.93 experiments = 2 -/+ 2.66 * 1.1, cut at 0, the usual range",
        "yes: the week, 12 experiments, is beyond it",
    )
    assert steps_of(3)[-1] == "no: the week, 1 experiment, is inside it"
    assert steps_of(11)[-1] == "no: the week is still running"
    early = explain(worked(), scholar="ada", metric="signal", window=whole_week(MONDAY))
    assert {it.steps[-1] for it in early.results} == {"no: the week is still running"}


def test_credits_left_are_granted_minus_spent_and_the_runway_uses_the_last_14_days():
    day = datetime(2026, 1, 20, 9, tzinfo=UTC)
    before, hour = day - timedelta(days=15), timedelta(hours=1)
    old = run("old", before, before + hour, gpu_count=4)
    rows = [old, run("new", day, day + 7 * hour, gpu_count=4, project="q")]
    text = FULL.replace('scholar = "ben"\namount = 250.5', 'scholar = "ada"\namount = 44')
    # The rate starts on the day of the first charge.
    text = text.replace("credits_per_gpu_hour = 0.5", "credits_per_gpu_hour = 9")
    text += rate("*", "2026-01-05", 0.5)
    text += '[[credits.grants]]\ndate = 2026-03-01\nscholar = "ada"\namount = 7\n'
    roster = parsed(text.replace("2026-02-01", "2026-01-02"))
    snapshot = store_of(rows, day + 8 * hour, roster=roster)
    found = explain(snapshot, scholar="ada", metric="runway_days")
    not_yet = "after the end of the data: not granted yet"
    assert ("excluded", "grant of 1 Mar 2026", not_yet) in found.left_out.rows()
    told = only(found)
    assert told.steps == (
        "44 credits (sum of 1 row): credits granted",
        "16 credits (sum of 2 rows): credits spent so far",
        "28 = 44 - 16: credits left",
        "14 credits (sum of 1 row): credits spent recently",
        "1 = 14 / 14: burn",
        "28 = 28 / 1: runway",
    )
    end = only(explain(snapshot, scholar="ada", metric="exhausted_on"))
    assert end.steps[-1] == "17 Feb 2026 = Tue 20 Jan, 17:00 UTC + 28 days"
    assert end.value == end.headline == date(2026, 2, 17)
    # The newer run alone is in the last 7 days.
    sooner = only(explain(snapshot, scholar="ada", metric="exhausted_on_7d"))
    assert sooner.steps[-2:] == (
        "14 = 28 / 2: runway at the pace of a week",
        "3 Feb 2026 = Tue 20 Jan, 17:00 UTC + 14 days",
    )
    assert sooner.value == sooner.headline
    week = whole_week(MONDAY)
    before = only(explain(snapshot, scholar="ada", metric="balance", window=week))
    assert (before.value, before.headline) == (42, 42)
    two_before = whole_week(MONDAY - timedelta(weeks=2))
    early = explain(snapshot, scholar="ada", metric="balance", window=two_before)
    assert (early.results, early.nothing) == ((), "No grants or charges by then.")


@pytest.mark.parametrize(
    ("launch", "said", "hours"), [("06:00", "older than", 14.0), ("18:30", "no older than", 1.5)]
)
def test_open_work_is_compared_with_the_usual_age(launch, said, hours):
    # After 20 experiments of 2 hours, in separate groups.
    rows = [run(f"r{n}", f"02:{n:02}", f"04:{n:02}", group_name=f"g{n}") for n in range(20)]
    rows.append(run("open", launch, "20:00", state="running", group_name="open"))
    result = only(explain(store_of(rows, "20:00"), scholar="ada", metric="wip_age_hours"))
    assert result.headline == result.value == hours
    assert result.steps[0].startswith(f"{said} usual")
