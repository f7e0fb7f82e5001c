"""Who and what gets no explanation, and why."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from tests.explained_stores import MONDAY, only, rich, worked
from velocity.errors import VelocityError
from velocity.explain import explain, explained
from velocity.explain.rows import KINDS, Rows
from velocity.reading.access import Scope


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"scholar": "adda"}, "There is no scholar 'adda'"),
        ({"metric": "serial_shares"}, "'serial_shares' is not a figure"),
        ({"metric": "p50"}, "'p50' is the median of all the other scholars, not a figure of a "),
        ({"metric": "pooled_rate"}, "'pooled_rate' is the rate of all scholars together, not a "),
        ({"metric": "littles_law_residual_hours"}, "'littles_law_residual_hours' is a check that "),
        ({"metric": "runway_days", "week": MONDAY}, "'runway_days' is known for the end of the "),
        ({"metric": "signal"}, "'signal' is a figure of a week."),
        ({"week": date(2026, 1, 6)}, "2026-01-06 is not a Monday."),
        ({"week": date(2026, 1, 12)}, "There is no data of ada in the week of 2026-01-12."),
        ({"week": date(2025, 12, 29)}, "There is no data of ada in the week of 2025-12-29."),
        ({"week": date(9999, 12, 27)}, "There is no data of ada in the week of 9999-12-27."),
        ({"metric": "balance", "week": date(2026, 1, 12)}, "There is no data of ada in the week "),
    ],
)
def test_what_cannot_be_explained_says_why(asked, message):
    arguments = {"scholar": "ada", "metric": "serial_share", "week": None} | asked
    with pytest.raises(VelocityError) as caught:
        explain(worked(), **arguments)
    assert caught.value.message.startswith(message)
    assert caught.value.hint


@pytest.mark.parametrize("scope", [Scope(), Scope(scholars=("bob",)), Scope(streams=("vision",))])
def test_a_viewer_who_may_not_see_the_scholar_gets_nothing(scope: Scope):
    with pytest.raises(VelocityError, match="There is no scholar 'ada'"):
        explain(rich(), scholar="ada", metric="busy_hours", scope=scope)
    rows = Rows(rich(), "ada", None, None, scope)
    assert all(rows.of(kind).is_empty() for kind in KINDS)
    assert rows.latencies("loop").is_empty()
    assert rows.loops().filter(pl.col("stream") != "vision").is_empty()


def test_awake_hours_of_a_line_are_the_scholars_own():
    own = Scope(scholars=("ada",), hours=("ada",))
    assert explain(rich(), scholar="ada", metric="blind_ratio", scope=own).results
    with pytest.raises(VelocityError, match="Awake hours of ada are shown to ada alone"):
        explain(rich(), scholar="ada", metric="blind_ratio", scope=Scope(scholars=("ada",)))
    assert set(explained()) - set(explained(hours=False)) == {
        *("blind_ratio", "reaction_awake_hours_median", "reaction_off_share")
    }
    rows = Rows(rich(), "ada", None, None, Scope(scholars=("ada",)))
    assert rows.of("gaps").is_empty()


def test_a_scholar_sees_the_own_explanation():
    own = explain(rich(), scholar="ada", metric="busy_hours", scope=Scope(scholars=("ada",)))
    everything = explain(rich(), scholar="ada", metric="busy_hours")
    assert only(own).value == only(everything).value


def test_what_was_asked_for_cannot_move_the_cursor():
    for asked in ({"scholar": "a\x1b[2J"}, {"metric": "x\x1b[2J" + "m" * 300}):
        with pytest.raises(VelocityError) as caught:
            explain(worked(), **({"scholar": "ada", "metric": "busy_hours"} | asked))
        assert "\x1b" not in caught.value.message
        assert len(caught.value.message) < 100
