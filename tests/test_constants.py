"""Numbers that Python writes in words are those that the queries count with."""

import pytest

from tests.builders import run, store_of
from velocity import formats
from velocity.roster.models import Scholar


@pytest.fixture(scope="module")
def constant():
    snapshot = store_of([run("r1", "09:00", "10:00")], "20:00")
    return lambda sql: snapshot.frame(f"SELECT {sql} AS value")["value"][0]


def test_medians_start_at_as_many_events_as_is_said(constant):
    assert constant("at_least().events") == formats.MEDIAN_EVENTS


def test_who_sets_no_awake_window_has_the_documented_one(constant):
    start = constant("(SELECT any_value(awake_start_min) FROM scholar)")
    end = constant("(SELECT any_value(awake_end_min) FROM scholar)")
    assert Scholar(id="a", name="A").awake == f"{start // 60:02}:00-{end // 60:02}:00"
