from datetime import UTC, date, datetime

import pytest

from velocity.reading.periods import (
    Chosen,
    Window,
    asked_for,
    before,
    last_whole_day,
    limited,
    opening,
    presets,
)

FIRST = date(2026, 8, 31)
#: A Saturday.
LAST = date(2026, 11, 28)
OFFERED = presets(FIRST, LAST)


def days(first, last):
    return Window(date.fromisoformat(first), date.fromisoformat(last))


def test_full_weeks_and_the_days_of_the_running_week_can_be_chosen_by_name():
    assert {
        "This week": days("2026-11-23", "2026-11-28"),
        "Last week": days("2026-11-16", "2026-11-22"),
        "4 weeks": days("2026-10-26", "2026-11-22"),
        "Programme": Window(FIRST, LAST),
    } == OFFERED


def test_on_a_monday_the_running_week_has_no_whole_day_to_choose():
    offered = presets(FIRST, date(2026, 11, 22))
    assert "This week" not in offered
    assert offered["Last week"] == days("2026-11-16", "2026-11-22")


def test_before_the_first_week_is_over_there_are_no_full_weeks_to_choose():
    assert list(presets(date(2026, 11, 25), LAST)) == ["This week", "Programme"]
    assert list(presets(date(2026, 11, 22), date(2026, 11, 22)))[:2] == ["Last week", "4 weeks"]


@pytest.mark.parametrize(
    ("last", "opens"),
    [("2026-11-22", "Last week"), ("2026-11-23", "This week")],  # on Monday, and when it is over
)
def test_this_week_opens_once_a_day_of_it_is_over(last, opens):
    assert opening("This week", presets(FIRST, date.fromisoformat(last))) == opens


def test_a_page_opens_with_what_there_is_if_its_own_period_is_not_offered_yet():
    first = date(2026, 11, 25)
    assert opening("4 weeks", presets(first, LAST)) == "This week"
    monday = date(2026, 11, 23)
    assert opening("This week", presets(monday, monday)) == "This week"


@pytest.mark.parametrize(
    ("first", "opens"), [("2026-11-16", "4 weeks"), ("2026-11-17", "This week")]
)
def test_four_weeks_without_a_whole_week_of_data_are_not_what_a_page_opens_with(first, opens):
    assert opening("4 weeks", presets(date.fromisoformat(first), LAST)) == opens


def test_an_address_gives_days_and_the_name_of_the_period_that_has_them():
    assert asked_for("2026-11-23..2026-11-28", OFFERED) == Chosen("This week", OFFERED["This week"])
    assert asked_for("4 weeks", OFFERED) == Chosen("4 weeks", OFFERED["4 weeks"])
    other = asked_for("2026-10-05..2026-10-11", OFFERED)
    assert other == Chosen("Custom", days("2026-10-05", "2026-10-11"))


def test_an_address_shows_the_same_days_later():
    text = OFFERED["4 weeks"].written
    later = presets(FIRST, date(2026, 12, 6))
    assert asked_for(text, later) == Chosen("Custom", OFFERED["4 weeks"])


@pytest.mark.parametrize("text", ["", "nonsense", "..", "2026-10-05", "2026-10-05..2026-13-01"])
def test_an_address_that_cannot_be_read_asks_for_nothing(text):
    assert asked_for(text, OFFERED) is None


def test_chosen_days_are_cut_to_the_data_in_any_order():
    cut = limited(Window(date(2027, 1, 1), date(2026, 11, 1)), FIRST, LAST)
    assert cut == Window(date(2026, 11, 1), LAST)
    assert limited(days("2020-01-01", "2020-01-02"), FIRST, LAST).days == 1


def test_a_week_is_compared_with_the_same_days_of_the_week_before():
    chosen = Chosen("This week", OFFERED["This week"])
    assert before(chosen, FIRST) == days("2026-11-16", "2026-11-21")


def test_other_periods_are_compared_with_as_many_days_just_before_them():
    assert before(Chosen("4 weeks", OFFERED["4 weeks"]), FIRST) == days("2026-09-28", "2026-10-25")
    chosen = Chosen("Custom", days("2026-10-05", "2026-10-06"))
    assert before(chosen, FIRST) == days("2026-10-03", "2026-10-04")


def test_nothing_is_compared_with_days_before_the_data():
    assert before(Chosen("Programme", OFFERED["Programme"]), FIRST) is None
    chosen = Chosen("4 weeks", days("2026-09-07", "2026-10-04"))
    assert before(chosen, FIRST) is None


def test_the_last_complete_day_is_in_the_zone_of_the_programme():
    early = datetime(2026, 11, 23, 2, tzinfo=UTC)
    assert last_whole_day(early, "UTC") == date(2026, 11, 22)
    assert last_whole_day(early, "America/New_York") == date(2026, 11, 21)
