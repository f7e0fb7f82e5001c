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


def offered(first, last):
    return presets(date.fromisoformat(first), date.fromisoformat(last))


LAST_WEEK = days("2026-11-16", "2026-11-22")


def test_full_weeks_and_the_days_of_the_running_week_can_be_chosen_by_name():
    assert {
        "This week": days("2026-11-23", "2026-11-28"),
        "Last week": LAST_WEEK,
        "4 weeks": days("2026-10-26", "2026-11-22"),
        "Programme": Window(FIRST, LAST),
    } == OFFERED


def test_only_periods_with_data_can_be_chosen():
    # On a Monday the running week has no whole day.
    assert list(offered("2026-08-31", "2026-11-22")) == ["Last week", "4 weeks", "Programme"]
    assert offered("2026-08-31", "2026-11-22")["Last week"] == LAST_WEEK
    # Before the first week is over there are no full weeks.
    assert list(offered("2026-11-25", "2026-11-28")) == ["This week", "Programme"]
    assert list(offered("2026-11-22", "2026-11-22")) == ["Last week", "4 weeks", "Programme"]


def test_a_page_opens_with_what_there_is_if_its_own_period_is_not_offered_yet():
    # A day of this week is over.
    assert opening("This week", offered("2026-08-31", "2026-11-22")) == "Last week"
    assert opening("This week", offered("2026-08-31", "2026-11-23")) == "This week"
    assert opening("This week", offered("2026-11-23", "2026-11-23")) == "This week"
    # There is a whole week of data.
    assert opening("4 weeks", offered("2026-11-25", "2026-11-28")) == "This week"
    assert opening("4 weeks", offered("2026-11-17", "2026-11-28")) == "This week"
    assert opening("4 weeks", offered("2026-11-16", "2026-11-28")) == "4 weeks"


def test_an_address_gives_days_and_the_name_of_the_period_that_has_them():
    assert asked_for("2026-11-23..2026-11-28", OFFERED) == Chosen("This week", OFFERED["This week"])
    assert asked_for("4 weeks", OFFERED) == Chosen("4 weeks", OFFERED["4 weeks"])
    other = asked_for("2026-10-05..2026-10-11", OFFERED)
    assert other == Chosen("Custom", days("2026-10-05", "2026-10-11"))
    for unreadable in ("", "nonsense", "..", "2026-10-05", "2026-10-05..2026-13-01"):
        assert asked_for(unreadable, OFFERED) is None
    for without_data in ("2026-08-01..2026-08-30", "2026-11-29..2026-11-29"):
        assert asked_for(without_data, OFFERED) is None


@pytest.mark.parametrize(
    ("text", "window", "cut"),
    [
        ("2026-10-11..2026-10-05", days("2026-10-05", "2026-10-11"), False),
        # The running week.
        ("2026-11-23..2026-11-29", days("2026-11-23", "2026-11-28"), False),
        ("2026-11-23..2026-11-30", days("2026-11-23", "2026-11-28"), True),
        ("2026-08-01..2026-09-06", days("2026-08-31", "2026-09-06"), True),
        ("0001-01-01..9999-12-31", Window(FIRST, LAST), True),
    ],
)
def test_an_address_is_cut_to_the_data(text, window, cut):
    assert asked_for(text, OFFERED) == Chosen("Custom", window, cut)


def test_an_address_shows_the_same_days_later():
    text = OFFERED["4 weeks"].written
    later = presets(FIRST, date(2026, 12, 6))
    assert asked_for(text, later) == Chosen("Custom", OFFERED["4 weeks"])


def test_chosen_days_are_cut_to_the_data_in_any_order():
    cut = limited(Window(date(2027, 1, 1), date(2026, 11, 1)), FIRST, LAST)
    assert cut == Window(date(2026, 11, 1), LAST)
    assert limited(days("2020-01-01", "2020-01-02"), FIRST, LAST) == Window(FIRST, FIRST)
    assert limited(days("2027-01-01", "2027-01-02"), FIRST, LAST) == Window(LAST, LAST)


def test_a_period_is_compared_with_the_days_before_it():
    # The same days of the week before.
    week, four_weeks = (Chosen(name, OFFERED[name]) for name in ("This week", "4 weeks"))
    assert before(week, FIRST) == days("2026-11-16", "2026-11-21")
    # As many days, just before.
    assert before(four_weeks, FIRST) == days("2026-09-28", "2026-10-25")
    two_days = Chosen("Custom", days("2026-10-05", "2026-10-06"))
    assert before(two_days, FIRST) == days("2026-10-03", "2026-10-04")
    # Never with days before the data.
    assert before(Chosen("Programme", OFFERED["Programme"]), FIRST) is None
    assert before(Chosen("4 weeks", days("2026-09-07", "2026-10-04")), FIRST) is None


def test_the_last_complete_day_is_in_the_zone_of_the_programme():
    early = datetime(2026, 11, 23, 2, tzinfo=UTC)
    assert last_whole_day(early, "UTC") == date(2026, 11, 22)
    assert last_whole_day(early, "America/New_York") == date(2026, 11, 21)
