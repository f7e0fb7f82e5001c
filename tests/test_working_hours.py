"""The SQL of working hours matches the oracle for any person, days off and instants."""

from datetime import UTC, date, datetime, timedelta
from functools import cache

import duckdb
from hypothesis import example, given, settings, strategies as st

from tests.oracles.model import DAY, Person, measure, micros
from tests.oracles.working import is_week_away, monday, working_windows
from velocity.queries import macros

#: Where midnight is skipped or repeated, clocks change by half an hour, or days are far from UTC.
ZONES = (
    *("UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Santiago"),
    *("Africa/Cairo", "Asia/Kolkata", "Pacific/Kiritimati", "Pacific/Pago_Pago"),
)
FIRST = date(2024, 3, 4)
LENGTH = 250  # days from FIRST: clocks change in both directions
_WORKED = """
WITH person AS (
  SELECT
    1 AS scholar_key, $zone AS timezone, $opens::INTEGER AS awake_start_min,
    $closes::INTEGER AS awake_end_min, $workdays::VARCHAR AS workdays
),
span AS (SELECT $first::DATE - 3 AS from_day, $first::DATE + 30 AS to_day),
off AS (SELECT 1 AS scholar_key, unnest($days_off::DATE[]) AS day),
awake AS (FROM awake_window('person', 'span')),
calendar AS (FROM working_calendar('person', 'awake', 'off')),
asked AS (SELECT unnest([$start::BIGINT, $end::BIGINT]) AS at_us)
SELECT max(worked) - min(worked) AS worked
FROM (
  SELECT working_until(calendar, at_us, $saturdays::BOOLEAN, $sundays::BOOLEAN) AS worked
  FROM asked
  ASOF LEFT JOIN calendar ON calendar.start_us <= asked.at_us
)
"""
_AWAY = """
WITH person AS (SELECT 1 AS scholar_key, $workdays::VARCHAR AS workdays),
off AS (SELECT 1 AS scholar_key, unnest($days_off::DATE[]) AS day)
SELECT week_start FROM week_away('person', 'off') ORDER BY week_start
"""


@cache
def database() -> duckdb.DuckDBPyConnection:
    """An empty database with the words that queries use."""
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    for statement in macros():
        connection.execute(statement)
    return connection


days = st.integers(0, LENGTH).map(lambda n: FIRST + timedelta(days=n))
people = st.builds(
    Person,
    st.just("ada"),
    st.sampled_from(ZONES),
    st.integers(0, 1439),
    st.integers(0, 1440),
    st.none() | st.lists(st.integers(1, 7), min_size=1, unique=True).map(tuple),
    st.frozensets(days, max_size=60),
)


def sql_of(person: Person) -> dict[str, object]:
    workdays = person.workdays
    digits = None if workdays is None else "".join(str(it) for it in sorted(workdays))
    return {"workdays": digits, "days_off": sorted(person.days_off)}


@settings(deadline=None, max_examples=150)
@given(
    people,
    days,
    st.integers(0, DAY - 1),
    st.integers(0, 20 * DAY),
    st.frozensets(st.sampled_from((6, 7))),
)
@example(Person("ada", "Europe/Berlin", 150, 180), date(2024, 3, 29), 0, 5 * DAY, frozenset({7}))
@example(Person("ada", "America/Santiago", 0, 1440), date(2024, 9, 6), 0, 5 * DAY, frozenset({7}))
def test_working_time_matches_the_oracle(person, day, second, length, usual):
    start = micros(datetime.combine(day, datetime.min.time(), UTC)) + second
    closes = person.awake_end + (1440 if person.awake_end <= person.awake_start else 0)
    asked = {"zone": person.timezone, "opens": person.awake_start, "closes": closes}
    asked |= {"first": day, "start": start, "end": start + length, **sql_of(person)}
    asked |= {"saturdays": 6 in usual, "sundays": 7 in usual}
    weekdays = set(person.workdays or range(1, 6))
    if person.workdays is None:
        weekdays |= usual
    expected = measure(working_windows(person, frozenset(weekdays), start, start + length))
    assert database().execute(_WORKED, asked).fetchone() == (expected,)


@settings(deadline=None)
@given(people)
@example(Person("ada", days_off=frozenset(date(2024, 3, day) for day in (4, 5, 6, 11, 12))))
def test_weeks_away_match_the_oracle(person):
    weeks = {monday(day) for day in person.days_off}
    expected = [week for week in sorted(weeks) if is_week_away(person, week)]
    found = database().execute(_AWAY, sql_of(person)).fetchall()
    assert [week for (week,) in found] == expected
