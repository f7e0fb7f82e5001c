from datetime import UTC, date, datetime

import pytest

from velocity.reading.periods import PERIODS, Window, last_whole_day, window_of

FIRST, LAST = date(2026, 8, 31), date(2026, 11, 22)


@pytest.mark.parametrize(
    ("period", "first"),
    [
        ("This week", date(2026, 11, 16)),
        ("14 days", date(2026, 11, 9)),
        ("4 weeks", date(2026, 10, 26)),
        ("Programme", FIRST),
        ("Custom", FIRST),
    ],
)
def test_a_period_ends_on_the_last_day(period, first):
    assert window_of(period, first_day=FIRST, last_day=LAST) == Window(first, LAST)


def test_every_period_can_be_chosen_by_name():
    assert [window_of(period, first_day=FIRST, last_day=LAST).last for period in PERIODS] == [
        LAST
    ] * len(PERIODS)


def test_a_custom_window_is_cut_to_the_data_in_any_order_of_dates():
    days = (date(2027, 1, 1), date(2026, 11, 1))
    window = window_of("Custom", first_day=FIRST, last_day=LAST, custom=days)
    assert window == Window(date(2026, 11, 1), LAST)


def test_a_custom_window_before_all_data_is_one_day():
    days = (date(2020, 1, 1), date(2020, 1, 2))
    window = window_of("Custom", first_day=FIRST, last_day=LAST, custom=days)
    assert window.days == 1


def test_the_last_complete_day_is_in_the_zone_of_the_programme():
    early = datetime(2026, 11, 23, 2, tzinfo=UTC)
    assert last_whole_day(early, "UTC") == date(2026, 11, 22)
    assert last_whole_day(early, "America/New_York") == date(2026, 11, 21)
